import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restorekit.functional import imresize
from restorekit.io import (
    jpeg_round_trip,
    read_image,
    to_eight_bits,
    to_floats,
    to_integers,
    write_image,
)
from restorekit.registry import TRANSFORMS
from restorekit.transforms import (
    BicubicDownscale,
    Cache,
    JPEGCompress,
    LoadImages,
    PackInputs,
    PairedRandomCrop,
    RandomChannelOrder,
    RandomFlipRotate,
    build_transforms,
    generator,
    plan_sizes,
    reduced,
    sample_stream,
    seeded_globals,
)
from tests.conftest import smooth_image


def coordinates(height: int, width: int, scale: int = 1) -> np.ndarray:
    """An image whose pixels say where, in units of lq pixels, they are."""
    y, x = np.mgrid[:height, :width] // scale
    return np.stack([y, x, 0 * x], -1).astype(np.float32)


def test_stream_is_a_function_of_seed_and_position():
    def draw(seed, position):
        with sample_stream(seed, position), seeded_globals():
            return generator().random(), random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    assert draw(1, 5) == draw(1, 5)
    streams = [draw(1, 5), draw(1, 6), draw(2, 5), draw(5, 1)]
    assert all(len({stream[kind] for stream in streams}) == 4 for kind in range(4))


def test_transforms_of_others_take_part_in_the_stream():
    def theirs(results):
        return {**results, 'drawn': (random.random(), np.random.rand(), torch.rand(1).item())}  # noqa: NPY002

    first, second = build_transforms([theirs, theirs])

    def draw(seed, position):
        with sample_stream(seed, position):
            return first({})['drawn'], second({})['drawn']

    assert draw(1, 5) == draw(1, 5)
    assert len({*draw(1, 5), *draw(1, 6)}) == 4
    before = torch.get_rng_state()
    draw(1, 5)
    assert torch.equal(torch.get_rng_state(), before)


def test_stream_restores_the_global_generators_even_after_an_error():
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    with pytest.raises(RuntimeError), sample_stream(0, 0), seeded_globals():
        random.random()
        np.random.rand()  # noqa: NPY002
        torch.rand(1)
        raise RuntimeError
    after = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()  # noqa: NPY002
    assert before == after


@pytest.mark.parametrize(
    ('workers', 'ranks', 'share'), [(None, None, 1), (4, None, 4), (None, 8, 8), (4, 8, 32)]
)
def test_workers_and_ranks_share_what_a_cache_may_hold(monkeypatch, workers, ranks, share):
    info = None if workers is None else SimpleNamespace(num_workers=workers)
    monkeypatch.setattr('restorekit.transforms.loading.get_worker_info', lambda: info)
    monkeypatch.delenv('LOCAL_WORLD_SIZE', raising=False)
    if ranks is not None:
        monkeypatch.setenv('LOCAL_WORLD_SIZE', str(ranks))
    array = np.zeros(2**20, np.uint8)
    cache = Cache([lambda results: {**results, 'gt': array.copy()}], max_mib=64)
    for index in range(70):
        cache({'sample_idx': index, 'files': {}})
    assert len(cache._kept) == 64 // share


AUGMENTATIONS = st.lists(
    st.sampled_from(
        [
            lambda: PairedRandomCrop(3),
            lambda: RandomFlipRotate(),
            lambda: RandomFlipRotate(flip=False),
            lambda: RandomFlipRotate(rotate=False),
            lambda: RandomChannelOrder(),
        ]
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=40)
@given(AUGMENTATIONS, st.integers(3, 8), st.integers(3, 8), st.integers(1, 4), st.integers(0, 99))
def test_every_key_goes_through_the_same_augmentations(makers, height, width, scale, position):
    small = coordinates(height, width)
    large = coordinates(height * scale, width * scale, scale)
    truth = {'gt': large, 'gt_frames': np.stack([large, large + 1], axis=2)}
    alone = {name: {name: image} for name, image in truth.items()}
    together = {'lq': small, **truth}
    for index, make in enumerate(makers):
        with sample_stream(position, index):
            together = make()(together)
        if scale == 1:  # a crop would count in pixels of the ground truth
            for name, results in alone.items():
                with sample_stream(position, index):
                    alone[name] = make()(results)
    assert together.keys() == {'lq', 'gt', 'gt_frames'}
    np.testing.assert_array_equal(together['gt'][::scale, ::scale], together['lq'])
    np.testing.assert_array_equal(together['gt_frames'][:, :, 0], together['gt'])
    np.testing.assert_array_equal(together['gt_frames'][:, :, 1], together['gt'] + 1)
    if scale == 1:
        for name, results in alone.items():
            np.testing.assert_array_equal(results[name], together[name])


def test_channels_come_in_all_six_orders():
    image = np.broadcast_to(np.float32([0, 1, 2]), (4, 5, 3))
    seen = set()
    for position in range(60):
        with sample_stream(0, position):
            out = RandomChannelOrder()({'lq': image})['lq']
        assert (out == out[0, 0]).all()
        seen.add(tuple(out[0, 0]))
    assert len(seen) == 6


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_crop_takes_the_same_place_from_both(scale):
    crop = PairedRandomCrop(8)
    seen = set()
    for position in range(60):
        with sample_stream(0, position):
            out = crop(
                {'lq': coordinates(11, 13), 'gt': coordinates(11 * scale, 13 * scale, scale)}
            )
        assert out['lq'].shape == (8, 8, 3)
        np.testing.assert_array_equal(out['gt'][::scale, ::scale], out['lq'])
        seen.add(tuple(out['lq'][0, 0, :2]))
    assert {y for y, _ in seen} == set(range(4))
    assert {x for _, x in seen} == set(range(6))


def test_crop_of_the_whole_image():
    image = coordinates(8, 8)
    np.testing.assert_array_equal(PairedRandomCrop(8)({'gt': image})['gt'], image)


def test_crop_larger_than_the_image_names_file_and_sizes():
    with pytest.raises(
        ValueError, match=r'a\.png: 7 x 9 pixels are smaller than the crop of 8 x 8'
    ):
        PairedRandomCrop(8)({'lq': coordinates(7, 9), 'files': {'lq': ['a.png']}})


def test_crop_of_sizes_that_do_not_fit():
    with pytest.raises(ValueError, match='gt of 17 x 16 is not a multiple of lq of 8 x 8'):
        PairedRandomCrop(8)({'lq': coordinates(8, 8), 'gt': coordinates(17, 16)})


def test_flips_give_all_eight_symmetries_equally_often_and_alike():
    image = coordinates(4, 4)
    counts = {}
    for position in range(800):
        with sample_stream(3, position):
            out = RandomFlipRotate()({'lq': image, 'gt': image.repeat(2, 0).repeat(2, 1)})
        np.testing.assert_array_equal(out['gt'][::2, ::2], out['lq'])
        key = out['lq'].tobytes()
        counts[key] = counts.get(key, 0) + 1
    assert len(counts) == 8
    assert min(counts.values()) > 60
    np.testing.assert_array_equal(image, coordinates(4, 4))  # the input is untouched


def test_flip_alone_keeps_the_sides():
    for position in range(20):
        with sample_stream(0, position):
            out = RandomFlipRotate(rotate=False)({'gt': coordinates(3, 5)})
        assert out['gt'].shape == (3, 5, 3)


@pytest.mark.parametrize('scale', [2, 3, 4])
def test_downscale_cuts_to_a_multiple(scale):
    out = BicubicDownscale(scale)({'gt': smooth_image(25, 31)})
    assert out['gt'].shape == (25 // scale * scale, 31 // scale * scale, 3)
    assert out['lq'].shape == (25 // scale, 31 // scale, 3)
    back = BicubicDownscale(scale, back_up=True)({'gt': smooth_image(25, 31)})
    assert back['lq'].shape == back['gt'].shape


def test_downscale_of_too_few_pixels():
    with pytest.raises(ValueError, match='2 x 9 pixels are too few for scale 3'):
        BicubicDownscale(3)({'gt': smooth_image(2, 9)})


def test_downscale_takes_the_datasets_scale_and_rounds_on_demand():
    gt = np.round(smooth_image(24, 24) * 255) / np.float32(255)
    out = BicubicDownscale(rounded=True)({'gt': gt, 'scale': 3})
    assert out['lq'].shape == (8, 8, 3)
    assert np.asarray(out['lq']).dtype == np.uint8
    smooth = BicubicDownscale()({'gt': gt, 'scale': 3})['lq']
    assert 0 < np.abs(smooth - to_floats(np.asarray(out['lq']))).max() < 1.01 / 255


def test_downscale_equals_the_published_file(data_root):
    load = LoadImages()
    folder = data_root / 'sr/Set5'
    made = BicubicDownscale(4, rounded=True)(
        load({'files': {'gt': [str(folder / 'HR/woman.png')]}})
    )
    published = load({'files': {'lq': [str(folder / 'LR_bicubic/X4/woman.png')]}})
    np.testing.assert_array_equal(made['lq'], published['lq'])


@pytest.mark.parametrize('scale', [None, 1, 0, -2, 2.0, '2'])
def test_downscale_without_a_scale(scale):
    message = rf'scale must be an integer >= 2, .* got {scale!r}$'
    with pytest.raises(ValueError, match=message):
        BicubicDownscale()({'gt': smooth_image(8, 8), 'scale': scale})
    with pytest.raises(ValueError, match=message):
        BicubicDownscale().plan({'gt': (8, 8)}, {'scale': scale})


def test_jpeg_quality_range_is_drawn_per_sample():
    gt = to_eight_bits(smooth_image(16, 16))
    by_quality = {jpeg_round_trip(gt, q).tobytes(): q for q in (10, 11, 12)}
    assert len(by_quality) == 3
    drawn = set()
    for position in range(30):
        with sample_stream(0, position):
            drawn.add(by_quality[JPEGCompress((10, 12))({'gt': gt})['lq'].tobytes()])
    assert drawn == {10, 11, 12}


def test_jpeg_quality_has_ends():
    gt = to_eight_bits(smooth_image(16, 16))
    for quality in (1, 100, (1, 1), (100, 100)):
        ends = quality if isinstance(quality, int) else quality[0]
        out = JPEGCompress(quality)({'gt': gt})['lq']
        np.testing.assert_array_equal(out, jpeg_round_trip(gt, ends))


@pytest.mark.parametrize('quality', [0, 101, (30, 20), (0, 20), (20, 101), (20,), 10.0, None])
def test_jpeg_quality_out_of_range(quality):
    with pytest.raises(ValueError, match='quality must be in(t of 1 to 100| 1..100)'):
        JPEGCompress(quality)({'gt': smooth_image(8, 8)})


def test_luma_of_a_gray_file_is_the_file(tmp_path):
    gray = to_eight_bits(smooth_image(8, 9, 1))
    write_image(tmp_path / 'gray.png', gray)
    write_image(tmp_path / 'rgb.png', gray.repeat(3, 2))
    files = {'gt': [str(tmp_path / 'gray.png')], 'lq': [str(tmp_path / 'rgb.png')]}
    np.testing.assert_array_equal(LoadImages(color='y')({'files': files})['gt'], gray)
    np.testing.assert_array_equal(LoadImages(color='y')({'files': files})['lq'], gray)
    np.testing.assert_array_equal(
        LoadImages(color='rgb')({'files': files})['gt'], gray.repeat(3, 2)
    )
    studio = LoadImages(color='y')({'files': {'gt': files['lq']}})['gt']
    np.testing.assert_allclose(studio, (16 + 219 * to_floats(gray)) / 255, atol=1e-6)


def test_luma_of_a_colour_file_beside_a_gray_one(tmp_path):
    write_image(tmp_path / 'gray.png', smooth_image(8, 9, 1))
    write_image(tmp_path / 'rgb.png', smooth_image(8, 9, 3))
    with pytest.raises(ValueError, match=r'rgb\.png: a colour image whose counterpart is gray'):
        LoadImages(color='y')(
            {'files': {'gt': [str(tmp_path / 'gray.png')], 'lq': [str(tmp_path / 'rgb.png')]}}
        )


def test_rounded_luma_has_eight_bits(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(8, 9))
    files = {'gt': [str(tmp_path / 'a.png')]}
    plain, rounded = (
        LoadImages(color='y', rounded=rounded)({'files': files})['gt'] for rounded in (False, True)
    )
    np.testing.assert_array_equal(rounded, np.floor(plain * 255 + 0.5))
    assert rounded.dtype == np.uint8
    rounded = to_floats(rounded)
    assert np.abs(rounded - plain).max() > 0.4 / 255
    assert rounded.std() > 0.05


@pytest.mark.parametrize('color', ['hsv', None])
def test_colours_are_checked_without_a_registry_too(color):
    with pytest.raises(ValueError, match=f"LoadImages: color must be 'rgb' . 'y', got {color!r}"):
        LoadImages(color=color)


def test_cache_runs_once_a_file_and_is_not_changed_by_what_follows(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(12, 12))
    calls = []

    def count(results):
        calls.append(results['files']['gt'])
        return results

    cache = Cache([LoadImages(), count])
    paths = {'files': {'gt': [str(tmp_path / 'a.png')]}}
    given = {**paths}
    for results in (cache(given), cache({**paths}), cache({**paths})):
        assert results['gt'].shape == (12, 12, 3)
        assert PairedRandomCrop(4)(results)['gt'].shape == (4, 4, 3)
    assert len(calls) == 1
    assert given == paths, 'what was given was changed'


def test_cache_stops_at_its_limit(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(12, 12))
    calls = []
    cache = Cache([LoadImages(), lambda results: calls.append(1) or results], max_mib=0)
    for _ in range(2):
        assert cache({'files': {'gt': [str(tmp_path / 'a.png')]}})['gt'].shape == (12, 12, 3)
    assert len(calls) == 2


def test_pack_gives_contiguous_tensors_of_their_own():
    lq = coordinates(4, 6)[:, ::-1]
    packed = PackInputs()({'lq': lq, 'gt': lq, 'name': 'a', 'dataset': 'd'})
    assert packed['inputs'].shape == (3, 4, 6)
    assert packed['inputs'].is_contiguous()
    torch.testing.assert_close(packed['inputs'], torch.from_numpy(lq.copy()).permute(2, 0, 1))
    sample = packed['data_samples']
    torch.testing.assert_close(sample.gt, packed['inputs'])
    assert (sample.name, sample.dataset, sample.setting, sample.files) == ('a', 'd', '', {})
    assert 'exposures' not in sample
    packed['inputs'].zero_()
    assert lq.any()


def test_pack_takes_brackets_and_their_exposures():
    frames = np.stack([coordinates(4, 6), coordinates(4, 6) + 1], axis=2)
    truth = {'gt': coordinates(4, 6) + 2, 'gt_frames': frames + 3}
    packed = PackInputs()({'lq': frames, **truth, 'exposures': [0, 2.5]})
    sample = packed['data_samples']
    assert packed['inputs'].shape == sample.gt_frames.shape == (2, 3, 4, 6)
    torch.testing.assert_close(sample.gt_frames, packed['inputs'] + 3)
    torch.testing.assert_close(sample.gt, packed['inputs'][0] + 2)
    torch.testing.assert_close(sample.exposures, torch.tensor([0, 2.5]))
    undamaged = PackInputs()({'gt': coordinates(4, 6)})
    torch.testing.assert_close(undamaged['inputs'], undamaged['data_samples'].gt)


@pytest.mark.parametrize(
    ('config', 'message'),
    [
        ({'type': 'PairedRandomCrop', 'size': 0}, 'size must be int of 1 or more [|] None, got 0'),
        ({'type': 'LoadImages', 'color': 'hsv'}, "color must be 'rgb' [|] 'y', got 'hsv'"),
    ],
)
def test_options_are_checked(config, message):
    with pytest.raises(ValueError, match=message):
        TRANSFORMS.build(config)


def test_crop_by_the_size_of_the_ground_truth():
    pair = {'lq': coordinates(10, 12), 'gt': coordinates(30, 36, 3)}
    out = PairedRandomCrop(gt_size=24)(dict(pair))
    assert out['lq'].shape == (8, 8, 3)
    np.testing.assert_array_equal(out['gt'][::3, ::3], out['lq'])
    alone = PairedRandomCrop(gt_size=7)({'gt': coordinates(8, 8)})
    assert alone['gt'].shape == (7, 7, 3)
    with pytest.raises(ValueError, match='gt_size 25 is not a multiple of scale 3'):
        PairedRandomCrop(gt_size=25)(dict(pair))
    with pytest.raises(ValueError, match='either size or gt_size'):
        PairedRandomCrop(8, gt_size=24)


def test_sizes_are_planned_as_they_come_out(tmp_path):
    write_image(tmp_path / 'a.png', smooth_image(50, 61))
    transforms = [
        Cache([LoadImages(), BicubicDownscale()]),
        PairedRandomCrop(gt_size=48),
        RandomFlipRotate(),
    ]
    sample = {'files': {'gt': [str(tmp_path / 'a.png')]}, 'scale': 3}
    planned = plan_sizes(transforms, {'gt': (50, 61)}, sample)
    results = sample
    for transform in transforms:
        results = transform(results)
    assert (
        planned
        == {key: results[key].shape[:2] for key in ('lq', 'gt')}
        == {
            'lq': (16, 16),
            'gt': (48, 48),
        }
    )
    with pytest.raises(ValueError, match='16 x 20 pixels are smaller than the crop of 17 x 17'):
        plan_sizes([BicubicDownscale(3), PairedRandomCrop(17)], {'gt': (50, 61)}, {})


def test_a_bracket_is_one_array_with_its_frames_behind_the_spatial_axes(tmp_path):
    frames = [to_eight_bits(smooth_image(8, 9, seed=i)) for i in range(3)]
    for index, frame in enumerate(frames):
        write_image(tmp_path / f'{index}.png', frame)
    paths = [str(tmp_path / f'{index}.png') for index in range(3)]
    out = LoadImages()({'files': {'lq': paths, 'gt': paths[1:2]}, 'exposures': [0, 2, 4]})
    assert out['lq'].shape == (8, 9, 3, 3)
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(out['lq'][:, :, index], frame)
    np.testing.assert_array_equal(out['gt'], frames[1])
    np.testing.assert_array_equal(out['exposures'], np.float32([0, 2, 4]))
    large = LoadImages(color='y')({'files': {'gt_frames': paths[:2]}})['gt_frames']
    assert large.shape == (8, 9, 2, 1)


def test_truths_of_two_sizes_are_refused():
    message = 'ground truth must have one size, got gt 8 x 9, gt_frames 8 x 10'
    with pytest.raises(ValueError, match=message):
        LoadImages().plan({'gt': (8, 9), 'gt_frames': (8, 10)}, {})


def test_a_pair_of_frames_is_one_array(tmp_path):
    for index in range(2):
        write_image(tmp_path / f'{index}.png', smooth_image(8, 9, seed=index))
    paths = [str(tmp_path / f'{index}.png') for index in range(2)]
    assert LoadImages()({'files': {'lq': paths}})['lq'].shape == (8, 9, 2, 3)


def test_a_bracket_fits_a_truth_of_its_own_size_alone():
    load, files = LoadImages(), {'lq': ['0.png', '1.png'], 'gt': ['t.hdr']}
    assert load.plan({'lq': (8, 9), 'gt': (8, 9)}, {'files': files})['gt'] == (8, 9)
    for size in ((16, 18), (8, 10)):
        with pytest.raises(ValueError, match=r'lq of 8 x 9 does not fit gt of .* at scale 1'):
            load.plan({'lq': (8, 9), 'gt': size}, {'files': files})


def reduced_whole(gt, scale, rounded):
    """The reduction as it is defined: of the whole image, at once."""
    source = torch.from_numpy(to_eight_bits(gt) if rounded else to_floats(gt))
    return imresize(source.movedim((0, 1), (-2, -1)), 1 / scale).movedim((-2, -1), (0, 1)).numpy()


@pytest.mark.parametrize('rounded', [False, True])
@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('kind', ['uint8', 'uint16', 'float32', 'frames'])
def test_what_is_cropped_has_the_bits_of_reduce_then_crop(scale, rounded, kind):
    shape = (53, 71, 2, 3) if kind == 'frames' else (53, 71, 3)
    gt = np.random.default_rng(0).random(shape, dtype=np.float32)
    if kind != 'float32':
        gt = to_integers(gt, 16 if kind == 'uint16' else 8)
    role = 'gt_frames' if kind == 'frames' else 'gt'
    whole = reduced_whole(gt[: 53 // scale * scale, : 71 // scale * scale], scale, rounded)
    for position in range(12):
        out = BicubicDownscale(scale, rounded=rounded)({role: gt})
        np.testing.assert_array_equal(out['lq'], whole)
        with sample_stream(1, position):
            out = PairedRandomCrop(9)(out)
        with sample_stream(1, position):
            drawn = [int(generator().integers(n - 8)) for n in whole.shape[:2]]
        y, x = drawn
        assert isinstance(out['lq'], np.ndarray)
        assert np.array_equal(out['lq'], whole[y : y + 9, x : x + 9])
        expected = gt[y * scale : (y + 9) * scale, x * scale : (x + 9) * scale]
        np.testing.assert_array_equal(out[role], expected)


def test_only_what_is_looked_at_is_reduced(monkeypatch):
    gt = to_eight_bits(smooth_image(256, 256))
    lq = BicubicDownscale(2)({'gt': gt})['lq']
    sizes = []
    monkeypatch.setattr(reduced, 'to_floats', lambda pixels: sizes.append(pixels.shape) or pixels)
    assert lq[50:60, 30:40].shape == (10, 10, 3)
    assert sizes == [(26, 26, 3)]  # 20 pixels and 3 more on each side


def test_whoever_takes_arrays_gets_one():
    seen = []

    def foreign(results):
        seen.append(type(results['lq']))
        return results

    gt = to_eight_bits(smooth_image(8, 8))
    (step,) = build_transforms([foreign])
    step(BicubicDownscale(2)({'gt': gt}))
    assert seen == [np.ndarray]
    for transform in (RandomFlipRotate(), RandomChannelOrder()):
        assert transform(BicubicDownscale(2)({'gt': gt}))['lq'].shape == (4, 4, 3)
    packed = PackInputs()(BicubicDownscale(2)({'gt': gt}))
    assert packed['inputs'].shape == (3, 4, 4)
    assert packed['inputs'].dtype == packed['data_samples'].gt.dtype == torch.float32


@pytest.mark.parametrize(('bits', 'dtype'), [(8, np.uint8), (16, np.uint16)])
def test_images_keep_their_bits_until_they_are_packed(tmp_path, bits, dtype):
    image = smooth_image(8, 9)
    write_image(tmp_path / 'a.png', image, bits=bits)
    cache = Cache([LoadImages()])
    results = cache({'sample_idx': 0, 'files': {'gt': [str(tmp_path / 'a.png')]}})
    assert results['gt'].dtype == dtype
    assert cache._bytes == image.size * bits // 8
    packed = PackInputs()(results)
    expected = read_image(tmp_path / 'a.png').transpose(2, 0, 1)
    np.testing.assert_array_equal(packed['inputs'], expected)
    np.testing.assert_array_equal(packed['data_samples'].gt, expected)


def test_frames_of_different_depths_become_numbers(tmp_path):
    for bits in (8, 16):
        write_image(tmp_path / f'{bits}.png', smooth_image(8, 9), bits=bits)
    paths = [str(tmp_path / f'{bits}.png') for bits in (8, 16)]
    frames = LoadImages()({'files': {'lq': paths}})['lq']
    assert frames.dtype == np.float32
    for index, path in enumerate(paths):
        np.testing.assert_array_equal(frames[:, :, index], read_image(path))


def test_without_an_input_the_large_frames_stand_in_for_it():
    frames, gt = np.random.rand(6, 7, 2, 3), np.random.rand(6, 7, 3)  # noqa: NPY002
    packed = PackInputs()({'gt_frames': frames, 'gt': gt})
    np.testing.assert_allclose(packed['inputs'], np.moveaxis(frames, (0, 1), (-2, -1)), rtol=1e-6)
    np.testing.assert_allclose(PackInputs()({'gt': gt})['inputs'], gt.transpose(2, 0, 1), rtol=1e-6)


@pytest.mark.parametrize('seed', [0, 7, 2**32 - 1, 2**32, 2**40 + 3])
@pytest.mark.parametrize('position', [0, 5, 2**32 - 1, 2**33])
def test_a_stream_is_numpys_of_seed_and_position(seed, position):
    expected = np.random.Generator(np.random.Philox(np.random.SeedSequence((seed, position))))
    with sample_stream(seed, position):
        assert generator().random(3).tolist() == expected.random(3).tolist()

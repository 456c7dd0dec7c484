"""Images that are kept on the device give the batches of the pipeline, bit for bit."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope

from restorekit.config import ConfigError, load_config
from restorekit.datasets import DataError
from restorekit.datasets.jpeg_shifts import JPEGShifts
from restorekit.datasets.pixel_pool import PixelPool, hold
from restorekit.engine.runner import Runner
from restorekit.io import jpeg_round_trip, to_integers, write_image
from restorekit.registry import TRANSFORMS
from tests.conftest import smooth_image

CPU = torch.device('cpu')
FLIP = {'type': 'RandomFlipRotate'}
PACK = {'type': 'PackInputs'}


@pytest.fixture(autouse=True)
def scope():
    with DefaultScope.overwrite_default_scope('restorekit'):
        yield


def load(color='y', **options):
    return {'type': 'LoadImages', 'color': color, **options}


def crop(size):
    return {'type': 'PairedRandomCrop', 'size': size}


def jpeg(quality=None):
    return {'type': 'JPEGCompress', 'quality': quality}


def reduce(**options):
    return {'type': 'BicubicDownscale', **options}


def loader(folder, pipeline, *, seed=3, batch_size=5, on_device=True, **options):
    dataset = {'type': 'FolderDataset', 'gt_dir': str(folder)}
    return Runner.build_dataloader(
        {
            'batch_size': batch_size,
            'num_workers': 0,
            'sampler': {'type': 'ResumableSampler'},
            'dataset': {**dataset, 'pipeline': [dict(step) for step in pipeline]},
            'on_device': on_device,
            **options,
        },
        seed=seed,
    )


def batches(built, count, start=0):
    built.sampler.start = start
    return list(itertools.islice(built, count))


def agree(batch, plain):
    samples = plain['data_samples']
    assert torch.equal(batch['inputs'], torch.stack(list(plain['inputs'])))
    assert torch.equal(batch['targets']['gt'], torch.stack([sample.gt for sample in samples]))
    for ours, theirs in zip(batch['data_samples'], samples, strict=True):
        assert dict(ours.metainfo_items()) == dict(theirs.metainfo_items())
        assert not list(ours.keys())
    return True


PIPELINES = {
    'luma x2': ([load(), reduce(scale=2), crop(12), FLIP, PACK], 'float32', 'float32'),
    'rounded luma x3': (
        [load(rounded=True), reduce(scale=3), crop(9), FLIP, PACK],
        'uint8',
        'float32',
    ),
    'colour x2': (
        [load('rgb'), reduce(scale=2, rounded=True), crop(12), FLIP, PACK],
        'uint8',
        'uint8',
    ),
    'cached': (
        [{'type': 'Cache', 'transforms': [load('rgb'), reduce(scale=4)]}, crop(8), PACK],
        'uint8',
        'float32',
    ),
    'whole images by JPEG': ([load('rgb'), jpeg(20), crop(20), FLIP, PACK], 'uint8', 'uint8'),
    'undamaged': ([load('rgb'), crop(20), {**FLIP, 'rotate': False}, PACK], 'uint8', None),
    'JPEG of patches': ([load(), crop(24), jpeg(20), crop(16), FLIP, PACK], 'float32', None),
    'JPEG of some qualities': ([load(), crop(24), jpeg([10, 12]), crop(16), PACK], 'float32', None),
    'whole images by some': ([load('rgb'), jpeg([10, 12]), crop(24), PACK], 'uint8', None),
}


@pytest.mark.parametrize('name', PIPELINES)
@pytest.mark.parametrize('seed', [0, 7])
def test_batches_are_those_of_the_pipeline(photo_folder, name, seed):
    pipeline, gt, lq = PIPELINES[name]
    ours = loader(photo_folder, pipeline, seed=seed)
    plain = loader(photo_folder, pipeline, seed=seed, on_device=False)
    for batch, other in zip(batches(ours, 4), batches(plain, 4), strict=True):
        assert agree(batch, other)
    pools = {role: str(pool.values.dtype) for role, pool in ours.dataset._pools.items()}
    expected = {'gt': gt, 'lq': lq}
    assert pools == {role: f'torch.{kind}' for role, kind in expected.items() if kind}


def test_paired_files_and_several_sets(photo_folder, tmp_path):
    small = tmp_path / 'small'
    small.mkdir()
    for index in range(6):
        write_image(small / f'photo{index}.png', smooth_image(32 + 2 * index, 40 - 2 * index))
    sets = [
        {'type': 'FolderDataset', 'gt_dir': str(photo_folder), 'lq_dir': str(small), 'name': name}
        for name in 'ab'
    ]
    pipeline = [load('rgb'), crop(12), FLIP, PACK]
    whole = {'type': 'TrainSets', 'datasets': sets, 'shared': {'pipeline': pipeline}}
    ours, plain = (
        Runner.build_dataloader(
            {
                'batch_size': 6,
                'sampler': {'type': 'ResumableSampler'},
                'dataset': whole,
                'on_device': on_device,
            },
            seed=1,
        )
        for on_device in (True, False)
    )
    names = set()
    for batch, other in zip(batches(ours, 3), batches(plain, 3), strict=True):
        assert agree(batch, other)
        names |= {sample.dataset for sample in batch['data_samples']}
    assert names == {'a', 'b'}


def test_a_later_start_and_more_ranks_give_the_same_samples(photo_folder):
    pipeline = PIPELINES['JPEG of patches'][0]
    whole = batches(loader(photo_folder, pipeline, batch_size=4), 4)
    for batch, other in zip(
        batches(loader(photo_folder, pipeline, batch_size=4), 2, 8), whole[2:], strict=True
    ):
        assert torch.equal(batch['inputs'], other['inputs'])
    for rank in range(2):
        part = loader(photo_folder, pipeline, batch_size=2)
        part.sampler.rank, part.sampler.world_size = rank, 2
        for batch, other in zip(batches(part, 4), whole, strict=True):
            assert torch.equal(batch['inputs'], other['inputs'][rank::2])
            assert torch.equal(batch['targets']['gt'], other['targets']['gt'][rank::2])


@pytest.mark.parametrize('channels', [1, 3])
def test_a_compressed_patch_is_of_the_image_whose_grid_begins_in_its_corner(channels):
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (2, 77, 91, channels)).astype(np.float32)
    images = [to_integers(smooth_image(77, 91, channels, seed=k) + noise[k]) for k in range(2)]
    kept, not_kept = (
        JPEGShifts(images, [(20, 21)] * 2, device=CPU, max_bytes=limit) for limit in (None, 1000)
    )
    grid = 8 if channels == 1 else 16
    assert not_kept.pool is None
    assert f'{grid**2} shifts' in not_kept.description
    for _ in range(150):
        side = int(rng.integers(1, 50))
        index, quality = int(rng.integers(2)), int(rng.integers(20, 22))
        top, left = int(rng.integers(77 - side + 1)), int(rng.integers(91 - side + 1))
        y, x = top % grid, left % grid
        whole = jpeg_round_trip(images[index][y:, x:], quality)
        expected = whole[top - y :, left - x :][:side, :side]
        for shifts in (kept, not_kept):
            patch = shifts.patch(index, top, left, (side, side), quality)
            values = shifts.gather([patch])[0].movedim(0, -1).numpy()
            assert np.array_equal(to_integers(values), expected)


def test_what_is_asked_for_often_is_compressed_as_a_whole(monkeypatch):
    sizes = []

    def counted(image, quality):
        sizes.append(image.shape[:2])
        return jpeg_round_trip(image, quality)

    monkeypatch.setattr('restorekit.datasets.jpeg_shifts.jpeg_round_trip', counted)
    image = to_integers(smooth_image(150, 200, 1))
    shifts = JPEGShifts([image], [(20, 20)], device=CPU, max_bytes=None)
    for number in range(6):
        shifts.patch(0, 9, 16 + 8 * number, (16, 16), 20)
    assert sizes == [(16, 16), (16, 16), (149, 200)]  # 3 x (256 + 10,000) pixels are 30,000


def test_a_pool_gives_whatever_a_view_says():
    images = [to_integers(smooth_image(9, 7, 3, seed=k)) for k in range(3)]
    copies = [image.copy() for image in images]
    pool, views = hold(images, CPU)
    assert images == []
    assert pool.values.dtype == torch.uint8
    for change in (
        lambda a: a[2:6, 1:5],
        lambda a: np.rot90(a[:5, :5, ::-1], 3),
        lambda a: a[::-1, ::-2].transpose(1, 0, 2),
    ):
        expected = np.stack([change(copy) for copy in copies]).transpose(0, 3, 1, 2)
        found = pool.gather([change(view) for view in views])
        assert np.array_equal(found.numpy(), np.divide(expected, np.float32(255)))


def test_one_image_that_is_not_of_8_bits_makes_all_float():
    images = [np.full((2, 2, 1), 51, np.uint8), np.full((3, 2, 1), 0.123, np.float32)]
    pool, views = hold(images, CPU)
    assert pool.values.tolist() == [np.float32(0.2)] * 4 + [np.float32(0.123)] * 6
    assert pool.description == '0.0 MiB in float32'
    assert PixelPool(2**20, dtype=torch.uint8, device=CPU).description == '1.0 MiB in 8 bits'
    assert [view.shape for view in views] == [(2, 2, 1), (3, 2, 1)]


def test_what_is_kept_is_said(photo_folder, monkeypatch):
    texts = []
    place = 'restorekit.datasets.device_images.print_log'
    monkeypatch.setattr(place, lambda text, logger: texts.append(text))
    loader(photo_folder, PIPELINES['JPEG of patches'][0])
    # 6 images of (64 + 4k) x (80 - 4k) pixels: 31,280 in all
    assert texts == ['6 images on cpu: gt 0.1 MiB in float32, JPEG at 64 shifts 1.9 MiB']


class Blur:
    def __call__(self, results):
        return results


TRANSFORMS.register_module(module=Blur, force=True)


@pytest.mark.parametrize(
    ('pipeline', 'message'),
    [
        (
            [load(), crop(8), {'type': 'RandomChannelOrder'}, PACK],
            'on_device: photos: RandomChannelOrder cannot be done on a device; accepted: Cache, '
            'LoadImages, BicubicDownscale, JPEGCompress, PairedRandomCrop, RandomFlipRotate',
        ),
        ([load(), {'type': 'Blur'}, PACK], 'on_device: photos: Blur cannot be done on a device'),
        (
            [load(), crop(8), reduce(scale=2), PACK],
            'on_device: photos: BicubicDownscale must stand before PairedRandomCrop',
        ),
        (
            [load(), reduce(scale=2), crop(16), jpeg(10), PACK],
            'on_device: photos: JPEGCompress of patches takes the ground truth alone, not what '
            'BicubicDownscale has made',
        ),
        (
            [load(), crop(16), FLIP, jpeg(10), PACK],
            'on_device: photos: JPEGCompress must stand before RandomFlipRotate',
        ),
        ([load(), crop(8)], 'the last transform must be PackInputs, got LoadImages, PairedRandom'),
        ([load(), crop(65), PACK], r'64 x 80 pixels are smaller than the crop of 65 x 65'),
    ],
)
def test_pipelines_that_cannot_be_done(photo_folder, pipeline, message):
    with pytest.raises(ValueError, match=message):
        loader(photo_folder, pipeline)


def test_images_of_several_sizes(photo_folder):
    message = (
        r'on_device: the images of a batch must have one size, got \[\(64, 80, 1\), '
        r'.*\] of gt; add PairedRandomCrop'
    )
    with pytest.raises(ValueError, match=message):
        batches(loader(photo_folder, [load(), PACK], batch_size=6), 1)


def test_images_that_do_not_fit(tmp_path):
    for index in range(3):
        write_image(tmp_path / f'{index}.png', np.zeros((1024, 512, 3), np.float32))
    message = (
        r'on_device: 3 images need about 4\.5 MiB on cpu; 2\.0 MiB may be taken \(\d+ are free\)\. '
        r'Raise on_device\.max_mib'
    )
    with pytest.raises(DataError, match=message):
        loader(tmp_path, [load('rgb'), crop(8), PACK], on_device={'max_mib': 2})


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({'device': 'cuda:99'}, r"no device 'cuda:99' here \(.*\); there is: cpu"),
        ({'device': 'gpu'}, r"no device 'gpu' here \(.*\); there is: cpu"),
        ({'mib': 4}, "no option 'mib'; did you mean 'max_mib'"),
        ({'max_mib': 'all'}, "max_mib must be int | None, got 'all'"),
        ('cuda', "on_device: must be True, False or a dict, got 'cuda'"),
    ],
)
def test_options_that_are_wrong(photo_folder, options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        loader(photo_folder, [load(), crop(8), PACK], on_device=options)


def test_what_does_not_go_with_it(photo_folder):
    pipeline = [load(), crop(8), PACK]
    with pytest.raises(ValueError, match='skip_unreadable: with on_device all files are read'):
        loader(photo_folder, pipeline, skip_unreadable=True)
    shuffled = {'type': 'DefaultSampler', 'shuffle': True}
    with pytest.raises(ValueError, match='on_device needs ResumableSampler'):
        loader(photo_folder, pipeline, sampler=shuffled)


def test_brackets_are_refused(tmp_path):
    pipeline = [load('rgb'), reduce(scale=2), crop(8), PACK]
    (tmp_path / 'scene').mkdir()
    for index in range(2):
        write_image(tmp_path / f'scene/{index}.png', smooth_image(32, 32) / (index + 1))
    scenes = {'type': 'BracketDataset', 'root': str(tmp_path), 'reduce': True}
    with pytest.raises(ValueError, match=r'on_device: .*scene/\d\.png: brackets cannot be kept on'):
        Runner.build_dataloader(
            {
                'batch_size': 1,
                'sampler': {'type': 'ResumableSampler'},
                'dataset': {**scenes, 'need_exposures': False, 'pipeline': pipeline},
                'on_device': True,
            }
        )


def test_a_config_may_ask_for_it(tmp_path):
    (tmp_path / 'a.py').write_text('train_dataloader = dict(on_device=dict(max_mib=5))')
    assert load_config(str(tmp_path / 'a.py')).train_dataloader.on_device.max_mib == 5
    (tmp_path / 'a.py').write_text('train_dataloader = dict(on_devise=True)')
    with pytest.raises(ConfigError, match="did you mean 'on_device'"):
        load_config(str(tmp_path / 'a.py'))

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from restorekit.functional import imresize, imresize_part, resize
from restorekit.io import read_image, to_integers


def pixels(path, scale):
    image = to_integers(read_image(path))
    height, width = (side // scale * scale for side in image.shape[:2])
    return torch.from_numpy(np.ascontiguousarray(image[:height, :width])).movedim(-1, 0)


def test_golden_matlab_float(golden_root):
    golden = np.load(golden_root / '12_matlab_resize.npz')
    source = torch.from_numpy(golden['in/rand13x17'])
    names = [name for name in golden.files if name.startswith('out/rand13x17_scale')]
    assert len(names) == 16
    for name in names:
        text = name.split('scale')[1].removesuffix('_noaa')
        scale = 1 / 3 if text == '0.333333' else float(text)
        result = imresize(source, scale, antialias=not name.endswith('noaa'))
        np.testing.assert_allclose(result, golden[name], atol=1e-13, err_msg=name)


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('name', ['butterfly', 'woman'])
def test_golden_matlab_uint8(golden_root, name, scale):
    golden = np.load(golden_root / '12_matlab_resize.npz')
    source = golden[f'in/{name}_hr']
    height, width = (side // scale * scale for side in source.shape[:2])
    result = imresize(torch.from_numpy(source[:height, :width]).movedim(-1, 0), 1 / scale)
    expected = golden[f'out/{name}_x{scale}_matlab_modern']
    np.testing.assert_array_equal(result.movedim(0, -1), expected)


@pytest.mark.parametrize('scale', [2, 3, 4])
@pytest.mark.parametrize('name', ['Set5', 'Set14'])
def test_published_lr_images_bit_for_bit(data_root, name, scale):
    files = sorted((data_root / f'sr/{name}/HR').iterdir())
    assert files
    for file in files:
        published = to_integers(
            read_image(data_root / f'sr/{name}/LR_bicubic/X{scale}/{file.name}')
        )
        result = imresize(pixels(file, scale), 1 / scale).movedim(0, -1).numpy()
        np.testing.assert_array_equal(np.broadcast_to(result, published.shape), published)


def test_halving_by_hand():
    # Stretched kernel at distances 1/4, 3/4, 5/4, 7/4: weights 111, 29, -9, -3 of 256 a side.
    row = torch.zeros(1, 16, dtype=torch.float64)
    row[0, 8] = 256
    np.testing.assert_allclose(
        imresize(row, size=(1, 8))[0], [0, 0, -3, 29, 111, -9, 0, 0], atol=1e-12
    )


@settings(max_examples=40)
@given(st.integers(1, 20), st.integers(1, 20), st.floats(0.15, 5), st.floats(0.2, 1), st.booleans())
def test_constant_images_stay_constant(height, width, scale, value, antialias):
    image = torch.full((2, height, width), value, dtype=torch.float64)
    result = imresize(image, scale, antialias=antialias)
    np.testing.assert_allclose(result, value, rtol=1e-12)


def plain(image, scale, dtype=torch.float64):
    """The sum over all taps, one after another, of the vertical direction and then the other."""
    for dim in (-2, -1):
        length = math.ceil(image.shape[dim] * scale)
        index, weight = resize.taps_of(image.shape[dim], scale, length, True, dtype, image.device)
        image = resize._sum_of_taps(image, dim, index, weight)
    return image


@pytest.mark.parametrize('scale', [1 / 4, 1 / 2, 2, 3])
@pytest.mark.parametrize('side', [1, 3, 12, 31])
def test_repeating_taps_give_the_bits_of_any_taps(scale, side):
    image = torch.rand(2, side, side + 8)
    expected = plain(image, scale, torch.float32)
    torch.testing.assert_close(imresize(image, scale), expected, rtol=0, atol=0)


def test_sums_of_eight_bit_values_are_exact_where_float32_is_taken():
    assert [resize.exact_dtype(s, 100, True) for s in (1 / 2, 2, 1 / 4, 4)] == [torch.float32] * 4
    assert [resize.exact_dtype(s, 99, True) for s in (1 / 3, 3, 0.7)] == [torch.float64] * 3
    image = torch.randint(0, 256, (3, 40, 56), dtype=torch.uint8)
    for scale in (1 / 2, 2):
        rows, _ = resize.taps_of(40, scale, int(40 * scale), True, torch.float64, image.device)
        weight = resize.taps_of(40, scale, int(40 * scale), True, torch.float64, image.device)[1]
        exact = resize._sum_of_taps(image.double(), -2, rows, weight)
        single = resize._sum_of_taps(image.float(), -2, rows, weight.float())
        torch.testing.assert_close(single.double(), exact, rtol=0, atol=0)


@settings(max_examples=40)
@given(st.data(), st.sampled_from([1 / 2, 1 / 3, 1 / 4, 2, 3, 0.7]), st.booleans())
def test_a_part_has_the_bits_of_the_whole(data, scale, eight_bit):
    image = torch.randint(0, 256, (2, 37, 61), dtype=torch.uint8)
    image = image if eight_bit else image / 255
    whole = imresize(image, scale)
    parts = []
    for side in whole.shape[-2:]:
        start = data.draw(st.integers(0, side - 1))
        parts.append(range(start, data.draw(st.integers(start + 1, side))))
    expected = whole[..., parts[0].start : parts[0].stop, parts[1].start : parts[1].stop]
    result = imresize_part(lambda y, x: image[..., y, x], image.shape[-2:], scale, *parts)
    assert torch.equal(result, expected)


def test_scale_one_is_the_identity():
    image = torch.rand(3, 5, 7)
    assert imresize(image, 1) is image


def test_gradient():
    image = torch.rand(1, 6, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: imresize(x, 0.5), image)
    assert torch.autograd.gradcheck(lambda x: imresize(x, size=(9, 4)), image)


def test_inference_mode_does_not_spoil_what_comes_after():
    with torch.inference_mode():
        imresize(torch.rand(1, 7, 11), 3)
    image = torch.rand(1, 7, 11, requires_grad=True)
    imresize(image, 3).sum().backward()
    torch.testing.assert_close(image.grad.sum(), torch.tensor(7.0 * 11 * 9))


def test_batch_equals_its_rows():
    batch = torch.rand(3, 2, 12, 9)
    for image, result in zip(batch, imresize(batch, 1.5), strict=True):
        torch.testing.assert_close(imresize(image, 1.5), result)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({}, 'either scale or size'),
        ({'scale': 2, 'size': (4, 4)}, 'either scale or size'),
        ({'scale': 0}, 'scale must be > 0, got 0'),
        ({'scale': -1}, 'got -1'),
        ({'size': (0, 4)}, r'got \(0, 4\)'),
    ],
)
def test_bad_sizes(options, message):
    with pytest.raises(ValueError, match=message):
        imresize(torch.zeros(1, 8, 8), **options)


def test_integers_other_than_uint8_are_refused():
    with pytest.raises(TypeError, match='torch.int32'):
        imresize(torch.zeros(1, 8, 8, dtype=torch.int32), 2)

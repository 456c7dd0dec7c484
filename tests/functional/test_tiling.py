from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from restorekit.functional import imresize, receptive_field, tiled, tiled_rows, tiling
from restorekit.functional.tiling import join_windows, split_windows


@given(
    st.integers(1, 70),
    st.integers(1, 70),
    st.integers(2, 24),
    st.data(),
    st.sampled_from([1, 2, 3]),
)
def test_a_local_function_is_unchanged(height, width, tile, data, scale):
    overlap = data.draw(st.integers(0, tile - 1))
    images = torch.rand(2, 3, height, width).double()

    def enlarge(x):
        return x.repeat_interleave(scale, -1).repeat_interleave(scale, -2)

    result = tiled(enlarge, images, tile=tile, overlap=overlap, scale=scale)
    torch.testing.assert_close(result, enlarge(images))


def test_no_tile_is_larger_and_all_overlap():
    seen = []

    def look(x):
        seen.append(x.shape[-2:])
        return x

    tiled(look, torch.rand(1, 1, 100, 30), tile=40, overlap=8)
    assert seen == [(39, 30)] * 3  # 3 x 39 = 100 + 2 x 8, and one
    seen.clear()
    tiled(look, torch.rand(1, 1, 56, 30), tile=40)  # two would overlap by 24
    assert seen == [(40, 30)] * 3


def test_tiles_shrink_to_fit():
    seen = []

    def count(x):
        seen.append(x.shape[-2] * x.shape[-1])
        return x

    tiled(count, torch.rand(1, 1, 320, 480), tile=256)
    assert seen == [176 * 256] * 4  # 320 + 32 = 2 x 176, 480 + 32 = 2 x 256
    assert sum(seen) < 1.18 * 320 * 480


@given(st.integers(2, 300), st.integers(2, 64), st.integers(1, 20), st.data())
def test_tiles_cover_with_at_least_the_overlap(length, tile, period, data):
    overlap = data.draw(st.integers(0, tile - 1))
    spans = tiling._spans(length, tile, overlap, period)
    assert max(map(len, spans)) <= tile
    assert spans[0].start == 0
    assert spans[-1].stop == length
    for before, after in pairwise(spans):
        assert before.stop - after.start >= overlap
        assert before.start < after.start
        assert after.start % period == 0 or tile - overlap < 3 * period


def test_rows_come_as_soon_as_they_are_finished():
    images = torch.rand(1, 2, 100, 70).double()
    options = {'tile': 40, 'overlap': 8, 'scale': 2}
    seen = []

    def enlarge(x):
        seen.append(x.shape)
        return imresize(x, 2)

    rows = tiled_rows(enlarge, images, **options)
    first = next(rows)
    assert first.shape == (1, 2, 2 * 30, 140)  # the second row of tiles begins there
    assert len(seen) == 2
    assert torch.equal(torch.cat([first, *rows], dim=-2), tiled(enlarge, images, **options))


def test_what_repeats_itself_is_divided_where_it_repeats():
    images = torch.rand(1, 1, 100, 90).double()

    def chequered(x):
        """Each square of 6 pixels becomes its mean."""
        height, width = (-(-side // 6) * 6 for side in x.shape[-2:])
        padded = torch.nn.functional.pad(
            x, (0, width - x.shape[-1], 0, height - x.shape[-2]), mode='replicate'
        )
        means = torch.nn.functional.avg_pool2d(padded, 6)
        means = means.repeat_interleave(6, -1).repeat_interleave(6, -2)
        return means[..., : x.shape[-2], : x.shape[-1]]

    whole = chequered(images)
    for period, least, most in ((1, 0.1, 1), (6, 0, 0.05)):
        split = tiled(chequered, images, tile=45, overlap=12, period=period)
        assert least <= (split - whole).abs().max() < most


def test_receptive_field_by_hand():
    torch.manual_seed(0)
    images = torch.rand(2, 2, 41, 37).double()
    plain = torch.nn.Conv2d(2, 2, 3, padding=1).double()
    wide = torch.nn.Conv2d(2, 2, 5, padding=6, dilation=3).double()
    assert receptive_field(lambda x: x, images) == 0
    assert receptive_field(lambda x: x * 0, images) == 0
    assert receptive_field(lambda x: wide(plain(x)), images, tolerance=0) == 7
    # Twice the size: 3 of the output's pixels are 2 of the input's.
    enlarged = torch.nn.Conv2d(2, 2, 7, padding=3).double()
    twice = receptive_field(
        lambda x: enlarged(x.repeat_interleave(2, -1).repeat_interleave(2, -2)),
        images,
        scale=2,
        tolerance=0,
    )
    assert twice == 2


def test_receptive_field_that_the_images_do_not_show():
    images = torch.rand(1, 1, 15, 15).double()
    assert receptive_field(lambda x: x + x.mean(), images, tolerance=0) is None
    wide = torch.nn.Conv2d(1, 1, 15, padding=7).double()
    assert receptive_field(wide, images, tolerance=0) is None
    # A mean of 225 pixels moves each by less than a hundredth of what the pixel itself moves.
    assert receptive_field(lambda x: x + x.mean(), images, tolerance=0.01) == 0


def test_seams_of_a_function_with_a_view_fade():
    images = torch.rand(1, 1, 96, 96).double()
    whole = imresize(images, 2)
    wide = tiled(lambda x: imresize(x, 2), images, tile=48, overlap=24, scale=2)
    bare = tiled(lambda x: imresize(x, 2), images, tile=48, overlap=0, scale=2)
    assert (wide - whole).abs().max() < 0.2 * (bare - whole).abs().max()


def test_brackets_have_more_axes():
    brackets = torch.rand(1, 3, 2, 20, 30)
    torch.testing.assert_close(
        tiled(lambda x: x.mean(1), brackets, tile=16, overlap=4), brackets.mean(1)
    )


def test_overlap_must_fit():
    with pytest.raises(ValueError, match=r'overlap must be in \[0, tile\), got 16 of 16'):
        tiled(lambda x: x, torch.rand(1, 1, 8, 8), tile=16, overlap=16)


@pytest.mark.parametrize('scale', [1, 2, 3])
def test_the_ramp_lasts_as_long_as_the_overlap(scale):
    """Of two tiles, 0 and 1: from 0 to 1 over the pixels that they share, pixel by pixel."""
    values = iter([0.0, 1.0])

    def shade(x):
        return x.new_full((1, 1, x.shape[-2] * scale, x.shape[-1] * scale), next(values))

    row = tiled(shade, torch.zeros(1, 1, 1, 20).double(), tile=12, overlap=4, scale=scale)[0, 0, 0]
    shared = (torch.arange(4 * scale).double() + 0.5) / (4 * scale)
    expected = torch.cat([torch.zeros(8 * scale), shared, torch.ones(8 * scale)])
    torch.testing.assert_close(row, expected.double())


@given(st.integers(3, 60), st.integers(3, 60), st.sampled_from([(8, 2), (8, 0), (9, 1)]))
def test_windows_make_the_image_again(height, width, window):
    size, overlap = window
    images = torch.rand(2, 3, height, width).double()
    windows = split_windows(images, size, overlap)
    steps = [-(-max(length - overlap, 1) // (size - overlap)) for length in (height, width)]
    assert windows.shape == (2, 3, *steps, size, size)
    torch.testing.assert_close(join_windows(windows, height, width, overlap), images)


def test_windows_are_blended_where_they_overlap():
    windows = torch.zeros(1, 1, 1, 2, 8, 8)
    windows[:, :, :, 1] = 1
    row = join_windows(windows, 8, 12, 4)[0, 0, 3]
    torch.testing.assert_close(
        row, torch.tensor([0.0] * 4 + [0.125, 0.375, 0.625, 0.875] + [1.0] * 4)
    )

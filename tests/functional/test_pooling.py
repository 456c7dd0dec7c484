import pytest
import torch

from restorekit.functional.pooling import spread, window_means


@pytest.mark.parametrize(('height', 'width'), [(12, 16), (13, 18), (3, 31), (4, 4)])
def test_means_as_loops_take_them(height, width):
    x = torch.rand(2, 3, height, width).double()
    means = window_means(x, 12)
    rows, columns = -(-height // 4), -(-width // 4)
    assert means.shape == (2, 3, rows, columns)
    for i in range(rows):
        for j in range(columns):
            window = x[..., max(4 * i - 4, 0) : 4 * i + 8, max(4 * j - 4, 0) : 4 * j + 8]
            torch.testing.assert_close(means[..., i, j], window.mean(dim=(2, 3)))


def test_of_small_images_it_is_the_mean_of_all():
    x = torch.rand(1, 2, 48, 64)
    means = window_means(x, 96)
    torch.testing.assert_close(means, x.mean(dim=(2, 3), keepdim=True).expand(1, 2, 2, 2))


def test_between_the_centres_of_cells_it_is_linear():
    grid = torch.tensor([[1.0, 3.0], [1.0, 3.0]])[None, None]
    row = spread(grid, 12, (5, 7))[0, 0, 2]
    torch.testing.assert_close(row, torch.tensor([1, 1, 1.25, 1.75, 2.25, 2.75, 3]))
    assert spread(grid, 12, (5, 7)).shape == (1, 1, 5, 7)


def test_halves_do_not_overflow():
    means = window_means(torch.full((1, 1, 96, 96), 100.0, dtype=torch.float16), 96)
    torch.testing.assert_close(means, torch.full_like(means, 100))


@pytest.mark.parametrize('window', [2, 32, 0, -3])
def test_windows_are_multiples_of_three(window):
    with pytest.raises(ValueError, match=f'window must be a multiple of 3, got {window}'):
        window_means(torch.rand(1, 1, 8, 8), window)

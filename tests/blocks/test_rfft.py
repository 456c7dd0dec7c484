import pytest
import torch

from restorekit.blocks import RFFTBlock


def published(block, x):
    """The block's equation, with the transforms that its authors trained with."""
    spectrum = torch.fft.rfft2(x)
    parts = block.frequency(torch.cat([spectrum.real, spectrum.imag], dim=1))
    spectrum = torch.complex(*parts.chunk(2, dim=1))
    return x + block.spatial(x) + torch.fft.irfft2(spectrum, s=x.shape[-2:])


@pytest.mark.parametrize('size', [(1, 1), (15, 16), (16, 17), (32, 32)])
def test_is_what_the_published_transforms_give(size):
    block, x = RFFTBlock(8), torch.randn(2, 8, *size)
    torch.testing.assert_close(block(x), published(block, x), rtol=0, atol=1e-6)


def test_does_not_depend_on_how_a_device_reads_a_spectrum_of_no_real_image(monkeypatch):
    block, x = RFFTBlock(8), torch.randn(2, 8, 12, 10)
    expected = block(x)
    inverse = torch.fft.irfft2

    def symmetrised(spectrum, s, **options):  # as cuFFT does in two dimensions
        first = spectrum[..., 0]
        mirrored = first.roll(-1, -1).flip(-1).conj()
        other = torch.cat([((first + mirrored) / 2)[..., None], spectrum[..., 1:]], dim=-1)
        other[..., s[0] // 2 + 1 :, 0] = mirrored[..., s[0] // 2 + 1 :]
        return inverse(other, s=s, **options)

    monkeypatch.setattr(torch.fft, 'irfft2', symmetrised)
    assert torch.equal(block(x), expected)


def test_large_maps_in_float16():
    block, x = RFFTBlock(2), 1 + torch.rand(1, 2, 256, 256)  # their sums are above 65,504
    expected = block(x)
    with torch.autocast('cpu', dtype=torch.float16):
        y = block(x).float()
    assert (y - expected).norm() < 0.02 * expected.norm()

import pytest
import torch

from restorekit.blocks import RFFTBlock
from restorekit.blocks.rfft import _inverse


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


@pytest.mark.parametrize('width', [10, 11])
def test_does_not_depend_on_how_a_device_reads_a_spectrum_of_no_real_image(monkeypatch, width):
    block, x = RFFTBlock(8), torch.randn(2, 8, 12, width)
    expected = block(x)
    irfft, irfft2 = torch.fft.irfft, torch.fft.irfft2

    def symmetrised(spectrum, s, **options):  # as cuFFT does in two dimensions
        first = spectrum[..., 0]
        mirrored = first.roll(-1, -1).flip(-1).conj()
        first = torch.cat([first[..., : s[0] // 2 + 1], mirrored[..., s[0] // 2 + 1 :]], dim=-1)
        return irfft2(torch.cat([first[..., None], spectrum[..., 1:]], dim=-1), s=s, **options)

    def all_parts(spectrum, n, **options):  # as it does at some lengths
        unused = spectrum.imag[..., : 1 if n % 2 else None : n // 2]
        return irfft(spectrum, n=n, **options) + unused.sum(-1, keepdim=True)

    monkeypatch.setattr(torch.fft, 'irfft2', symmetrised)
    monkeypatch.setattr(torch.fft, 'irfft', all_parts)
    assert torch.equal(block(x), expected)


@pytest.mark.parametrize('width', [1, 2, 7, 8])
def test_the_inverse_has_the_bits_of_a_cpus_irfft2(width):
    spectrum = torch.randn(2, 3, 6, width // 2 + 1, dtype=torch.complex64, requires_grad=True)
    ours = _inverse(spectrum, width)
    theirs = torch.fft.irfft2(spectrum, s=(6, width), norm='ortho')
    assert torch.equal(ours, theirs)
    weight = torch.randn_like(ours)
    gradients = (torch.autograd.grad(y, spectrum, weight)[0] for y in (ours, theirs))
    torch.testing.assert_close(*gradients)


def test_large_maps_in_float16():
    block, x = RFFTBlock(2), 1 + torch.rand(1, 2, 256, 256)  # their sums are above 65,504
    expected = block(x)
    with torch.autocast('cpu', dtype=torch.float16):
        y = block(x).float()
    assert (y - expected).norm() < 0.02 * expected.norm()


@pytest.mark.parametrize('size', [(16, 16), (11, 16), (5, 9)])
def test_one_window_is_the_whole_padded_to_it(size):
    whole, windowed = RFFTBlock(4), RFFTBlock(4, window=16)
    windowed.load_state_dict(whole.state_dict())
    x = torch.randn(2, 4, *size)
    padded = torch.nn.functional.pad(x, (0, 16 - size[1], 0, 16 - size[0]), mode='replicate')
    frequency = whole._frequency(padded)[..., : size[0], : size[1]]
    torch.testing.assert_close(windowed(x), x + whole.spatial(x) + frequency)


def test_a_window_sees_nothing_of_what_lies_far_away():
    block, x = RFFTBlock(4, window=16), torch.randn(1, 4, 80, 30)
    other = x.clone()
    other[..., 40:, :] += 1
    changed = (block(x) - block(other)).abs().amax(dim=(0, 1, 3)) > 1e-6
    assert not changed[:24].any()
    assert changed[40:].all()

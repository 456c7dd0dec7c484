import numpy as np
import pytest
import torch

from restorekit.data_sample import DataSample
from restorekit.functional import hdr_to_ldr, imresize, mu_law, mu_law_inverse, psnr, rgb_to_ycbcr
from restorekit.registry import MODELS

AHDR = {
    'type': 'Restorer',
    'data_preprocessor': {'type': 'ExposurePreprocessor'},
    'backbone': {'type': 'AHDRNet', 'num_feats': 4},
    'losses': {'l1': {'type': 'TonemappedLoss', 'loss': {'type': 'L1Loss'}}},
}


def static_bracket(height=48, width=64):
    """Radiance in [0, 1] over nine stops, and what three exposures show of it."""
    y, x = torch.meshgrid(torch.linspace(0, 1, height), torch.linspace(0, 1, width), indexing='ij')
    radiance = torch.exp2(-9 * x) * (0.6 + 0.4 * torch.sin(12 * y))
    radiance = torch.stack([radiance, radiance**1.1, 0.8 * radiance])[None]
    exposures = torch.tensor([[0.0, 2.0, 4.0]])
    return radiance, torch.stack([hdr_to_ldr(radiance, ev) for ev in (0, 2, 4)], dim=1), exposures


def test_preprocessor_gives_frames_and_radiance():
    preprocessor = MODELS.build({'type': 'ExposurePreprocessor'})
    radiance, frames, exposures = static_bracket()
    encoded = preprocessor.encode(frames, exposures)
    assert encoded.shape == (1, 3, 6, 48, 64)
    assert torch.equal(encoded[:, :, :3], frames)
    for index in range(3):
        shown = frames[0, index] < 1
        torch.testing.assert_close(encoded[0, index, 3:][shown], radiance[0][shown])
    # Counted from the darkest frame, wherever the count begins.
    torch.testing.assert_close(preprocessor.encode(frames, exposures - 2), encoded)


def test_preprocessor_needs_exposures():
    preprocessor = MODELS.build({'type': 'ExposurePreprocessor'})
    with pytest.raises(ValueError, match=r'brackets of \(1, 3\) need as many exposures, got none'):
        preprocessor.encode(torch.rand(1, 3, 3, 4, 4))
    with pytest.raises(ValueError, match=r'got \(1, 2\)'):
        preprocessor.encode(torch.rand(1, 3, 3, 4, 4), torch.zeros(1, 2))
    with pytest.raises(ValueError, match=r'expected brackets .* got \(1, 3, 4, 4\)'):
        preprocessor.encode(torch.rand(1, 3, 4, 4))


def test_loss_and_prediction_use_each_samples_exposures():
    torch.manual_seed(0)
    model = MODELS.build(AHDR)
    samples = []
    for evs in ([0.0, 2.0, 4.0], [0.0, 3.0, 6.0]):
        samples.append(DataSample(gt=torch.rand(3, 8, 9), exposures=torch.tensor(evs)))
    inputs = torch.rand(1, 3, 3, 8, 9).repeat(2, 1, 1, 1, 1)
    assert model(inputs, samples, mode='loss')['loss_l1'].isfinite()
    first, second = model(inputs, samples, mode='predict')
    assert not torch.allclose(first.pred, second.pred)
    torch.testing.assert_close(
        first.pred, model.restore(inputs[:1], torch.tensor([[0.0, 2, 4]]))[0]
    )
    assert model.takes_bracket
    assert model.linear


def test_debevec_recovers_a_static_scene():
    radiance, frames, exposures = static_bracket()
    merged = MODELS.build({'type': 'DebevecMerge'}).restore(frames, exposures)
    inside = (radiance > 0.02) & (radiance < 0.5)
    ratio = (merged / radiance)[inside]
    assert ratio.median() == pytest.approx(1, abs=0.1)


def test_reference_frame_is_the_middle_one():
    radiance, frames, exposures = static_bracket()
    result = MODELS.build({'type': 'ReferenceFrame'}).restore(frames, exposures)
    shown = frames[:, 1] < 1
    torch.testing.assert_close(result[shown], radiance[shown])
    with pytest.raises(ValueError, match='the exposures of the frames are needed'):
        MODELS.build({'type': 'ReferenceFrame'}).restore(frames)


def test_fusions_without_a_network():
    _, frames, _ = static_bracket()
    average = MODELS.build({'type': 'AverageFusion'}).restore(frames)
    torch.testing.assert_close(average, frames.mean(1))
    fused = MODELS.build({'type': 'MertensFusion'}).restore(frames)
    assert fused.shape == average.shape
    assert -0.2 < fused.min() < fused.max() < 1.5

    def washed_out(image):
        return ((image < 0.05) | (image > 0.95)).float().mean()

    assert washed_out(fused) < washed_out(frames[:, 1])


def test_mertens_matches_opencv(data_root):
    import cv2

    from restorekit.io import read_image

    paths = [data_root / f'hdr/brackets/test/507/{i}.png' for i in range(1, 6)]
    images = [cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) for path in paths]
    expected = cv2.createMergeMertens().process(images)
    bracket = torch.from_numpy(np.stack([read_image(p) for p in paths])).movedim(-1, 1)[None]
    fused = MODELS.build({'type': 'MertensFusion'}).restore(bracket)[0].movedim(0, -1)
    np.testing.assert_allclose(fused, expected, atol=1e-4)


BICUBIC = {'type': 'Restorer', 'backbone': {'type': 'Bicubic', 'scale': 2}}


class TestChain:
    def test_enlarging_after_and_before_a_fusion(self):
        _, frames, _ = static_bracket(16, 20)
        after = MODELS.build({'type': 'Chain', 'steps': [{'type': 'AverageFusion'}, BICUBIC]})
        assert after.scale == 2
        assert after.takes_bracket
        torch.testing.assert_close(after.restore(frames), imresize(frames.mean(1), 2))
        before = MODELS.build({'type': 'Chain', 'steps': [BICUBIC, {'type': 'AverageFusion'}]})
        large = torch.stack([imresize(frame, 2) for frame in frames.unbind(1)], 1).clamp(0, 1)
        torch.testing.assert_close(before.restore(frames), large.mean(1))

    def test_single_images(self):
        chain = MODELS.build({'type': 'Chain', 'steps': [BICUBIC, BICUBIC]})
        assert not chain.takes_bracket
        assert chain.scale == 4
        assert chain.restore(torch.rand(1, 3, 5, 6)).shape == (1, 3, 20, 24)

    def test_behind_an_hdr_merge_the_result_stays_linear(self):
        _, frames, exposures = static_bracket(16, 20)
        merge = {'type': 'ReferenceFrame'}
        chain = MODELS.build({'type': 'Chain', 'steps': [merge, BICUBIC]})
        assert chain.linear
        assert chain.needs_exposures
        alone = MODELS.build(merge).restore(frames, exposures)
        expected = mu_law_inverse(imresize(mu_law(alone), 2).clamp(0, 1))
        torch.testing.assert_close(chain.restore(frames, exposures), expected)
        same = MODELS.build(
            {'type': 'Chain', 'steps': [merge, {**BICUBIC, 'backbone': {'type': 'Bicubic'}}]}
        )
        bright = same.restore(frames, exposures - 3)
        torch.testing.assert_close(bright, 8 * alone, rtol=1e-3, atol=1e-5)
        assert bright.max() > 1, 'radiance above 1 was clipped'

    def test_a_luma_step_keeps_colour(self):
        luma = {**BICUBIC, 'data_preprocessor': {'type': 'ImagePreprocessor', 'color': 'y'}}
        steps = [{'type': 'AverageFusion'}, luma]
        _, frames, _ = static_bracket(16, 20)
        result = MODELS.build({'type': 'Chain', 'steps': steps}).restore(frames)
        torch.testing.assert_close(result, imresize(frames.mean(1), 2), rtol=1e-4, atol=1e-5)

    def test_weights_of_its_parts(self):
        part = {'type': 'Restorer', 'backbone': {'type': 'ResidualNet', 'num_feats': 4}}
        chain = MODELS.build({'type': 'Chain', 'steps': [part, part]})
        assert any(name.startswith('steps.1.backbone.') for name in chain.state_dict())

    def test_what_cannot_be(self):
        fusion = {'type': 'AverageFusion'}
        with pytest.raises(ValueError, match=r'steps \[0, 1\] each merge a bracket'):
            MODELS.build({'type': 'Chain', 'steps': [fusion, fusion]})
        with pytest.raises(ValueError, match='at least one step'):
            MODELS.build({'type': 'Chain', 'steps': []})
        with pytest.raises(ValueError, match='Chain has nothing to train'):
            MODELS.build({'type': 'Chain', 'steps': [fusion]})(
                torch.rand(1, 2, 3, 4, 4), [], 'loss'
            )


def test_psnr_of_the_reference_grows_with_what_it_shows():
    radiance, frames, exposures = static_bracket()
    method = MODELS.build({'type': 'ReferenceFrame'})
    dark = psnr(method.restore(frames[:, [0, 0, 1]], exposures[:, [0, 0, 1]]), radiance)
    assert dark > psnr(method.restore(frames, exposures), radiance)


def test_a_network_for_luma_fuses_the_chroma_of_a_bracket():
    model = MODELS.build(
        {
            'type': 'Restorer',
            'backbone': {'type': 'DeepFuse', 'num_feats': 4},
            'data_preprocessor': {'type': 'ImagePreprocessor', 'color': 'y'},
        }
    )
    assert model.takes_bracket
    assert not model.divisible
    frames = torch.rand(1, 2, 3, 8, 9)
    data = {'inputs': [frames[0]], 'data_samples': [DataSample()]}
    assert model.data_preprocessor(data)['inputs'].shape == frames.shape
    with pytest.raises(ValueError, match=r"color='y' takes 1 channels, got \(2, 3, 8, 9\)"):
        model.data_preprocessor(data, training=True)
    with torch.no_grad():
        fused = rgb_to_ycbcr(model.restore(frames))
    chroma = rgb_to_ycbcr(frames)[:, :, 1:] - 128 / 255
    weights = chroma.abs()
    expected = (weights * chroma).sum(1) / weights.sum(1)
    torch.testing.assert_close(fused[:, 1:] - 128 / 255, expected, rtol=1e-4, atol=1e-5)
    luma = model.backbone(rgb_to_ycbcr(frames)[:, :, :1])
    torch.testing.assert_close(fused[:, :1], luma, rtol=1e-4, atol=1e-5)

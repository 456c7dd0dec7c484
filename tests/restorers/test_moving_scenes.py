"""HDR of scenes with known motion: methods for them leave less of a ghost than Debevec's merge."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from restorekit.data_sample import DataSample
from restorekit.functional import hdr_to_ldr, ldr_to_hdr, mu_law
from restorekit.functional.alignment import align_frames
from restorekit.registry import BACKBONES, MODELS, TRANSFORMS
from restorekit.restorers.rank import rank_one

KALANTARI = {
    'type': 'Restorer',
    'backbone': {'type': 'KalantariNet', 'widths': (8, 8, 4)},
    'data_preprocessor': {'type': 'ExposurePreprocessor'},
    'losses': {'mse': {'type': 'TonemappedLoss', 'loss': {'type': 'MSELoss'}}},
}


def texture(height, width, seed):
    noise = torch.rand(1, 3, height // 6, width // 6, generator=torch.Generator().manual_seed(seed))
    return F.interpolate(noise, size=(height, width), mode='bicubic').clamp(0, 1)[0]


def frames_of(radiances, exposures):
    """What each exposure shows of its own moment."""
    shown = [hdr_to_ldr(r, e) for r, e in zip(radiances, exposures, strict=True)]
    return torch.stack(shown)[None], torch.tensor([exposures])


def scene_with_a_walker(places=(10, 30, 50, 70, 90)):
    """A bright square before a still background, elsewhere in each of five frames."""
    ground = 0.05 + 0.2 * texture(60, 120, 0)
    moments = []
    for place in places:
        moment = ground.clone()
        moment[:, 20:40, place : place + 16] = 0.6 * texture(24, 18, 1)[:, :20, :16] + 0.3
        moments.append(moment)
    return ground, moments


def moving_camera(shift=5, seed=2):
    """Frames of a wide scene, each seen from farther right, and what the middle one sees."""
    wide = 0.02 + 0.25 * texture(96, 144, seed)
    moments = [wide[..., place : place + 96] for place in (0, shift, 2 * shift)]
    return moments[1], moments


def difference(result, truth, inside=slice(16, -16)):
    return (mu_law(result[0].clamp(0, 1)) - mu_law(truth)).square()[..., inside, inside].mean()


def test_rank_minimization_leaves_no_walker():
    ground, moments = scene_with_a_walker()
    frames, exposures = frames_of(moments, [0.0, 0.5, 1.0, 1.5, 2.0])
    still, _ = frames_of([ground] * 5, [0.0, 0.5, 1.0, 1.5, 2.0])
    debevec = MODELS.build({'type': 'DebevecMerge'})
    ghost = difference(debevec.restore(frames, exposures), ground)
    floor = difference(debevec.restore(still, exposures), ground)
    merged = MODELS.build({'type': 'RankMinimization'}).restore(frames, exposures)
    assert merged.shape == (1, 3, 60, 120)
    assert difference(merged, ground) < 0.05 * ghost
    assert ghost > 2 * floor, 'the scene has no ghost'


def test_rank_minimization_of_a_still_scene_is_its_radiance():
    truth = torch.exp2(-8 * torch.linspace(0, 1, 64)).expand(1, 3, 24, 64)[0]
    frames, exposures = frames_of([truth] * 3, [0.0, 2.0, 4.0])
    merged = MODELS.build({'type': 'RankMinimization'}).restore(frames, exposures)
    torch.testing.assert_close(merged[0], truth, rtol=0.01, atol=1e-4)
    # Where all frames are white, the darkest one says the most.
    white = MODELS.build({'type': 'RankMinimization'}).restore(torch.ones(1, 3, 3, 8, 8), exposures)
    assert (white > 0.9).all()


def test_rank_one_finds_what_is_hidden():
    generator = torch.Generator().manual_seed(0)
    column = torch.randn(400, 1, generator=generator).double()
    truth = column @ torch.ones(1, 5).double()
    known = torch.rand(400, 5, generator=generator) > 0.15
    known |= (~known).all(dim=1, keepdim=True)
    data = torch.where(known, truth, 0.0)
    wrong = torch.rand(400, generator=generator) < 0.1
    data[wrong, 2] += 3.0
    found = rank_one(data, known, weight=1 / 20, max_steps=100)
    sound = known.sum(dim=1) >= 3  # two others against the wrong one
    torch.testing.assert_close(found[sound], truth[sound], atol=1e-3, rtol=0)


@pytest.mark.parametrize('method', ['homography', 'flow', 'ecc'])
def test_alignment_takes_the_ghost_of_a_moving_camera(method):
    truth, moments = moving_camera()
    frames, exposures = frames_of(moments, [0.0, 1.0, 2.0])
    plain = MODELS.build({'type': 'DebevecMerge'}).restore(frames, exposures)
    aligned = MODELS.build({'type': 'DebevecMerge', 'align': method}).restore(frames, exposures)
    assert difference(aligned, truth) < 0.3 * difference(plain, truth)


def test_flow_follows_what_moves_by_itself():
    ground, walker = 0.05 + 0.2 * texture(120, 180, 0), 0.1 + 0.4 * texture(60, 60, 1)
    moments = []
    for place in (55, 60, 64):
        moment = ground.clone()
        moment[:, 30:90, place : place + 60] = walker
        moments.append(moment)
    frames, exposures = frames_of(moments, [0.0, 0.5, 1.0])
    walked = (slice(None), slice(40, 80), slice(75, 105))
    aligned = align_frames(frames[0], 'flow', exposures[0])
    for index, exposure in ((0, 0.0), (2, 1.0)):
        ghosts = [
            (ldr_to_hdr(bracket[index], exposure) - moments[1])[walked].abs().mean()
            for bracket in (frames[0], aligned)
        ]
        assert ghosts[1] < 0.1 * ghosts[0]
    # Without exposures, by equal brightness; far from the walker nothing moves.
    blind = align_frames(frames[0], 'flow')[..., 150:]
    torch.testing.assert_close(blind, frames[0][..., 150:], atol=0.03, rtol=0)


@pytest.mark.parametrize('method', ['homography', 'flow'])
def test_frames_without_features_stay(method):
    flat = torch.stack([torch.full((3, 8, 8), value) for value in (0.2, 0.4, 0.6)])
    torch.testing.assert_close(align_frames(flat, method), flat)


@pytest.mark.parametrize(
    ('name', 'count'),
    # Kalantari: the paper's layers; DeepHDR: 16.61 M in papers that compare with it.
    [('KalantariNet', 383_909), ('DeepHDR', 16_606_339)],
)
def test_parameters(name, count):
    net = BACKBONES.build({'type': name})
    assert sum(p.numel() for p in net.parameters()) == count
    with pytest.raises(
        ValueError, match=rf'{name}: expected brackets \(N, 3, C, H, W\), got \(1, 2'
    ):
        net(torch.rand(1, 2, 6, 9, 9))


def test_kalantari_is_a_mean_of_radiance():
    net = BACKBONES.build(KALANTARI['backbone'])
    inputs = torch.rand(2, 3, 6, 9, 11)
    inputs[:, :, 3:] = 0.25
    torch.testing.assert_close(net(inputs), torch.full((2, 3, 9, 11), 0.25))
    one = torch.rand(2, 3, 6, 9, 11)
    result = net(one)
    low, high = one[:, :, 3:].amin(dim=1), one[:, :, 3:].amax(dim=1)
    assert ((result >= low - 1e-6) & (result <= high + 1e-6)).all()
    with pytest.raises(ValueError, match=r'widths must be three, got \(8, 8\)'):
        BACKBONES.build({'type': 'KalantariNet', 'widths': (8, 8)})


@pytest.mark.slow
def test_deephdr_learns_to_leave_no_ghost():
    net = {'type': 'DeepHDR', 'num_feats': 4, 'num_blocks': 1}
    model = MODELS.build({**KALANTARI, 'backbone': net})
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    pieces = [moving_camera(seed=seed) for seed in range(3, 6)]
    inputs, exposures = zip(
        *(frames_of(piece[1], [0.0, 1.0, 2.0]) for piece in pieces), strict=True
    )
    samples = [
        DataSample(gt=truth, exposures=ev[0])
        for (truth, _), ev in zip(pieces, exposures, strict=True)
    ]
    for _ in range(30):
        loss = model.loss(torch.cat(inputs), samples)['loss_mse']
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    truth, moments = moving_camera()  # a scene that it has not seen
    frames, exposures = frames_of(moments, [0.0, 1.0, 2.0])
    with torch.no_grad():
        restored = model.eval().restore(frames, exposures)
    debevec = MODELS.build({'type': 'DebevecMerge'}).restore(frames, exposures)
    assert difference(restored, truth) < difference(debevec, truth)


class TestAlignedRestorer:
    def test_less_of_a_ghost_before_any_training(self):
        truth, moments = moving_camera()
        frames, exposures = frames_of(moments, [0.0, 1.0, 2.0])
        model = MODELS.build({'type': 'AlignedRestorer', 'restorer': KALANTARI})
        with torch.no_grad():
            merged = model.restore(frames, exposures)
        plain = MODELS.build({'type': 'DebevecMerge'}).restore(frames, exposures)
        assert difference(merged, truth) < 0.3 * difference(plain, truth)

    def test_it_aligns_whole_brackets_and_hands_them_on(self):
        _, moments = moving_camera()
        frames, exposures = frames_of(moments, [0.0, 1.0, 2.0])
        model = MODELS.build({'type': 'AlignedRestorer', 'restorer': KALANTARI}).eval()
        assert model.linear
        assert model.takes_bracket
        assert model.num_frames == 3
        aligned = align_frames(frames[0], 'flow', exposures[0])[None]
        with torch.no_grad():
            expected = model.steps[0].restore(aligned, exposures)
            torch.testing.assert_close(model.restore(frames, exposures), expected)
            pieces = []
            model.restore_by(
                lambda *given: pieces.append(given[1]) or given[1][:, 0], frames, exposures
            )
        torch.testing.assert_close(pieces[0], aligned)  # before it is cut into tiles

    def test_it_is_trained_on_what_the_pipeline_aligned(self):
        model = MODELS.build({'type': 'AlignedRestorer', 'restorer': KALANTARI})
        samples = [DataSample(gt=torch.rand(3, 16, 16), exposures=torch.tensor([0.0, 1.0, 2.0]))]
        inputs = torch.rand(1, 3, 3, 16, 16)
        expected = model.steps[0].loss(inputs, samples)['loss_mse']
        assert torch.equal(model(inputs, samples, mode='loss')['loss_mse'], expected)

    def test_the_transform_does_the_same(self):
        _, moments = moving_camera()
        frames, exposures = frames_of(moments, [0.0, 1.0, 2.0])
        lq = frames[0].movedim((-2, -1), (0, 1)).numpy()
        results = {'lq': lq, 'exposures': exposures[0].numpy()}
        aligned = TRANSFORMS.build({'type': 'AlignFrames'}).transform(results)['lq']
        expected = align_frames(frames[0], 'flow', exposures[0]).movedim((-2, -1), (0, 1))
        torch.testing.assert_close(torch.from_numpy(aligned), expected)
        with pytest.raises(ValueError, match=r'lq must be a bracket .*, got \(96, 96, 3\)'):
            TRANSFORMS.build({'type': 'AlignFrames'}).transform({'lq': lq[:, :, 0]})

    def test_what_cannot_be(self):
        single = {'type': 'Restorer', 'backbone': {'type': 'Bicubic'}}
        with pytest.raises(ValueError, match='restorer must take brackets, got Restorer'):
            MODELS.build({'type': 'AlignedRestorer', 'restorer': single})
        model = MODELS.build({'type': 'AlignedRestorer', 'restorer': KALANTARI})
        with pytest.raises(ValueError, match=r'expected brackets .*, got \(1, 3, 8, 8\)'):
            model.restore(torch.rand(1, 3, 8, 8))

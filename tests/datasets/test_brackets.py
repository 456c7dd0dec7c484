import numpy as np
import pytest
import torch

from restorekit.datasets import (
    BracketDataset,
    DataError,
    ExposurePairDataset,
    KalantariDataset,
    MissingFolderError,
    SICEDataset,
)
from restorekit.io import read_image, write_hdr, write_image
from tests.conftest import smooth_image

HDR = [{'type': 'LoadImages'}, {'type': 'PackInputs'}]
FUSION = [{'type': 'LoadImages'}, {'type': 'BicubicDownscale'}, {'type': 'PackInputs'}]


def exposed(ev, height=16, width=20):
    return np.clip(smooth_image(height, width) * 0.2 * 2.0 ** (ev / 2), 0, 1)


def kalantari(root, name='scene', evs=(0, -2, 2)):
    folder = root / name
    folder.mkdir(parents=True)
    for index, ev in enumerate(evs):
        write_image(folder / f'26{index}A.tif', exposed(ev), bits=16)
    (folder / 'exposure.txt').write_text('\n'.join(map(str, evs)))
    write_hdr(folder / 'HDRImg.hdr', smooth_image(16, 20))
    return folder


class TestKalantari:
    def test_sample(self, tmp_path):
        kalantari(tmp_path)
        dataset = KalantariDataset(str(tmp_path), pipeline=HDR)
        sample = dataset[0]
        frames, data = sample['inputs'], sample['data_samples']
        assert frames.shape == (3, 3, 16, 20)
        assert frames.mean(dim=(1, 2, 3)).diff().min() > 0, 'dark to bright'
        expected = torch.from_numpy(read_image(tmp_path / 'scene/261A.tif')).permute(2, 0, 1)
        assert torch.equal(frames[0], expected)
        assert data.exposures.tolist() == [0, 2, 4]
        assert data.gt.shape == (3, 16, 20)
        assert data.name == 'scene'

    def test_a_crop_cuts_frames_and_truth_alike(self, tmp_path):
        folder = kalantari(tmp_path)
        for file in folder.glob('*.tif'):
            write_image(file, smooth_image(16, 20), bits=16)
        pipeline = [
            {'type': 'LoadImages'},
            {'type': 'PairedRandomCrop', 'size': 8},
            {'type': 'RandomFlipRotate'},
            {'type': 'PackInputs'},
        ]
        sample = KalantariDataset(str(tmp_path), pipeline=pipeline)[0]
        for frame in sample['inputs']:
            torch.testing.assert_close(frame, sample['data_samples'].gt, atol=0.01, rtol=0)

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            (lambda f: (f / 'exposure.txt').unlink(), 'scene: no exposure.txt'),
            (lambda f: (f / 'HDRImg.hdr').unlink(), 'scene: no HDRImg.hdr'),
            (lambda f: (f / '260A.tif').unlink(), 'scene: expected 3 frames, got 2'),
            (lambda f: (f / 'exposure.txt').write_text('0 2 2'), 'scene: .* equal exposure'),
            (
                lambda f: write_image(f / '260A.tif', smooth_image(16, 22), bits=16),
                'scene: frames must have one size',
            ),
            (lambda f: (f / 'HDRImg.hdr').write_bytes(b'#?RADIANCE\n'), r'scene/HDRImg.hdr: not a'),
            (
                lambda f: write_hdr(f / 'HDRImg.hdr', smooth_image(16, 22)),
                r'scene/.*: lq of 16 x 20 does not fit gt of 16 x 22',
            ),
        ],
    )
    def test_every_scene_that_is_wrong_is_named(self, tmp_path, change, message):
        kalantari(tmp_path, 'good')
        change(kalantari(tmp_path))
        with pytest.raises(DataError, match=message):
            KalantariDataset(str(tmp_path), pipeline=HDR)

    def test_what_is_found_on_reading_names_the_file(self, tmp_path):
        folder = kalantari(tmp_path)
        data = (folder / 'HDRImg.hdr').read_bytes()
        (folder / 'HDRImg.hdr').write_bytes(data[:-50])
        with pytest.raises(ValueError, match=r'scene/HDRImg.hdr: truncated'):
            KalantariDataset(str(tmp_path), pipeline=HDR)[0]


class TestBracketDataset:
    def test_one_scene_or_many(self, tmp_path):
        kalantari(tmp_path)
        for root in (tmp_path, tmp_path / 'scene'):
            dataset = BracketDataset(str(root), pipeline=HDR)
            assert [dataset[0]['data_samples'].name, len(dataset)] == ['scene', 1]

    def test_pairs_that_are_reduced(self, tmp_path):
        for name in ('a', 'b'):
            (tmp_path / name).mkdir()
            write_image(tmp_path / name / 'x.png', exposed(3))
            write_image(tmp_path / name / 'y.png', exposed(0))
        dataset = BracketDataset(
            str(tmp_path),
            pipeline=FUSION,
            reduce=True,
            need_exposures=False,
            degradation={'scale': 2},
        )
        sample = dataset[0]
        data = sample['data_samples']
        assert sample['inputs'].shape == (2, 3, 8, 10)
        assert data.gt_frames.shape == (2, 3, 16, 20)
        assert data.gt_frames[0].mean() < data.gt_frames[1].mean()
        assert 'gt' not in data

    def test_missing_folder(self, tmp_path):
        with pytest.raises(MissingFolderError, match='no folder .*nothing'):
            BracketDataset(str(tmp_path / 'nothing'), pipeline=HDR)

    def test_real_pairs(self, data_root):
        dataset = BracketDataset(
            str(data_root / 'mef/pairs'),
            pipeline=FUSION,
            reduce=True,
            need_exposures=False,
            degradation={'scale': 2},
        )
        assert len(dataset) == 24
        for index in range(24):
            data = dataset[index]['data_samples']
            assert data.gt_frames[0].mean() < data.gt_frames[1].mean()


class TestExposurePairs:
    def make(self, root, folders=('hr', 'hr_under', 'hr_over')):
        for folder, ev in zip(folders, (1, 0, 3), strict=False):
            (root / folder).mkdir()
            write_image(root / folder / 'a.png', exposed(ev))

    def test_reduced_by_the_pipeline(self, tmp_path):
        self.make(tmp_path)
        sample = ExposurePairDataset(str(tmp_path), pipeline=FUSION, degradation={'scale': 2})[0]
        data = sample['data_samples']
        assert sample['inputs'].shape == (2, 3, 8, 10)
        assert data.gt.shape == data.gt_frames.shape[1:] == (3, 16, 20)
        under, over = data.gt_frames
        assert under.mean() < data.gt.mean() < over.mean()
        assert data.setting == 'x2'

    def test_the_prepared_layout_with_its_own_inputs(self, data_root):
        dataset = ExposurePairDataset(
            str(data_root / 'mef/sice_sample'),
            pipeline=HDR,
            lq_from_files=True,
            degradation={'scale': 4},
        )
        sample = dataset[0]
        lq, data = sample['inputs'], sample['data_samples']
        assert data.gt.shape == (3, lq.shape[2] * 4, lq.shape[3] * 4) == (3, 832, 1488)
        small = torch.nn.functional.interpolate(data.gt_frames[1:], scale_factor=0.25, mode='area')
        assert (small[0] - lq[1]).abs().mean() < 0.01, 'cut at the right place'
        with pytest.raises(DataError, match='does not fit gt of 844 x 1500 at scale 3'):
            ExposurePairDataset(
                str(data_root / 'mef/sice_sample'),
                pipeline=HDR,
                lq_from_files=True,
                degradation={'scale': 3},
            )

    def test_missing_counterpart_and_other_size(self, tmp_path):
        self.make(tmp_path)
        write_image(tmp_path / 'hr/b.png', exposed(0))
        with pytest.raises(DataError, match=r'hr_under: no b\.\*'):
            ExposurePairDataset(str(tmp_path), pipeline=FUSION, degradation={'scale': 2})
        (tmp_path / 'hr/b.png').unlink()
        write_image(tmp_path / 'hr_over/a.png', exposed(3, 16, 22))
        with pytest.raises(
            DataError, match=r'hr_over/a.png: 16 x 22, the frames before it 16 x 20'
        ):
            ExposurePairDataset(str(tmp_path), pipeline=FUSION, degradation={'scale': 2})


class TestSICE:
    def make(self, root):
        (root / 'Label').mkdir(parents=True)
        for scene in ('1', '2', '10'):
            (root / scene).mkdir()
            for number, ev in ((1, 0), (2, 1.5), (3, 3)):
                write_image(root / scene / f'{number}.png', exposed(ev))
            write_image(root / 'Label' / f'{scene}.png', exposed(1))
        return root

    def test_extremes_by_mean(self, tmp_path):
        dataset = SICEDataset(str(self.make(tmp_path)), pipeline=FUSION, degradation={'scale': 2})
        assert [dataset[i]['data_samples'].name for i in range(3)] == ['1', '2', '10']
        paths = dataset.get_data_info(0)['files']['gt_frames']
        assert [path[-5:] for path in paths] == ['1.png', '3.png']
        sample = dataset[0]
        assert sample['inputs'].shape == (2, 3, 8, 10)
        assert 'gt' in sample['data_samples']

    def test_a_pair_by_place(self, tmp_path):
        dataset = SICEDataset(
            str(self.make(tmp_path)), pipeline=FUSION, degradation={'scale': 2}, pair=(0, 1)
        )
        paths = dataset.get_data_info(0)['files']['gt_frames']
        assert [path[-5:] for path in paths] == ['1.png', '2.png']
        with pytest.raises(DataError, match=r'1: of the pair \(2, 0\) the first is not the darker'):
            SICEDataset(str(tmp_path), pipeline=FUSION, pair=(2, 0), degradation={'scale': 2})
        with pytest.raises(DataError, match=r'1: has 3 frames, no pair \(0, 5\)'):
            SICEDataset(str(tmp_path), pipeline=FUSION, pair=(0, 5), degradation={'scale': 2})

    @pytest.mark.parametrize(
        ('change', 'message'),
        [
            (lambda r: (r / 'Label/2.png').unlink(), '2: no reference .*Label/2'),
            (
                lambda r: [(r / f'2/{n}.png').unlink() for n in (1, 2)],
                '2: expected two or more frames, got 1',
            ),
            (
                lambda r: [write_image(r / f'2/{n}.png', exposed(1)) for n in (1, 2, 3)],
                '2: 1.png and 2.png have equal exposure',
            ),
            (
                lambda r: write_image(r / 'Label/2.png', exposed(1, 16, 22)),
                '2: frames and reference must have one size, .* 2.png 16 x 22',
            ),
        ],
    )
    def test_every_scene_that_is_wrong_is_named(self, tmp_path, change, message):
        change(self.make(tmp_path))
        with pytest.raises(DataError, match=message):
            SICEDataset(str(tmp_path), pipeline=FUSION, degradation={'scale': 2})

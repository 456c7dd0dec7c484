import pickle
import random
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.dataset import ConcatDataset, pseudo_collate
from mmengine.logging import MMLogger
from torch.utils.data import DataLoader

from restorekit.datasets import (
    DataError,
    FolderDataset,
    MissingFolderError,
    SamplePhotos,
    SeededDataset,
    TestSets,
    layout,
)
from restorekit.engine.samplers import ResumableSampler
from restorekit.io import read_image, write_image
from restorekit.registry import DATASETS
from tests.conftest import smooth_image

LOAD = [{'type': 'LoadImages'}, {'type': 'PackInputs'}]
TRAIN = [
    {'type': 'LoadImages', 'color': 'y'},
    {'type': 'PairedRandomCrop', 'size': 24},
    {'type': 'JPEGCompress', 'quality': [10, 90]},
    {'type': 'PairedRandomCrop', 'size': 16},
    {'type': 'RandomFlipRotate'},
    {'type': 'PackInputs'},
]


def pairs(tmp_path, scale=2, template='{}x2', count=3):
    for index in range(count):
        gt = smooth_image(16 + index, 20, seed=index)
        (tmp_path / 'gt/sub').mkdir(parents=True, exist_ok=True)
        (tmp_path / 'lq/sub').mkdir(parents=True, exist_ok=True)
        write_image(tmp_path / f'gt/sub/im{index}.png', gt)
        lq = smooth_image((16 + index) // scale, 20 // scale, seed=index)
        write_image(tmp_path / f'lq/sub/{template.format(f"im{index}")}.bmp', lq)
    return {'gt_dir': str(tmp_path / 'gt'), 'lq_dir': str(tmp_path / 'lq'), 'lq_template': template}


def test_pairs_by_template_with_other_extensions(tmp_path):
    dataset = FolderDataset(**pairs(tmp_path), pipeline=LOAD, degradation={'scale': 2}, name='toy')
    assert len(dataset) == 3
    item = dataset[1]
    assert item['inputs'].shape == (3, 8, 10)
    assert item['data_samples'].gt.shape == (3, 16, 20)  # 17 rows, cut to twice 8
    assert item['data_samples'].name == 'sub/im1'
    assert item['data_samples'].dataset == 'toy_x2'


def test_every_problem_is_listed_at_once(tmp_path):
    options = pairs(tmp_path)
    write_image(tmp_path / 'gt/alone.png', smooth_image(8, 8))
    write_image(tmp_path / 'lq/orphan.png', smooth_image(8, 8))
    with pytest.raises(DataError) as error:
        FolderDataset(**options, pipeline=LOAD)
    text = str(error.value)
    assert '2 problem(s)' in text
    assert 'alone.png: no' in text
    assert 'alonex2.*' in text
    assert 'orphan.png: no ground truth' in text


def test_sizes_formats_and_crops_are_checked_before_anything_runs(tmp_path):
    options = pairs(tmp_path)
    write_image(tmp_path / 'lq/sub/im0x2.bmp', smooth_image(8, 9))
    (tmp_path / 'lq/sub/im1x2.bmp').write_bytes(b'no image')
    crop = [LOAD[0], {'type': 'PairedRandomCrop', 'size': 10}, LOAD[1]]
    with pytest.raises(DataError) as error:
        FolderDataset(**options, pipeline=crop, degradation={'scale': 2})
    text = str(error.value)
    assert '3 problem(s)' in text
    assert 'im0x2.bmp: lq of 8 x 9 does not fit gt of 16 x 20 at scale 2' in text
    assert 'im1x2.bmp: not a readable image' in text
    assert 'im2x2.bmp: 9 x 10 pixels are smaller than the crop of 10 x 10' in text
    assert len(FolderDataset(**options, pipeline=crop, check=False)) == 3


def test_small_images_are_left_out_on_demand(photo_folder):
    options = {'gt_dir': str(photo_folder), 'pipeline': LOAD}
    assert len(FolderDataset(**options, min_size=68)) == 3  # sides 64/80, 68/76, ..., 84/60
    with pytest.raises(DataError, match='no image of 100 pixels a side'):
        FolderDataset(**options, min_size=100)


def test_missing_and_empty_folders(tmp_path):
    with pytest.raises(MissingFolderError, match=r'nowhere .*RESTOREKIT_DATA'):
        FolderDataset(str(tmp_path / 'nowhere'), pipeline=LOAD)
    with pytest.raises(DataError, match=r'no image in .*accepted: \.png'):
        FolderDataset(str(tmp_path), pipeline=LOAD)


def test_equal_stems(tmp_path):
    for extension in ('png', 'bmp'):
        write_image(tmp_path / f'a.{extension}', smooth_image(8, 8))
    with pytest.raises(DataError, match='have the same stem'):
        FolderDataset(str(tmp_path), pipeline=LOAD)


@pytest.mark.parametrize(
    ('options', 'message'),
    [
        ({}, 'give gt_dir, lq_dir or both'),
        ({'gt_dir': '.', 'lq_template': 'x'}, "must hold '{}' once, got 'x'"),
        ({'gt_dir': '.', 'degradation': {'scle': 2}}, r"\['scle'\]; accepted: scale, quality"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        FolderDataset(**options, pipeline=LOAD)


def test_gray_and_colour_files_in_one_folder(photo_folder):
    write_image(photo_folder / 'gray.png', smooth_image(40, 40, 1))
    shapes = {
        FolderDataset(str(photo_folder), pipeline=LOAD)[i]['inputs'].shape[0] for i in range(7)
    }
    assert shapes == {3}


def test_set14_bridge_is_gray_beside_rgb(data_root):
    folder = data_root / 'sr/Set14'
    dataset = FolderDataset(
        str(folder / 'HR'),
        str(folder / 'LR_bicubic/X2'),
        degradation={'scale': 2},
        pipeline=[{'type': 'LoadImages', 'color': 'y'}, {'type': 'PackInputs'}],
    )
    item = next(
        dataset[i] for i in range(len(dataset)) if dataset[i]['data_samples'].name == 'bridge'
    )
    values = read_image(folder / 'HR/bridge.png')
    np.testing.assert_array_equal(item['data_samples'].gt[0], values[..., 0])
    assert abs(item['inputs'].mean() - values.mean()) < 0.01  # not squeezed into 16..235


def stream(dataset, workers: int, batches: int = 6, start: int = 0) -> list:
    sampler = ResumableSampler(dataset, seed=7)
    sampler.start = start
    loader = iter(
        DataLoader(dataset, 4, sampler=sampler, num_workers=workers, collate_fn=pseudo_collate)
    )
    return [torch.stack(next(loader)['inputs']) for _ in range(batches)]


def foreign(results):
    """A transform that is not ours: it draws from the global generators."""
    results['lq'] = results['lq'] + random.random() + np.random.rand() + torch.rand(1).item()  # noqa: NPY002
    return results


def test_same_stream_for_any_number_of_workers_and_any_start(photo_folder):
    dataset = SeededDataset(
        ConcatDataset(
            [FolderDataset(str(photo_folder), pipeline=[*TRAIN[:-1], foreign, TRAIN[-1]])]
        ),
        seed=7,
    )
    reference = stream(dataset, 0)
    for workers in (1, 4):
        for expected, batch in zip(reference, stream(dataset, workers), strict=True):
            assert torch.equal(expected, batch)
    resumed = stream(dataset, 2, batches=3, start=12)
    assert all(torch.equal(a, b) for a, b in zip(reference[3:], resumed, strict=True))
    other = SeededDataset(dataset.dataset, seed=8)
    assert not torch.equal(stream(other, 0, 1)[0], reference[0])


def test_a_plain_index_is_its_own_position(photo_folder):
    dataset = SeededDataset(FolderDataset(str(photo_folder), pipeline=TRAIN), seed=1)
    assert torch.equal(dataset[2]['inputs'], dataset[2, 2]['inputs'])
    assert not torch.equal(dataset[2]['inputs'], dataset[2, 3]['inputs'])


def test_positions_without_the_wrapper_are_refused(photo_folder):
    with pytest.raises(TypeError, match='SeededDataset'):
        FolderDataset(str(photo_folder), pipeline=LOAD)[0, 0]


def test_test_sets_skip_what_is_absent(photo_folder, tmp_path):
    sets = [
        {'type': 'FolderDataset', 'name': 'here', 'gt_dir': str(photo_folder)},
        {'type': 'FolderDataset', 'name': 'gone', 'gt_dir': str(tmp_path / 'gone')},
    ]
    dataset = TestSets(sets, shared={'pipeline': LOAD})
    assert [dataset[i]['data_samples'].dataset for i in range(len(dataset))] == ['here'] * 6
    shutil.rmtree(photo_folder)
    with pytest.raises(MissingFolderError, match='none of the test sets'):
        TestSets(sets, shared={'pipeline': LOAD})


@pytest.mark.parametrize(('split', 'count'), [('train', 10), ('val', 3)])
def test_sample_photos(split, count):
    pytest.importorskip('skimage')
    dataset = SamplePhotos(split, pipeline=LOAD)
    assert len(dataset) == count
    assert all(dataset[i]['inputs'].std() > 0.02 for i in range(count))


def test_sample_photos_split_names():
    with pytest.raises(ValueError, match=r"split must be one of \('train', 'val'\), got 'test'"):
        SamplePhotos('test', pipeline=LOAD)


def test_sample_photos_without_scikit_image(monkeypatch):
    monkeypatch.setattr('restorekit.datasets.sample_photos.find_spec', lambda name: None)
    with pytest.raises(MissingFolderError, match=r'pip install "restorekit\[demo\]"'):
        SamplePhotos('train', pipeline=LOAD)


def test_a_function_that_lists_samples_is_a_dataset(photo_folder):
    def photos(root, *, count=2):
        files = sorted(Path(root).glob('*.png'))[:count]
        return [{'name': path.stem, 'files': {'gt': [str(path)]}} for path in files]

    kind = layout('PhotoDataset', photos)
    try:
        config = {'type': 'PhotoDataset', 'root': str(photo_folder), 'pipeline': LOAD}
        dataset = DATASETS.build({**config, 'count': 3})
        assert isinstance(dataset, kind)
        assert [dataset[i]['data_samples'].name for i in range(3)] == ['photo0', 'photo1', 'photo2']
        assert dataset.name == 'photos'
        assert DATASETS.build({**config, 'name': 'mine', 'degradation': {'scale': 2}}).name == (
            'mine_x2'
        )
        with pytest.raises(TypeError, match="PhotoDataset has no option 'cuont'; did you mean"):
            DATASETS.build({**config, 'cuont': 3})
        with pytest.raises(TypeError, match="PhotoDataset needs the option 'pipeline'"):
            DATASETS.build({'type': 'PhotoDataset', 'root': '.'})
    finally:
        DATASETS.module_dict.pop('PhotoDataset')


def test_datasets_can_be_sent_to_worker_processes(photo_folder):
    dataset = pickle.loads(pickle.dumps(FolderDataset(str(photo_folder), pipeline=LOAD)))
    assert len(dataset) == 6


def test_a_folder_without_a_name_is_not_the_current_one():
    with pytest.raises(MissingFolderError, match="no folder of the name ''"):
        FolderDataset(gt_dir='', pipeline=[])


def test_what_is_skipped_is_said_on_the_console(photo_folder, tmp_path, caplog):
    sets = [{'name': 'here', 'gt_dir': str(photo_folder)}, {'name': 'gone', 'gt_dir': 'no/where'}]
    logger = MMLogger.get_instance('skipped')
    logger.addHandler(caplog.handler)
    TestSets(sets, shared={'type': 'FolderDataset', 'pipeline': LOAD})
    said = {(record.levelname, record.getMessage()[:24]) for record in caplog.records}
    assert ('WARNING', 'Skipped: gone: no folder') in said

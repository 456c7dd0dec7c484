"""Datasets that read a pack instead of their files."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch

from restorekit.datasets import BracketDataset, DataError, FolderDataset, SeededDataset
from restorekit.engine.hooks.record import fingerprint
from restorekit.io import PackError, write_hdr, write_image
from restorekit.prepare import pack_dataset

PIPELINE = [
    {'type': 'LoadImages'},
    {'type': 'BicubicDownscale'},
    {'type': 'PairedRandomCrop', 'size': 6},
    {'type': 'RandomFlipRotate'},
    {'type': 'PackInputs'},
]
BRACKETS = [
    {'type': 'LoadImages'},
    {'type': 'PairedRandomCrop', 'size': 6},
    {'type': 'RandomFlipRotate'},
    {'type': 'PackInputs'},
]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / 'gt').mkdir()
    for number in range(4):
        image = rng.random((20 + number, 31, 3 if number else 1))
        write_image(tmp_path / f'gt/{number}.png', image, bits=16 if number == 3 else 8)
    return tmp_path / 'gt'


@pytest.fixture
def scenes(tmp_path):
    rng = np.random.default_rng(0)
    for name in 'ab':
        scene = tmp_path / f'scenes/{name}'
        scene.mkdir(parents=True)
        for number in range(3):
            write_image(
                scene / f'{number}.tif', 0.1 * number + 0.7 * rng.random((12, 13, 3)), bits=16
            )
        (scene / 'exposure.txt').write_text('-2\n0\n2\n')
        write_hdr(scene / 'gt.hdr', rng.random((12, 13, 3), np.float32) * 3)
    return tmp_path / 'scenes'


def make(kind, out, **options):
    *_, last = pack_dataset(kind, out, options)
    return last


def stream(dataset):
    """The first samples of the stream, in an order that is not that of the files."""
    seeded = SeededDataset(dataset, 7)
    seeded.full_init()
    return [seeded[(5 * position % len(seeded), position)] for position in range(12)]


def same(first, second):
    for a, b in zip(first, second, strict=True):
        assert torch.equal(a['inputs'], b['inputs'])
        assert torch.equal(a['data_samples'].gt, b['data_samples'].gt)
        assert a['data_samples'].metainfo == b['data_samples'].metainfo
        if 'exposures' in a['data_samples']:
            assert torch.equal(a['data_samples'].exposures, b['data_samples'].exposures)


def test_a_pack_gives_the_bits_of_the_folder_without_it(folder, tmp_path):
    options = {'pipeline': PIPELINE, 'degradation': {'scale': 2}}
    plain = FolderDataset(str(folder), **options)
    expected, mark = stream(plain), fingerprint(plain)
    assert make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder)) == (4, 4)
    packed = FolderDataset(str(folder), packed=str(tmp_path / 'pack'), **options)
    same(stream(packed), expected)
    assert fingerprint(packed) == mark
    shutil.rmtree(folder)
    again = FolderDataset(str(folder), packed=str(tmp_path / 'pack'), **options)
    same(stream(again), expected)
    assert fingerprint(again) == mark


def test_brackets_are_packed_too(scenes, tmp_path):
    options = {'gt_name': 'gt.hdr', 'num_frames': 3}
    expected = stream(BracketDataset(str(scenes), pipeline=BRACKETS, **options))
    assert make('BracketDataset', tmp_path / 'pack', root=str(scenes), **options) == (8, 8)
    shutil.rmtree(scenes)
    pack = str(tmp_path / 'pack')
    same(stream(BracketDataset(str(scenes), pipeline=BRACKETS, packed=pack, **options)), expected)


def test_workers_read_the_pack(folder, tmp_path):
    make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder))
    options = {'pipeline': PIPELINE, 'degradation': {'scale': 2}, 'packed': str(tmp_path / 'pack')}
    seeded = SeededDataset(FolderDataset(str(folder), **options), 7)
    seeded.full_init()
    loader = torch.utils.data.DataLoader(
        seeded, sampler=[(1, 0), (2, 1)], num_workers=1, collate_fn=list
    )
    same([sample for batch in loader for sample in batch], [seeded[(1, 0)], seeded[(2, 1)]])


def test_other_samples_than_those_that_were_packed(folder, tmp_path):
    make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder), min_size=21)
    message = r"'min_size': 21}, asked for is .*'min_size': 22}; pack again"
    with pytest.raises(DataError, match=message):
        FolderDataset(str(folder), pipeline=[], packed=str(tmp_path / 'pack'), min_size=22)


def test_a_source_that_has_changed(folder, tmp_path):
    make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder))
    write_image(folder / '2.png', np.zeros((30, 30, 3)))
    message = r'gt: 2 problem.*\n.*/2\.png: is not as it was when it was packed\n.*pack: pack again'
    with pytest.raises(DataError, match=message):
        FolderDataset(str(folder), pipeline=[], packed=str(tmp_path / 'pack'))


def test_sizes_are_checked_in_a_pack_too(folder, tmp_path):
    make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder))
    shutil.rmtree(folder)
    pipeline = [{'type': 'LoadImages'}, {'type': 'PairedRandomCrop', 'gt_size': 21}]
    message = r'0\.png: 20 x 31 pixels are smaller than the crop of 21 x 21'
    with pytest.raises(DataError, match=message):
        FolderDataset(str(folder), pipeline=pipeline, packed=str(tmp_path / 'pack'))


def test_a_crop_reads_its_own_pages(folder, tmp_path, monkeypatch):
    """Nothing of an image is copied but what is cropped: the views have no memory of their own."""
    make('FolderDataset', tmp_path / 'pack', gt_dir=str(folder))
    dataset = FolderDataset(
        str(folder),
        packed=str(tmp_path / 'pack'),
        pipeline=[{'type': 'LoadImages'}, {'type': 'PairedRandomCrop', 'size': 6}],
    )
    dataset.full_init()
    crop = dataset[1]['gt']
    assert crop.shape == (6, 6, 3)
    assert crop.base is not None
    assert np.shares_memory(crop, dataset.pack._pixels)


@pytest.mark.parametrize('kind', ['SamplePhotos', 'TrainSets'])
def test_what_has_no_files_is_not_packed(kind, tmp_path):
    options = {'datasets': []} if kind == 'TrainSets' else {}
    with pytest.raises((ValueError, AssertionError)):
        list(pack_dataset(kind, tmp_path / 'pack', options))


def test_an_interrupted_pack_is_not_read(folder, tmp_path):
    steps = pack_dataset('FolderDataset', tmp_path / 'pack', {'gt_dir': str(folder)})
    next(steps)
    steps.close()
    with pytest.raises(PackError, match='interrupted'):
        FolderDataset(str(folder), pipeline=[], packed=str(tmp_path / 'pack'))

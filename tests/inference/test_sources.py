"""What is meant by files, folders, patterns and lists."""

from __future__ import annotations

import io
import os

import numpy as np
import pytest
from PIL import Image

from restorekit.inference import find_sources
from restorekit.inference.shares import own_device, share
from restorekit.inference.sources import is_bracket
from restorekit.io import frames_in, write_image
from tests.conftest import smooth_image


def photo(path, seed=0, light=1.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, light * smooth_image(40, 48, seed=seed))
    return path


def exposed(path, time, taken='2020:01:02 03:04:05', light=1.0):
    """A JPEG of a camera."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    details = exif.get_ifd(0x8769)
    details[0x829A], details[0x9003] = time, taken
    pixels = (255 * light * smooth_image(40, 48)).astype(np.uint8)
    Image.fromarray(pixels).save(path, exif=exif.tobytes())
    return path


@pytest.fixture
def card(tmp_path):
    """A folder as a camera leaves it: photographs, a bracket below, and what is neither."""
    for name in ('b10.png', 'b9.png', 'x/c.jpg', 'x/y/d.webp'):
        photo(tmp_path / name, seed=len(name))
    for index in range(3):
        exposed(tmp_path / f'scene/{index}.jpg', 0.01 * 4**index)
    (tmp_path / 'notes.txt').write_text('hello')
    (tmp_path / 'x/.hidden').mkdir()
    photo(tmp_path / 'x/.hidden/e.png')
    return tmp_path


def names(sources, root):
    return [str(source.path.relative_to(root)) for source in sources]


def test_a_folder_is_all_below_it(card):
    found = find_sources([card])
    assert names(found, card) == ['b9.png', 'b10.png', 'scene', 'x/c.jpg', 'x/y/d.webp']
    assert [str(source.below) for source in found] == ['.', '.', '.', 'x', 'x/y']
    assert [source.is_bracket for source in found] == [False, False, True, False, False]
    assert [frame.name for frame in found[2].frames] == ['0.jpg', '1.jpg', '2.jpg']
    everything = find_sources([card], brackets=False)
    assert names(everything, card)[2:5] == ['scene/0.jpg', 'scene/1.jpg', 'scene/2.jpg']


def test_the_folder_of_the_results_is_left_out(card):
    photo(card / 'out/b9.png')
    assert 'out/b9.png' in names(find_sources([card]), card)
    assert 'out/b9.png' not in names(find_sources([card], leave_out=card / 'out'), card)


def test_patterns_lists_and_standard_input(card, monkeypatch):
    assert names(find_sources([f'{card}/b*.png']), card) == ['b9.png', 'b10.png']
    assert names(find_sources([f'{card}/**/*.webp']), card) == ['x/y/d.webp']
    (card / 'list.txt').write_text(f'\ufeff{card}/b9.png\n\n{card}/x/*.jpg\n')
    assert names(find_sources([f'@{card}/list.txt']), card) == ['b9.png', 'x/c.jpg']
    monkeypatch.setattr('sys.stdin', io.StringIO(f'{card}/b10.png\n'))
    assert names(find_sources(['-']), card) == ['b10.png']
    twice = find_sources([card / 'b9.png', f'{card}/b*.png'])
    assert names(twice, card) == ['b9.png', 'b10.png'], 'nothing is restored twice'


def test_a_name_with_a_bracket_in_it_is_a_name(tmp_path):
    path = photo(tmp_path / 'a[1].png')
    assert [source.path for source in find_sources([path])] == [path]


def test_what_is_missing_is_said_at_once(card, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r'no such file: gone\.png, lost\.png'):
        find_sources(['gone.png', card / 'b9.png', 'lost.png'])
    with pytest.raises(FileNotFoundError, match=r"no file matches '.*\*\.nef'"):
        find_sources([f'{card}/*.nef'])
    (card / 'empty').mkdir()
    with pytest.raises(ValueError, match='empty: no image in this folder, nor below it'):
        find_sources([card / 'empty'])
    monkeypatch.setattr('sys.stdin', io.StringIO('\n'))
    with pytest.raises(ValueError, match='nothing to restore: the list is empty'):
        find_sources(['-'])


def test_several_brackets_in_one_folder(tmp_path):
    for scene in range(2):
        for index in range(3):
            exposed(tmp_path / f'{scene}{index}.jpg', 0.01 * 4**index)
    found = find_sources([tmp_path])
    assert [[frame.name for frame in source.frames] for source in found] == [
        ['00.jpg', '01.jpg', '02.jpg'],
        ['10.jpg', '11.jpg', '12.jpg'],
    ]
    assert [source.path.name for source in found] == ['00.jpg', '10.jpg']
    pairs = find_sources([tmp_path], bracket_size=2)
    assert [len(source.frames) for source in pairs] == [2, 2, 2]
    with pytest.raises(ValueError, match='6 frames are no whole number of brackets of 4'):
        find_sources([tmp_path], bracket_size=4)
    with pytest.raises(ValueError, match='--bracket-size must be 2 or more, got 1'):
        find_sources([tmp_path], bracket_size=1)


def test_photographs_of_one_camera_are_no_bracket(tmp_path):
    times = ('2020:01:02 03:04:05', '2020:01:02 03:09:05', '2020:01:02 04:09:05')
    for index, taken in enumerate(times):
        exposed(tmp_path / f'{index}.jpg', 0.01 * 2**index, taken)
    assert not is_bracket(frames_in(tmp_path)), 'minutes lie between them'
    assert len(find_sources([tmp_path])) == 3
    assert len(find_sources([tmp_path], brackets=True)) == 1, 'but they may be called one'


def test_without_exif_the_pictures_decide(tmp_path):
    for index in range(3):
        photo(tmp_path / f'scene/{index}.png', light=4.0 ** (index - 2))
        photo(tmp_path / f'others/{index}.png', seed=index, light=4.0 ** (index - 2))
        photo(tmp_path / f'same/{index}.png')
    assert is_bracket(frames_in(tmp_path / 'scene'))
    assert not is_bracket(frames_in(tmp_path / 'others')), 'they show different things'
    assert not is_bracket(frames_in(tmp_path / 'same')), 'all are equally bright'
    (tmp_path / 'same/exposure.txt').write_text('0 2 4')
    assert is_bracket(frames_in(tmp_path / 'same')), 'somebody said so'


def test_a_raw_file_and_its_jpeg_are_one_frame(tmp_path):
    photo(tmp_path / 'a.jpg')
    (tmp_path / 'a.CR2').write_bytes(b'raw')
    (tmp_path / 'b.NEF').write_bytes(b'raw')
    assert [frame.name for frame in frames_in(tmp_path)] == ['a.jpg', 'b.NEF']


def test_each_process_takes_its_share():
    items = [*range(7)]
    for names_ in (('RANK', 'WORLD_SIZE'), ('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS')):
        parts = [share(items, dict(zip(names_, (str(r), '3'), strict=True))) for r in range(3)]
        assert sorted(item for part in parts for item in part) == items
        assert [len(part) for part in parts] == [3, 2, 2]
    assert share(items, {}) == items
    assert share(items, {'SLURM_PROCID': '0', 'SLURM_NTASKS': '3'}) == items, 'no srun'


def test_each_process_takes_its_gpu(monkeypatch):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    monkeypatch.setattr('torch.cuda.device_count', lambda: 4)
    assert own_device({'LOCAL_RANK': '3'}) == 'cuda:3'
    assert own_device({}) is None
    monkeypatch.setattr('torch.cuda.device_count', lambda: 1)
    assert own_device({'SLURM_LOCALID': '3'}) == 'cuda:0', 'it sees one alone'


@pytest.mark.skipif(os.name != 'posix', reason='links')
def test_links_in_a_circle_end(tmp_path):
    photo(tmp_path / 'a.png')
    (tmp_path / 'loop').symlink_to(tmp_path)
    assert names(find_sources([tmp_path]), tmp_path) == ['a.png']


def test_a_missing_file_is_named_before_an_empty_folder(tmp_path):
    (tmp_path / 'in').mkdir()
    with pytest.raises(FileNotFoundError, match=r'no such file: .*in/a\.png$'):
        find_sources([tmp_path / 'in', tmp_path / 'in/a.png'])


def test_a_name_is_one_name(tmp_path):
    photo(tmp_path / 'a.png')
    for name in (tmp_path / 'a.png', str(tmp_path / 'a.png')):
        assert names(find_sources(name), tmp_path) == ['a.png']

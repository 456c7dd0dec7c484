import errno
import json
import pickle

import numpy as np
import pytest

from restorekit.io import Pack, PackError, packing, write_hdr, write_image, write_pack


@pytest.fixture
def samples(tmp_path):
    """Pairs of 8 and 16 bits, and a bracket of radiance."""
    rng = np.random.default_rng(0)
    made = []
    for number in range(4):
        files = {'gt': [f'{tmp_path}/{number}_gt.png'], 'lq': [f'{tmp_path}/{number}_lq.png']}
        write_image(files['gt'][0], rng.random((11, 7 + number, 3)), bits=16 if number % 2 else 8)
        write_image(files['lq'][0], rng.random((5, 3, 1)))
        made.append({'name': str(number), 'files': files})
    write_hdr(tmp_path / 'half.hdr', np.full((4, 5, 3), 0.25, np.float32))
    write_hdr(tmp_path / 'wide.hdr', np.full((4, 5, 3), 2.0**20, np.float32))
    frames = [str(tmp_path / 'half.hdr'), str(tmp_path / 'wide.hdr')]
    made.append({'name': 'b', 'files': {'lq': frames}, 'exposures': [0.0, 2.0]})
    return made


def packed(folder, samples, **options):
    return list(write_pack(folder, samples, **options))[-1]


def test_a_pack_gives_back_what_was_packed(tmp_path, samples):
    assert packed(tmp_path / 'p', samples, listing={'layout': 'x'}) == (10, 10)
    pack = pickle.loads(pickle.dumps(Pack(tmp_path / 'p')))  # as a worker gets it
    assert pack.listing == {'layout': 'x'}
    assert pack.samples() == samples
    kinds = []
    for index, sample in enumerate(samples):
        for role, numbers in pack.numbers(index).items():
            for number, path in zip(numbers, sample['files'][role], strict=True):
                image = pack.image(number)
                np.testing.assert_array_equal(image, packing._read(path))
                assert pack.shape(number) == image.shape
                assert not image.flags.writeable
                kinds.append(image.dtype.name)
    assert kinds == ['uint8', 'uint8', 'uint16', 'uint8'] * 2 + ['float16', 'float32']
    assert [*pack.damaged(), *pack.changed()] == []
    assert sorted(p.name for p in (tmp_path / 'p').iterdir()) == ['index.json', 'pixels.bin']


def test_a_file_of_two_samples_is_packed_once(tmp_path, samples):
    assert packed(tmp_path / 'p', [samples[0], {**samples[0], 'name': 'again'}]) == (2, 2)
    assert Pack(tmp_path / 'p').numbers(1) == Pack(tmp_path / 'p').numbers(0)


@pytest.mark.parametrize('stopped_after', [1, 4, 9])
def test_an_interrupted_pack_goes_on(tmp_path, samples, stopped_after, monkeypatch):
    whole = tmp_path / 'whole'
    packed(whole, samples)
    folder = tmp_path / 'p'
    steps = write_pack(folder, samples)
    for _ in range(stopped_after + 1):
        next(steps)
    steps.close()
    with pytest.raises(PackError, match='packing was interrupted; the same command goes on'):
        Pack(folder)
    read = []
    monkeypatch.setattr(packing, '_read', lambda p, old=packing._read: read.append(p) or old(p))
    assert packed(folder, samples) == (10, 10)
    assert len(read) == 10 - stopped_after
    for name in ('pixels.bin', 'index.json'):
        assert (folder / name).read_bytes() == (whole / name).read_bytes()


def test_what_is_packed_stands_in_the_journal_at_once(tmp_path, samples):
    for done, _ in write_pack(tmp_path / 'p', samples):
        journal = tmp_path / 'p' / packing.JOURNAL
        assert not journal.exists() or len(journal.read_text().splitlines()) == done


def test_what_is_not_whole_is_packed_again(tmp_path, samples, monkeypatch):
    """Half a line, pixels that did not reach the disk, a source that has changed meanwhile."""
    folder = tmp_path / 'p'

    def stop_after_six():
        steps = write_pack(folder, samples)
        while next(steps)[0] < 6:
            pass
        steps.close()

    read = []
    monkeypatch.setattr(packing, '_read', lambda p, old=packing._read: read.append(p) or old(p))
    stop_after_six()
    journal = folder / 'journal.part'
    journal.write_text(journal.read_text()[:-20])
    read.clear()
    stop_after_six()
    assert len(read) == 1
    entry = json.loads(journal.read_text().splitlines()[4])
    with (folder / 'pixels.bin.part').open('r+b') as pixels:
        pixels.seek(entry['offset'])
        pixels.write(b'\0\0\0\0')
    read.clear()
    stop_after_six()
    assert len(read) == 2
    write_image(samples[1]['files']['gt'][0], np.zeros((11, 8, 3)))
    read.clear()
    assert packed(folder, samples) == (10, 10)
    assert len(read) == 10 - 3  # the inputs come first
    assert [*Pack(folder).damaged(), *Pack(folder).changed()] == []


def test_a_full_disk_is_said_and_what_is_packed_stays(tmp_path, samples, monkeypatch):
    folder = tmp_path / 'p'

    def full(pixels, path, end, old=packing._append):
        if end > 300:
            raise OSError(errno.ENOSPC, 'No space left on device')
        return old(pixels, path, end)

    with monkeypatch.context() as patch:
        patch.setattr(packing, '_append', full)
        message = r'p: packed 3 of 10 images, then: No space left on device; the same command goes'
        with pytest.raises(OSError, match=message):
            packed(folder, samples)
    assert packed(folder, samples) == (10, 10)


@pytest.mark.parametrize(
    ('name', 'change', 'message'),
    [
        ('pixels.bin', lambda data: data[:-1], r'pixels.bin: truncated, \d+ of \d+ bytes; pack'),
        ('pixels.bin', lambda data: data + b'\0', 'truncated'),
        ('index.json', lambda data: data[:-9], r'index.json: damaged \('),
        ('index.json', lambda data: b'[]', 'a pack of version None, this restorekit reads 1'),
        (
            'index.json',
            lambda data: data.replace(b'"version": 1', b'"version": 7'),
            'a pack of version 7, this restorekit reads 1; pack again',
        ),
        (
            'index.json',
            lambda data: data.replace(b'"offset": 0', b'"offset": -8'),
            'index.json: damaged at .*0_lq.png',
        ),
        ('index.json', lambda data: data.replace(b'"uint8"', b'"object"'), 'damaged at'),
    ],
)
def test_damaged_packs_are_refused(tmp_path, samples, name, change, message):
    packed(tmp_path / 'p', samples)
    file = tmp_path / 'p' / name
    file.write_bytes(change(file.read_bytes()))
    with pytest.raises(PackError, match=message):
        Pack(tmp_path / 'p')


def test_what_is_no_pack(tmp_path, samples):
    with pytest.raises(FileNotFoundError, match='no: no such pack; `restorekit prepare pack`'):
        Pack(tmp_path / 'no')
    with pytest.raises(PackError, match=r'not a pack, there is no index\.json'):
        Pack(tmp_path)
    packed(tmp_path / 'p', samples)
    with pytest.raises(PackError, match='holds a whole pack already'):
        packed(tmp_path / 'p', samples)


def test_damage_and_change_are_named(tmp_path, samples):
    packed(tmp_path / 'p', samples)
    pack = Pack(tmp_path / 'p')
    with (tmp_path / 'p/pixels.bin').open('r+b') as pixels:
        pixels.seek(pack.images[3]['offset'])
        pixels.write(b'\7')
    write_image(pack.images[0]['path'], np.zeros((2, 2, 3)))
    (tmp_path / 'half.hdr').unlink()  # a source that is gone is not missed
    assert [*Pack(tmp_path / 'p').damaged()] == [pack.images[3]['path']]
    assert [*pack.changed()] == [pack.images[0]['path']]


def test_a_new_date_alone_is_no_change(tmp_path, samples):
    packed(tmp_path / 'p', samples)
    path = tmp_path / '0_gt.png'
    path.write_bytes(path.read_bytes())
    assert [*Pack(tmp_path / 'p').changed()] == []

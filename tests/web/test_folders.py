"""The private folder, and what killed processes left."""

from __future__ import annotations

import os
import stat

import pytest

from restorekit.web.folders import PREFIX, private_folder


def test_it_is_private_and_goes(tmp_path):
    with private_folder(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / 'picture').write_bytes(b'1')
    assert list(tmp_path.iterdir()) == []


def test_it_goes_whatever_ends_it(tmp_path):
    for error in (SystemExit, KeyboardInterrupt, ValueError):
        with pytest.raises(error), private_folder(tmp_path):
            raise error
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != 'posix', reason='locks of files are of POSIX')
def test_what_a_killed_process_left_goes_and_what_lives_stays(tmp_path):
    left, strange = tmp_path / f'{PREFIX}left', tmp_path / f'{PREFIX}strange'
    for folder in (left, strange, tmp_path / 'other'):
        folder.mkdir()
        (folder / 'picture').write_bytes(b'1')
    (left / 'lock').touch()
    (tmp_path / f'{PREFIX}link').symlink_to(tmp_path / 'other')
    with private_folder(tmp_path) as living, private_folder(tmp_path):
        assert living.exists()
        assert not left.exists()
        assert (strange / 'picture').exists()  # without a lock it is nobody's to judge
        assert (tmp_path / 'other/picture').exists()

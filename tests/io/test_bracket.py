from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from restorekit.io import (
    Bracket,
    BracketError,
    check_brightness,
    check_exposures,
    choose_frames,
    find_bracket,
    order_bracket,
    write_image,
)
from tests.conftest import smooth_image


def make(folder, exposures, listing=True, names=None):
    folder.mkdir(parents=True, exist_ok=True)
    image = smooth_image(12, 14) * 0.2
    names = names or [f'{i + 1}.png' for i in range(len(exposures))]
    for name, ev in zip(names, exposures, strict=True):
        write_image(folder / name, np.clip(image * 2.0 ** (ev / 2), 0, 1))
    if listing:
        (folder / 'exposure.txt').write_text('\n'.join(map(str, exposures)))
    return folder


def test_dark_to_bright_whatever_the_order_on_disk(tmp_path):
    bracket = find_bracket(make(tmp_path / 'a', [0, -2, 2]))
    assert [frame.name for frame in bracket.frames] == ['2.png', '1.png', '3.png']
    assert bracket.exposures == (0, 2, 4)


def test_lines_belong_to_names_in_natural_order(tmp_path):
    names = [f'{i}.png' for i in range(1, 12)]
    bracket = find_bracket(make(tmp_path / 'a', list(range(11)), names=names))
    assert [frame.name for frame in bracket.frames] == names


def test_exposures_from_exif(tmp_path):
    make(tmp_path, [0, 1, 2], listing=False)
    for index, time in enumerate((0.25, 1 / 64, 4)):
        image = Image.open(tmp_path / f'{index + 1}.png')
        exif = Image.Exif()
        exif[0x8769] = {0x829A: IFDRational(time), 0x8827: 100, 0x829D: IFDRational(4)}
        image.save(tmp_path / f'{index + 1}.png', exif=exif)
    bracket = find_bracket(tmp_path)
    assert [frame.name for frame in bracket.frames] == ['2.png', '1.png', '3.png']
    assert bracket.exposures == pytest.approx((0, 4, 8))


def test_a_real_bracket_out_of_order(data_root):
    bracket = find_bracket(data_root / 'hdr/ghost', num_frames=3)
    assert [frame.name for frame in bracket.frames] == ['2.jpg', '1.jpg', '3.jpg']
    assert bracket.exposures == pytest.approx((0, 2, 4), abs=0.1)
    room = find_bracket(data_root / 'hdr/room')
    assert [frame.name for frame in room.frames] == [f'{i}.jpg' for i in range(7, 0, -1)]


def test_unknown_exposures_go_by_the_mean(tmp_path):
    make(tmp_path / 'a', [2, 0], listing=False)
    bracket = find_bracket(tmp_path / 'a', need_exposures=False)
    assert [frame.name for frame in bracket.frames] == ['2.png', '1.png']
    assert bracket.exposures == ()


def _other_size(folder):
    write_image(folder / '2.png', smooth_image(12, 15))


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda f: (f / 'exposure.txt').unlink(), r'a: no exposure.txt, and .* EXIF of 1.png, 2'),
        (lambda f: (f / 'exposure.txt').write_text('1 2'), r"expected 3 numbers .* got '1 2'"),
        (lambda f: (f / 'exposure.txt').write_text('1 2 x'), r"expected 3 numbers .* got '1 2 x'"),
        (lambda f: (f / 'exposure.txt').write_text('1 2 2'), 'a: 2.png and 3.png have equal exp'),
        (lambda f: (f / '3.png').unlink(), r'a: expected 3 frames, got 2'),
        (_other_size, r'a: frames must have one size, got 1.png 12 x 14, 2.png 12 x 15'),
        (lambda f: (f / '2.png').write_bytes(b''), r'2.png: truncated or empty'),
    ],
)
def test_what_is_wrong_is_said_with_the_scene(tmp_path, change, message):
    folder = make(tmp_path / 'a', [0, 2, 4])
    change(folder)
    with pytest.raises(ValueError, match=message):
        find_bracket(folder, num_frames=3)


def test_an_unknown_order_is_refused(tmp_path):
    folder = make(tmp_path / 'a', [0, 2, 4])
    with pytest.raises(ValueError, match=r"by must be one of \('exposure', .* got 'size'"):
        order_bracket(sorted(folder.glob('*.png')), name='a', by='size')


def test_the_number_of_frames_is_a_number(tmp_path):
    with pytest.raises(TypeError, match=r"num_frames must be int \| None, got '3'"):
        find_bracket(make(tmp_path / 'a', [0, 2, 4]), num_frames='3')


def test_no_folder(tmp_path):
    with pytest.raises(BracketError, match='nothing: no such folder'):
        find_bracket(tmp_path / 'nothing')


@pytest.mark.parametrize(
    'exposures',
    [[0, 2], [0, 2, 2], [4, 2, 0], [0, 200, 4000], [0, 1, float('nan')], 5, ['a', 1, 2]],
)
def test_exposures_must_rise_as_a_cameras_may(exposures):
    with pytest.raises(BracketError, match='scene: expected 3 exposures in EV that rise'):
        check_exposures(exposures, 3, 'scene')


def test_absurd_exposures_of_a_folder_are_refused(tmp_path):
    for index in range(3):
        write_image(tmp_path / f'{index}.png', smooth_image(8, 8) / 2 ** (2 - index))
    (tmp_path / 'exposure.txt').write_text('0 200 4000')
    with pytest.raises(BracketError, match='span 40 at most'):
        find_bracket(tmp_path)


@pytest.mark.parametrize(
    ('text', 'exposures'),
    [
        ('-2,0,2', (0, 2, 4)),
        ('-1,5\n0,0 1,5', (0, 1.5, 3)),
        ('\ufeff -1.5; 0; 1.5;\n', (0, 1.5, 3)),
        ('1/100 1/25 0.25/1', (0, 2, 4.6439)),
    ],
)
def test_a_listing_as_people_write_it(tmp_path, text, exposures):
    make(tmp_path / 'a', [0, 2, 4], listing=False)
    (tmp_path / 'a/exposure.txt').write_text(text, encoding='utf-8')
    assert find_bracket(tmp_path / 'a').exposures == pytest.approx(exposures, abs=1e-4)


@pytest.mark.parametrize(('darker', 'is_told'), [(0, False), (0.5 / 255, False), (1.5 / 255, True)])
def test_frames_may_be_darker_by_a_step_of_eight_bits(tmp_path, darker, is_told):
    bracket = Bracket((tmp_path / 'a.png', tmp_path / 'b.png'), (0.0, 2.0))
    frames = [np.full((2, 3, 1), 0.5), np.full((2, 3, 1), 0.5 - darker)]
    told = (
        pytest.raises(BracketError, match='b.png should be brighter') if is_told else nullcontext()
    )
    with told:
        check_brightness(bracket, frames, 'scene')


@pytest.mark.parametrize(
    ('count', 'frames', 'exposures'),
    [(None, '01234', (0, 1, 3, 5, 6)), (3, '024', (0, 3, 6)), (2, '04', (0, 6)), (1, '2', (0,))],
)
def test_exposures_count_from_the_darkest_frame_that_is_left(count, frames, exposures):
    bracket = Bracket(tuple(map(Path, '01234')), (0, 1, 3, 5, 6))
    chosen = choose_frames(bracket, count)
    assert ''.join(frame.name for frame in chosen.frames) == frames
    assert chosen.exposures == exposures
    assert choose_frames(Bracket(bracket.frames, ()), count).exposures == ()


def test_exposures_that_the_pictures_contradict(tmp_path):
    bracket = Bracket((tmp_path / 'a.png', tmp_path / 'b.png'), (0.0, 2.0))
    bright, dark = smooth_image(8, 8), smooth_image(8, 8) / 4
    check_brightness(bracket, [dark, bright], 'scene')
    check_brightness(Bracket(bracket.frames, ()), [bright, dark], 'scene')
    with pytest.raises(BracketError, match=r'b\.png should be brighter than a\.png .*darker'):
        check_brightness(bracket, [bright, dark], 'scene')

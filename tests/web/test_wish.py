"""What a page may ask for."""

from __future__ import annotations

import re

import pytest

from restorekit.web.limits import Limits
from restorekit.web.wish import Wish, wish_from

LIMITS = Limits(files=3, megabytes=0.001)
ONE = [{'name': 'a.png', 'size': 9}]
BOTH = 'a model has its own task and scale; name the model alone'
EACH = 'give the exposure of each of the 2 pictures, a number in EV, or of none'
TWO = [*ONE, {'name': 'b.png', 'size': 8}]


def test_a_wish_is_what_was_sent():
    data = {'files': TWO, 'task': 'hdr', 'scale': 2, 'tone': 'mu', 'exposures': [' 1/100', '2']}
    assert wish_from(data, LIMITS) == Wish(
        names=('a.png', 'b.png'),
        sizes=(9, 8),
        task='hdr',
        scale=2,
        tone='mu',
        exposures=('1/100', '2'),
    )


@pytest.mark.parametrize(
    ('name', 'shown'),
    [
        ('C:\\photos\\a.png', 'a.png'),
        ('../../etc/a.png', 'a.png'),
        ('a\r\nb\x1b[0m.png', 'ab[0m.png'),
        ('/', 'picture'),
        ('x' * 300 + '.png', 'x' * 196 + '.png'),
    ],
)
def test_of_a_name_the_last_part_is_shown(name, shown):
    assert wish_from({'files': [{'name': name, 'size': 1}]}, LIMITS).names == (shown,)


def test_exposures_that_are_all_empty_are_none():
    assert wish_from({'files': TWO, 'exposures': ['', ' ']}, LIMITS).exposures == ()


@pytest.mark.parametrize(
    ('data', 'text'),
    [
        ([], 'expected a JSON object'),
        ({}, 'choose a picture first'),
        ({'files': []}, 'choose a picture first'),
        ({'files': ['a.png']}, 'choose a picture first'),
        ({'files': [{'name': 'a.png', 'size': True}]}, 'choose a picture first'),
        ({'files': [{'name': 'a.png', 'size': -1}]}, 'choose a picture first'),
        ({'files': [{'name': 1, 'size': 1}]}, 'choose a picture first'),
        ({'files': [{'name': 'a.png', 'size': 0}]}, 'a.png is empty'),
        ({'files': ONE * 4}, 'at most 3 pictures in one set, got 4'),
        ({'files': [{'name': 'a', 'size': 10**6}]}, '1.0 MB; this page takes 0.001 MB at a time'),
        ({'files': ONE, 'modle': 'x'}, 'unknown: modle'),
        ({'files': ONE, 'task': 'x'}, "task must be one of sr, jpeg, hdr, fusion, got 'x'"),
        ({'files': ONE, 'task': []}, 'task must be one of sr, jpeg, hdr, fusion, got []'),
        ({'files': ONE, 'scale': 2.0}, 'scale must be a whole number from 1 to 16, got 2.0'),
        ({'files': ONE, 'scale': 17}, 'scale must be a whole number from 1 to 16, got 17'),
        ({'files': TWO, 'align': 1}, 'align must be true or false, got 1'),
        ({'files': ONE, 'model': 3}, 'model must be a name, got 3'),
        ({'files': ONE, 'task': 'hdr'}, 'merging takes two or more pictures of one scene, got one'),
        ({'files': ONE, 'task': 'sr', 'model': 'm'}, BOTH),
        ({'files': ONE, 'scale': 2, 'model': 'm'}, BOTH),
        ({'files': TWO, 'task': 'sr'}, 'this is done to one picture at a time, got 2'),
        ({'files': TWO, 'exposures': ['1']}, EACH),
        ({'files': TWO, 'exposures': ['1', '']}, EACH),
        ({'files': TWO, 'exposures': ['1', 'x']}, EACH),
        ({'files': TWO, 'exposures': 'ab'}, EACH),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(data, text):
    with pytest.raises(ValueError, match=f'^{re.escape(text)}$'):
        wish_from(data, LIMITS)

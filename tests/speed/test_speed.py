"""What `restorekit speed` says; that it is true of this machine is not tested."""

from __future__ import annotations

import json

import pytest
import torch

from restorekit.speed import (
    PARTS,
    Case,
    Options,
    compared,
    machine,
    measure,
    measuring,
    published,
    table,
)
from restorekit.speed import blocks as block_part
from tests.helpers import restorekit


@pytest.fixture
def clock(monkeypatch):
    """Calls take as many ms as they say, whatever they take."""
    now = [0.0]
    monkeypatch.setattr(measuring.time, 'perf_counter', lambda: now[0])

    def call(*milliseconds):
        left = [0.0, *milliseconds]  # the first call warms up

        def run():
            now[0] += left.pop(0) / 1e3

        return run

    monkeypatch.setattr(
        measuring, 'yardstick', lambda device: Case('conv', call(4, 4, 4), flops=8e6)
    )
    return call


def test_rows_by_hand(clock):
    first, second = Case('a', clock(1, 5, 2), items=16), Case('b', clock(8, 8, 8), flops=12e6)
    conv, a, b = measure([first, second], rounds=3)
    assert conv['gflops'] == pytest.approx(2)
    assert a['ms'] == pytest.approx({'min': 1, 'median': 2, 'max': 5, 'rounds': 3})
    assert a['per_second'] == pytest.approx(8000)
    assert 'gflops' not in a
    assert b['gflops'] == pytest.approx(1.5)
    assert b['share'] == pytest.approx(0.75)
    assert a['peak_mib'] is None or a['peak_mib'] > 10


def test_cases_take_turns():
    order = []
    cases = [Case(name, lambda name=name: order.append(name)) for name in 'ab']
    measure(cases, rounds=2)
    assert order == ['a', 'b', 'b', 'a', 'a', 'b']


def test_flops_of_a_convolution():
    x, conv = torch.rand(1, 3, 8, 8), torch.nn.Conv2d(3, 5, 3, padding=1, bias=False)
    assert measuring.count_flops(lambda: conv(x)) == 2 * 3 * 5 * 9 * 64


def report(conv, a):
    rows = [measuring.row(Case('conv', print), [conv]), measuring.row(Case('a', print), [a])]
    return {'machine': {'cores': 2}, 'parts': {'data': rows, 'own': rows[:1]}}


def test_tables_by_hand():
    rows = report(2, 8)['parts']['data']
    rows[1].update(gflops=3.0, share=0.5, peak_mib=7.4)
    text = table({'machine': {'cores': 2}, 'parts': {'data': rows}}).splitlines()
    assert text[0] == 'cores 2'
    assert text[-2:] == [
        '| conv | 2.00 | 2.00 | 2.00 | 500.0 |  |  |  |',
        '| a | 8.00 | 8.00 | 8.00 | 125.0 | 3.0 | 50 % | 7 |',
    ]


def test_comparison_takes_the_machine_out():
    other = report(1, 2)
    del other['parts']['own']
    assert compared(report(2, 8), other).splitlines()[-2:] == [
        '| conv | 2.00 | 1.00 | 2.00 | 1.00 |',
        '| a | 8.00 | 2.00 | 4.00 | 2.00 |',
    ]
    message = 'nothing in common with the other report, which has nothing'
    with pytest.raises(ValueError, match=message):
        compared(report(2, 8), {'parts': {}})


def test_the_command_measures_writes_and_compares(tmp_path, monkeypatch):
    out = tmp_path / 'a.json'
    rows = report(1, 2)['parts']['data']
    monkeypatch.setitem(PARTS, 'metrics', lambda options: rows)
    text = restorekit('speed', 'metrics', '--rounds', 1, '--out', out).stdout
    assert '| metrics | ms (median) | min |' in text
    written = json.loads(out.read_text())
    assert written['machine']['cores'] == machine('cpu')['cores']
    assert written['parts'] == {'metrics': json.loads(json.dumps(rows))}
    text = restorekit('speed', 'metrics', '--compare', out).stdout
    assert '| a | 2.00 | 2.00 | 1.00 | 1.00 |' in text


@pytest.mark.parametrize(
    ('words', 'message'),
    [
        (('metric',), "no part 'metric'; accepted: data, step, inference, metrics, resize"),
        (('--rounds', '0'), '--rounds must be >= 1, got 0'),
        (('--threads', '0'), '--threads must be >= 1, got 0'),
        (('--sizes', '3by4'), "--sizes: expected HxW, as in 320x480, got '3by4'"),
        (('--sizes', '0x4'), "got '0x4'"),
        (('--device', 'cuda:7'), "device 'cuda:7' is not there"),
        (('--compare', 'no.json'), 'no.json'),
    ],
)
def test_what_cannot_be_measured(words, message):
    assert message in restorekit('speed', *words, expect=1).stderr


def test_reports_that_are_none(tmp_path):
    for text in ('{', '[]', '{"parts": 3}'):
        (tmp_path / 'a.json').write_text(text)
        words = ('speed', 'metrics', '--compare', tmp_path / 'a.json')
        error = restorekit(*words, expect=1).stderr
        assert 'a.json: not a report of `restorekit speed`' in error


@pytest.mark.parametrize('part', ['data', 'metrics', 'resize'])
def test_parts_run(part, tmp_path):
    rows = PARTS[part](Options(tmp_path, rounds=1))
    assert rows[0]['name'] == measuring.YARDSTICK
    assert len({row['name'] for row in rows}) == len(rows) > 4


def test_published_forms_compute_the_same():
    torch.manual_seed(0)
    x = torch.rand(1, 16, 12, 10)
    for ours, theirs in (
        (block_part.SOCA, published.PublishedSOCA),
        (block_part.NonLocal, published.PublishedNonLocal),
    ):
        block, other = ours(16), theirs(16)
        other.load_state_dict(block.state_dict())
        torch.testing.assert_close(block(x), other(x), rtol=1e-4, atol=1e-5)
    rfft = block_part.RFFTBlock(16)
    torch.testing.assert_close(published.PublishedRFFT(rfft)(x), rfft(x), rtol=1e-4, atol=1e-5)

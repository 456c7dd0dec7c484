"""The page without a browser: what is sent to it, and what comes back."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
import struct
import time
import zlib
from unittest import mock

import cv2
import numpy as np
import pytest

from restorekit.inference import restore
from restorekit.io import read_hdr, to_integers, tonemap
from restorekit.web.app import PAGE, _sweep
from restorekit.web.limits import Limits
from tests.conftest import smooth_image
from tests.web.conftest import encoded, running

SMALL, LARGE = encoded(smooth_image(24, 24)), encoded(smooth_image(300, 200))


def decoded(data):
    return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]


def png_of(width, height):
    """A PNG file of a few bytes whose header speaks of any number of pixels."""

    def chunk(kind, data):
        body = kind + data
        return struct.pack('>I', len(data)) + body + struct.pack('>I', zlib.crc32(body))

    header = chunk(b'IHDR', struct.pack('>IIBBBBB', width, height, 8, 2, 0, 0, 0))
    return b'\x89PNG\r\n\x1a\n' + header + chunk(b'IDAT', zlib.compress(b'')) + chunk(b'IEND', b'')


def test_the_page_and_its_parts_are_served(client):
    status, headers, page = client.ask('GET', '/')
    assert status == 200
    assert headers['Content-Type'] == 'text/html; charset=utf-8'
    parts = re.findall(r'(?:src|href)="(/[^"]*)"', page.decode())
    assert sorted(parts) == ['/icon.svg', '/page.css', '/page.js']
    for part in [*parts, '/viewer.js', '/jobs.js', '/talk.js']:
        assert client.ask('GET', part)[0] == 200, part


def test_nothing_is_fetched_from_elsewhere(client):
    texts = {path.name: path.read_text() for path in PAGE.iterdir()}
    texts['icon.svg'] = texts['icon.svg'].replace('xmlns="http://www.w3.org/2000/svg"', '')
    assert [
        name for name, text in texts.items() if '//' in re.sub(r'^\s*// .*', '', text, flags=re.M)
    ] == []
    policy = client.ask('GET', '/')[1]['Content-Security-Policy']
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; ")


def test_what_can_be_asked_for(client):
    status, offer = client.json('GET', '/models')
    assert status == 200
    assert {'bicubic-x2', 'ain-x2', 'debevec'} <= {model['name'] for model in offer['models']}
    assert '.png' in offer['extensions']
    assert offer['tones'][0] == 'reinhard'
    assert len(offer['tones']) > 2
    assert offer['limits'] == {'files': 5, 'bytes': 2_000_000, 'pixels': 100_000}


def test_a_photograph_comes_back_as_restore_makes_it(client, photo, tmp_path):
    job, state = client.do(['../../my photo.png'], [photo], model='bicubic-x2')
    assert state == {
        'state': 'done',
        'message': 'bicubic-x2 (as asked for)',
        'height': 48,
        'width': 64,
        'linear': False,
        'files': ['before0.png', 'result.png', 'result16.png'],
    }
    (tmp_path / 'photo.png').write_bytes(photo)
    expected = restore(tmp_path / 'photo.png', 'bicubic-x2')
    assert np.array_equal(decoded(client.ask('GET', f'{job}/files/before0.png')[2]), decoded(photo))
    for name, bits in (('result.png', 8), ('result16.png', 16)):
        status, headers, data = client.ask('GET', f'{job}/files/{name}?download')
        assert status == 200
        assert np.array_equal(decoded(data), to_integers(expected, bits))
        end = '' if bits == 8 else '_16bit'
        kept = f"attachment; filename*=utf-8''my%20photo_bicubic-x2{end}.png"
        assert headers['Content-Disposition'] == kept
    assert 'Content-Disposition' not in client.ask('GET', f'{job}/files/result.png')[1]


def test_what_a_file_carries_stays(client):
    rgb = smooth_image(24, 32)
    rgba = np.dstack([rgb[..., ::-1], np.linspace(0, 1, 24 * 32).reshape(24, 32, 1)])
    data = cv2.imencode('.png', np.rint(65535 * rgba).astype(np.uint16))[1].tobytes()
    job, _ = client.do(['a.png'], [data], model='bicubic-x2')
    for name, depth in (('before0', np.uint8), ('result', np.uint8), ('result16', np.uint16)):
        data = client.ask('GET', f'{job}/files/{name}.png')[2]
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        assert (image.shape[2], image.dtype) == (4, depth)
        assert np.all(np.diff(image[..., 3].mean(axis=1)) > 0)


@pytest.mark.parametrize('tone', ['mu', 'mantiuk'])
def test_exposures_that_were_typed_become_hdr(client, exposures, tone, tmp_path):
    names = ['dark.png', 'middle.png', 'bright.png']
    job, state = client.do(names, exposures, exposures=['-2', '0', '2'], tone=tone)
    assert state['message'] == 'lffnet (three frames 4 EV apart, which may move)'
    assert state['linear'] is True
    assert state['files'] == [
        *(f'before{i}.png' for i in range(3)),
        'result.hdr',
        'result.png',
        'result16.png',
    ]
    (tmp_path / 'got.hdr').write_bytes(client.ask('GET', f'{job}/files/result.hdr?download')[2])
    frames = [decoded(data).astype(np.float32) / 255 for data in exposures]
    expected = restore(frames, 'lffnet', exposures=[0, 2, 4])
    assert np.allclose(read_hdr(tmp_path / 'got.hdr'), expected, rtol=0.01, atol=1e-3)
    shown = decoded(client.ask('GET', f'{job}/files/result.png')[2])
    assert np.array_equal(shown, to_integers(tonemap(expected, tone)))


def test_exposures_that_nobody_knows_are_fused_and_said(client, exposures):
    _, state = client.do(['a.png', 'b.png', 'c.png'], exposures)
    assert state['message'] == (
        'mertens (no HDR: no exposure.txt, and no exposure in the EXIF of a.png, b.png, c.png)'
    )


def test_merged_and_enlarged(client, exposures):
    _, state = client.do(['a.png', 'b.png', 'c.png'], exposures, task='fusion', scale=2)
    assert state['message'] == 'mertens, then ain-x2 (as asked for)'
    assert (state['height'], state['width']) == (80, 96)


@pytest.mark.parametrize(
    ('names', 'datas', 'wish', 'text'),
    [
        (['x.jpg'], [b'abcd'], {}, 'x.jpg: not a readable image (4 bytes)'),
        (['x.sh'], [b'abcd'], {}, 'x.sh: not a picture; accepted: .png, .jpg'),
        (['x'], [b'abcd'], {}, 'x: not a picture; accepted: .png, .jpg'),
        (['bomb.png'], [png_of(2000, 300)], {}, 'bomb.png: 2000 x 300 pixels, 600,000; this'),
        (['bomb.png'], [png_of(60000, 60000)], {}, 'bomb.png: 60000 x 60000 pixels, 3600.0 mi'),
        (['a.png'], [LARGE], {'scale': 4}, 'the result would have 960,000 pixels; this page'),
        (['a.png'], [png_of(20, 30)[:40]], {}, 'a.png: truncated or empty image (40 bytes)'),
        (['a.png'], [SMALL], {'scale': 5}, 'no model for scale 5; accepted: 2, 3, 4'),
        (['a.png'], [SMALL], {'model': '/etc/passwd'}, "no model '/etc/passwd' here"),
        (['a.png'], [SMALL], {'model': 'mertens'}, 'mertens takes exposures of one scene, got 1'),
        (['a.png'], [SMALL], {'tone': 'x'}, "no tone curve 'x'; accepted: mu, "),
        (['a.png'], [SMALL], {'task': 'jpeg', 'scale': 2}, 'artifact removal keeps the size'),
    ],
)  # fmt: skip
def test_what_cannot_be_restored_is_said_in_a_sentence(client, names, datas, wish, text):
    job, state = client.do(names, datas, **wish)
    assert state['state'] == 'failed'
    assert state['message'].startswith(text)
    assert str(client.folder) not in state['message']
    assert client.ask('GET', f'{job}/files/result.png')[0] == 404


@pytest.mark.parametrize(
    ('change', 'wish', 'text'),
    [
        ({1: SMALL}, {}, 'frames must have one size, got one.png 40 x 48, two.png 24 x 24, '),
        ({}, {'task': 'hdr'}, 'no exposure.txt, and no exposure in the EXIF of one.png, '),
        ({}, {'exposures': ['2', '0', '-2']}, 'two.png should be brighter than three.png by'),
        ({}, {'exposures': ['1', '1', '1']}, 'one.png and two.png have equal exposure'),
        ({}, {'exposures': ['1', '2', '1e']}, 'exposure.txt: expected 3 numbers'),
        ({}, {'model': 'bicubic-x2'}, 'bicubic-x2 takes one picture at a time, got 3'),
    ],
)  # fmt: skip
def test_what_cannot_be_merged_is_said_with_the_users_names(client, exposures, change, wish, text):
    datas = [change.get(index, data) for index, data in enumerate(exposures)]
    _, state = client.do(['one.png', 'two.png', 'three.png'], datas, **wish)
    assert state['message'].startswith(text)
    assert str(client.folder) not in state['message']
    assert not re.search(r'00\d-', state['message'])


def test_all_pictures_of_a_set_count_together(client):
    datas = [encoded(smooth_image(200, 200, seed=seed)) for seed in range(3)]
    _, state = client.do(['a.png', 'b.png', 'c.png'], datas)
    assert state['message'] == (
        'c.png: 200 x 200 pixels, together 120,000; this page takes 100,000 at a time'
    )


def test_files_are_nobody_elses_and_no_path_leads_out(client, photo):
    job, _ = client.do(['a.png'], [photo], model='bicubic-x2')
    outside = ('..%2f..%2flock', '%2fetc%2fpasswd', '..', 'result.hdr')
    assert {client.ask('GET', f'{job}/files/{name}')[0] for name in outside} == {404}
    assert client.ask('GET', '/..%2fapp.py')[0] == 404
    status, answer = client.json('GET', '/jobs/other')
    assert (status, answer) == (404, {'error': 'this picture is not here any more; send it again'})


def test_files_go_with_their_job(client, photo):
    before = set(client.folders())
    job, _ = client.do(['a.png'], [photo], model='bicubic-x2')
    (folder,) = set(client.folders()) - before
    assert [path.name for path in folder.iterdir()] == ['out']
    assert client.ask('DELETE', job)[0] == 204
    assert not folder.exists()
    assert client.ask('GET', f'{job}/files/result.png')[0] == 404


def test_files_of_what_failed_go_at_once(client):
    before = set(client.folders())
    client.do(['a.png'], [b'none'])
    assert set(client.folders()) <= before


def slots(client):
    """How many jobs can be opened; they are dropped again."""
    opened = []
    while (answer := client.open(['a.png'], [b'1']))[0] == 201:
        opened.append(f'/jobs/{answer[1]["id"]}')
    for job in opened:
        client.ask('DELETE', job)
    return len(opened), answer


def test_a_full_queue_says_so_and_frees_places(client):
    count, (status, answer) = slots(client)
    assert (count, status) == (3, 503)
    assert answer['error'] == (
        '3 pictures are being restored or wait, as many as this page takes; try again in a minute'
    )
    assert slots(client)[0] == 3


@pytest.mark.parametrize(
    ('sent', 'status', 'text'),
    [
        (b'123456', 413, 'more than the 5 bytes that were announced'),
        (b'1234', 400, '4 of 5 bytes came'),
    ],
)
def test_a_file_of_another_size_is_refused_and_its_place_is_free(client, sent, status, text):
    _, answer = client.open(['a.png'], [b'12345'])
    path = f'/jobs/{answer["id"]}/pictures/0'
    assert client.json_put(path, sent) == (status, {'error': text})
    assert client.json('GET', f'/jobs/{answer["id"]}')[0] == 404
    assert slots(client)[0] == 3


def half_sent(client, path):
    """A connection on which half of a picture was sent."""
    connection = socket.create_connection(('127.0.0.1', client.port))
    head = f'PUT {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n'
    connection.sendall(head.encode() + bytes(50))
    return connection


def test_a_lost_connection_frees_its_place_and_its_file(client):
    before = len(client.folders())
    _, answer = client.open(['a.png'], [bytes(100)])
    half_sent(client, f'/jobs/{answer["id"]}/pictures/0').close()
    for _ in range(500):
        if len(client.folders()) == before:
            break
        time.sleep(0.01)
    assert client.json('GET', f'/jobs/{answer["id"]}')[0] == 404
    assert len(client.folders()) == before


def test_an_upload_that_stands_still_is_given_up(client):
    _, answer = client.open(['a.png'], [bytes(100)])
    with half_sent(client, f'/jobs/{answer["id"]}/pictures/0') as connection:
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        body = answer.read().decode()
    assert (answer.status, body) == (408, '{"error":"nothing came for 0.3 seconds"}')


def test_a_picture_is_taken_once_and_where_it_is_awaited(client, exposures):
    _, answer = client.open(['a.png', 'b.png'], exposures[:2])
    job = f'/jobs/{answer["id"]}'
    expected = (409, {'error': 'this picture is not awaited'})
    assert client.json_put(f'{job}/pictures/2', b'') == expected
    assert client.json_put(f'{job}/pictures/0', exposures[0])[0] == 204
    assert client.json_put(f'{job}/pictures/0', exposures[0]) == expected
    client.ask('DELETE', job)


def test_what_is_no_wish_is_refused(client):
    for body, text in (
        (b'{', 'no JSON'),
        (b'[' * 60000, 'no JSON'),
        (b'[]', 'expected a JSON object'),
    ):
        status, _, answer = client.ask('POST', '/jobs', body)
        assert (status, answer.decode()) == (400, f'{{"error":"{text}"}}')
    assert client.ask('POST', '/jobs', bytes(70000))[0] == 413


def test_a_full_disk_is_said(client, monkeypatch):
    def fail(*_, **__):
        raise OSError(28, 'No space left on device')

    monkeypatch.setattr('restorekit.web.jobs.Path.mkdir', fail)
    status, answer = client.open(['a.png'], [b'12'])
    expected = 'the server cannot keep the picture (No space left on device)'
    assert (status, answer) == (507, {'error': expected})


def test_a_disk_that_fills_while_a_picture_comes_frees_its_place(client):
    before = set(client.folders())
    _, answer = client.open(['a.png'], [b'12'])
    (folder,) = set(client.folders()) - before
    (folder / 'in').rmdir()  # as good as a full disk for who opens a file
    status, said = client.json_put(f'/jobs/{answer["id"]}/pictures/0', b'12')
    expected = 'the server cannot keep the picture (No such file or directory)'
    assert (status, said) == (507, {'error': expected})
    assert not folder.exists()
    assert slots(client)[0] == 3


def test_a_disk_that_fills_with_results_is_said_without_its_path(client, photo, monkeypatch):
    def fail(path, *_, **__):
        raise OSError(f'{path}: cannot be written (No space left on device)')

    monkeypatch.setattr('restorekit.web.work.write_image', fail)
    before = set(client.folders())
    _, state = client.do(['a.png'], [photo], model='bicubic-x2')
    assert state == {
        'state': 'failed',
        'message': 'before0.png: cannot be written (No space left on device)',
    }
    assert set(client.folders()) <= before


def test_what_nobody_asks_for_is_looked_for_again_and_again():
    jobs = mock.Mock()

    async def look():
        task = asyncio.create_task(_sweep(jobs, 0.001))
        while jobs.sweep.call_count < 2:
            await asyncio.sleep(0.001)
        task.cancel()

    asyncio.run(asyncio.wait_for(look(), 20))


def test_nothing_is_left_when_the_server_ends(tmp_path, photo):
    with running(tmp_path / 'files', limits=Limits(pixels=100_000)) as client:
        client.do(['a.png'], [photo], model='bicubic-x2')
        client.open(['b.png'], [photo])
        assert len(client.folders()) == 2
    assert client.folders() == []


def test_a_fault_of_the_program_is_a_sentence_and_the_next_job_is_done(
    client, photo, monkeypatch, capfd
):
    def fail(*_):
        raise KeyError('inside')

    with monkeypatch.context() as patch:
        patch.setattr('restorekit.web.work.load', fail)
        _, state = client.do(['a.png'], [photo], model='bicubic-x2')
    assert state['message'] == 'an error of the program (KeyError); its terminal says more'
    assert "KeyError: 'inside'" in capfd.readouterr().err
    assert client.do(['a.png'], [photo], model='bicubic-x2')[1]['state'] == 'done'

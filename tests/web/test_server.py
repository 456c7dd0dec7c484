"""The program: where it listens, what it says, and how it ends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.request
from unittest import mock

import pytest

from restorekit.web.server import Options, _watch, is_loopback, listen, serve
from tests.helpers import Started, error_of, restorekit
from tests.web.conftest import running

TOKEN = 'a-token-of-many-letters'


def test_others_need_a_token_and_this_machine_does_not(tmp_path):
    with running(tmp_path / 'a') as client:
        assert client.address == f'http://127.0.0.1:{client.port}/'
        assert client.ask('GET', '/models')[0] == 200
    with running(tmp_path / 'b', host='0.0.0.0') as client:
        host, port, token = re.fullmatch(r'http://(.*):(\d+)/\?token=(.*)', client.address).groups()
        assert (host, int(port)) == (socket.gethostname(), client.port)
        assert len(token) >= 32
        assert client.ask('GET', '/models')[0] == 401
        _, headers, _ = client.ask('GET', f'/?token={token}')
        cookie = headers['Set-Cookie'].partition(';')[0]
        assert cookie == f'restorekit_{port}={token}'
        assert client.ask('GET', '/models', Cookie=cookie)[0] == 200


@pytest.mark.parametrize(
    'options', [{'token': TOKEN}, {'token': TOKEN, 'host': '0.0.0.0'}, {'names': ['a.example']}]
)
def test_a_token_of_ones_own_and_a_proxy(tmp_path, options):
    with running(tmp_path / 'files', **options) as client:
        token = client.address.partition('?token=')[2]
        assert token == options.get('token', token)
        assert client.ask('GET', '/models')[0] == 401
        assert client.ask('GET', '/models', Authorization=f'Bearer {token}')[0] == 200


def test_what_is_no_token_is_refused():
    with pytest.raises(ValueError, match='^token: at least 12 characters, got 6; without one a'):
        Options(token='secret')


@pytest.mark.parametrize(
    ('host', 'private'),
    [
        ('127.0.0.1', True),
        ('127.1.2.3', True),
        ('localhost', True),
        ('::1', True),
        ('0.0.0.0', False),
        ('::', False),
        ('', False),
        ('192.168.0.1', False),
        ('127.evil.example', False),
    ],
)
def test_which_addresses_are_this_machine_alone(host, private):
    assert is_loopback(host) is private


def test_a_port_that_is_taken_is_named():
    with listen('127.0.0.1', 0) as first:
        port = first.getsockname()[1]
        text = f'^127.0.0.1, port {port}: Address already in use; --port 0 takes one that is free$'
        with pytest.raises(OSError, match=text):
            listen('127.0.0.1', port)


def test_an_address_of_six_words_is_bracketed(tmp_path):
    try:
        listen('::1', 0).close()
    except OSError as error:
        pytest.skip(f'no IPv6 here ({error})')
    with running(tmp_path / 'files', host='::1') as client:
        assert client.address == f'http://[::1]:{client.port}/'
        with urllib.request.urlopen(client.address) as answer:
            assert answer.status == 200


def test_the_page_is_shown_once_it_is_there(monkeypatch):
    shown = []
    monkeypatch.setattr('webbrowser.open', shown.append)
    server = mock.Mock(started=True, should_exit=False)
    worker = mock.Mock(error=None)
    _watch(server, worker, Options(), 'http://a/')
    assert shown == []
    _watch(server, worker, Options(open_browser=True), 'http://a/')
    assert shown == ['http://a/']
    assert server.should_exit is False


def test_answers_do_not_wait_for_the_acknowledgement_of_their_headers():
    with listen('127.0.0.1', 0) as listener:
        with socket.create_connection(listener.getsockname()):
            connection, _ = listener.accept()
        with connection:
            assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.mark.parametrize(
    ('options', 'text'),
    [
        (['--port', '70000'], '127.0.0.1, port 70000: '),
        (['--token', 'secret'], 'token: at least 12 characters, got 6'),
        (['--max-users', '0'], 'Limits: users must be more than 0, got 0'),
        (['--max-pixels', '-1'], '--max-pixels must be 1 or more, got -1'),
        (['--max-megabytes', '0'], 'Limits: megabytes must be more than 0, got 0.0'),
        (['--host', 'no.such.host.invalid'], 'no.such.host.invalid, port 8000: '),
    ],
)
def test_the_command_says_what_is_wrong(options, text):
    assert error_of('serve', *options).startswith(f'restorekit serve: error: {text}')


def test_without_the_extra_the_error_names_it(monkeypatch):
    monkeypatch.setitem(sys.modules, 'restorekit.web.server', None)
    monkeypatch.delitem(sys.modules, 'restorekit.web.server')
    monkeypatch.setitem(sys.modules, 'uvicorn', None)
    needs = ['uvicorn>=0.30; extra == "web"']
    monkeypatch.setattr('restorekit.cli.errors.requires', lambda _: needs)
    assert 'uvicorn; pip install "restorekit[web]"\n' in error_of('serve').replace(
        'import of uvicorn halted; None in sys.modules', 'uvicorn'
    )


def test_help_says_what_there_is():
    text = restorekit('serve', '--help').stdout
    for option in ('--host', '--port', '--token', '--name', '--device', '--max-pixels', '--open'):
        assert option in text


@pytest.fixture
def ended():
    """Signals are handled after the test as they were before it."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def kill_when_served(said):
    """Send this process a signal once the page that `said` names is there."""
    while True:
        with contextlib.suppress(OSError, IndexError):
            port = re.search(r':(\d+)/', said[0])[1]
            urllib.request.urlopen(f'http://127.0.0.1:{port}/page.css').close()
            break
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)


@pytest.mark.parametrize('host', ['127.0.0.1', '0.0.0.0'])
def test_what_is_said_and_what_is_left(tmp_path, ended, host):
    said = []
    killer = threading.Thread(target=kill_when_served, args=(said,))
    killer.start()
    options = Options(host=host, port=0, folder=tmp_path)
    with pytest.raises(SystemExit, match='^143$'):
        serve(options, say=said.append)
    killer.join()
    assert said[0].startswith('restorekit: http://')
    warned = ['What is sent is not encrypted: for other networks see docs/serve.md.']
    assert said[1:] == [*(warned if host == '0.0.0.0' else []), 'Ctrl-C ends it.']
    assert list(tmp_path.iterdir()) == []


def test_why_nothing_can_be_restored_is_raised(tmp_path, ended):
    options = Options(port=0, folder=tmp_path, device='nonsense')
    with pytest.raises(ValueError, match="^device 'nonsense' is not there "):
        serve(options, say=lambda _: None)
    assert list(tmp_path.iterdir()) == []


def served(tmp_path, *options):
    """The command in a process of its own."""
    return Started('serve', '--port', '0', *options, TMPDIR=str(tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize(
    ('number', 'code'), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130)]
)
def test_a_signal_ends_it_and_its_files_go(tmp_path, number, code):
    with served(tmp_path) as process:
        process.wait_for(lambda: '\n' in process.said)
        address = re.match(r'restorekit: (http://127\.0\.0\.1:\d+/)\n', process.said)[1]
        with urllib.request.urlopen(address) as answer:
            assert b'<title>restorekit</title>' in answer.read()
        (folder,) = tmp_path.glob('restorekit-serve-*')
        os.kill(process.pid, number)
        assert process.wait() == code
        assert 'Traceback' not in process.said
        assert not folder.exists()


@pytest.mark.slow
def test_what_cannot_restore_anything_ends_and_says_why(tmp_path):
    with served(tmp_path, '--device', 'nonsense') as process:
        assert process.wait() == 1
        assert "\nrestorekit serve: error: device 'nonsense' is not there (" in process.said
        assert [path for path in tmp_path.iterdir() if path.name.startswith('restorekit')] == []

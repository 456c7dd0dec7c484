"""A server in this process, and a client that speaks to it as a page does."""

from __future__ import annotations

import http.client
import json
import threading
import time
from contextlib import contextmanager

import cv2
import numpy as np
import pytest

from restorekit.web.limits import Limits
from restorekit.web.server import Options, build_server, listen
from tests.conftest import smooth_image

LIMITS = {'pixels': 100_000, 'megabytes': 2, 'users': 3, 'files': 5, 'stall': 0.3}


class Client:
    """Speaks to a server; `folder` is where that keeps its files."""

    def __init__(self, port, folder, address):
        self.port, self.folder, self.address = port, folder, address

    def ask(self, method, path, body=None, **headers):
        """The answer's status, headers and body."""
        connection = http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
        try:
            names = {name.replace('_', '-'): value for name, value in headers.items()}
            connection.request(method, path, body, names)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def json(self, method, path, data=None):
        status, _, body = self.ask(method, path, None if data is None else json.dumps(data))
        return status, json.loads(body) if body else None

    def open(self, names, datas, **wish):
        files = [{'name': name, 'size': len(data)} for name, data in zip(names, datas, strict=True)]
        return self.json('POST', '/jobs', {'files': files, **wish})

    def do(self, names, datas, **wish):
        """Send, and wait; returns the job's address and its last state."""
        status, answer = self.open(names, datas, **wish)
        assert status == 201, answer
        job = f'/jobs/{answer["id"]}'
        for index, data in enumerate(datas):
            status, answer = self.json_put(f'{job}/pictures/{index}', data)
            assert status == 204, answer
        return job, self.wait(job)

    def json_put(self, path, data):
        status, _, body = self.ask('PUT', path, data)
        return status, json.loads(body) if body else None

    def wait(self, job):
        for _ in range(3000):
            _, state = self.json('GET', job)
            if state['state'] in ('done', 'failed'):
                return state
            time.sleep(0.01)
        raise AssertionError(state)

    def folders(self):
        """Folders of jobs that there are."""
        return [path for path in self.folder.iterdir() if path.is_dir()]


@contextmanager
def running(folder, **options):
    """A client of a server that runs in a thread of this process."""
    folder.mkdir()
    chosen = Options(**{'limits': Limits(**LIMITS), **options})
    with listen('::1' if chosen.host == '::1' else '127.0.0.1', 0) as listener:
        server, _, address = build_server(chosen, listener, folder)
        thread = threading.Thread(target=server.run, kwargs={'sockets': [listener]})
        thread.start()
        try:
            client = Client(listener.getsockname()[1], folder, address)
            yield client
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope='module')
def client(tmp_path_factory):
    with running(tmp_path_factory.mktemp('served') / 'files') as client:
        yield client


def encoded(image, suffix='.png'):
    """An image, (H, W, 3) RGB in [0, 1], as a file's bytes."""
    pixels = np.rint(255 * image).astype(np.uint8)
    return cv2.imencode(suffix, pixels[..., ::-1])[1].tobytes()


@pytest.fixture(scope='session')
def photo():
    """A photograph's bytes."""
    return encoded(smooth_image(24, 32))


@pytest.fixture(scope='session')
def exposures():
    """A scene's exposures, of -2, 0 and 2 EV, as bytes."""
    light = smooth_image(40, 48) ** 2.2
    return [encoded(np.clip(light * 2.0**ev, 0, 1) ** (1 / 2.2)) for ev in (-2, 0, 2)]

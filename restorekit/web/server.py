"""The page as a program: from an address to its end."""

from __future__ import annotations

import ipaddress
import os
import secrets
import signal
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from restorekit.web.app import build_app
from restorekit.web.folders import private_folder
from restorekit.web.guard import Guard
from restorekit.web.jobs import Jobs
from restorekit.web.limits import Limits
from restorekit.web.worker import Worker

if TYPE_CHECKING:
    from restorekit.inference.precision import Precision
    from restorekit.web.work import Workshop

SHORTEST_TOKEN = 12
CONNECTIONS_PER_USER, SPARE_CONNECTIONS = 8, 64


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the page is served.

    Attributes:
        host, port: Where it listens; port 0 is any that is free.
        token: What a browser must know; None makes one where others than this machine may ask.
        names: Under which a proxy shows the page, or other machines know this one.
        device, precision: As for `Inferencer`.
        limits: What is taken.
        folder: Where the private folder is made; the system's for temporary files by default.
        open_browser: Whether to show the page at once.
        rest: Called whenever nothing is left to do.
    Raises:
        ValueError: If the token is too short to be one.
    """

    host: str = '127.0.0.1'
    port: int = 8000
    token: str | None = None
    names: Sequence[str] = ()
    device: str | None = None
    precision: Precision = 'auto'
    limits: Limits = field(default_factory=Limits)
    folder: Path | None = None
    open_browser: bool = False
    rest: Callable[[], object] = lambda: None

    def __post_init__(self) -> None:
        if self.token is not None and len(self.token) < SHORTEST_TOKEN:
            raise ValueError(
                f'token: at least {SHORTEST_TOKEN} characters, got {len(self.token)}; '
                'without one a good one is made'
            )


def serve(options: Options, *, say: Callable[[str], object]) -> None:
    """Serve the page until a signal ends it.

    Args:
        options: How.
        say: Gets what the user is to read: the address, above all.
    Raises:
        OSError: If the address cannot be had, or there is no place for files.
        ValueError: If nothing can be restored: no such device, a damaged catalogue.
    """
    listener = listen(options.host, options.port)
    with listener, private_folder(options.folder) as folder:
        server, worker, address = build_server(options, listener, folder)
        say(f'restorekit: {address}')
        if not is_loopback(options.host):
            say('What is sent is not encrypted: for other networks see docs/serve.md.')
        say('Ctrl-C ends it.')
        watch = threading.Thread(target=_watch, args=(server, worker, options, address))
        watch.daemon = True
        watch.start()
        _end_by_signals(server)
        server.run(sockets=[listener])
    if worker.error is not None:
        raise worker.error


def build_server(
    options: Options, listener: socket.socket, folder: Path
) -> tuple[uvicorn.Server, Worker, str]:
    """The server, who computes for it, and the address for its user."""
    port = listener.getsockname()[1]
    private = is_loopback(options.host)
    token = options.token
    if token is None and (not private or options.names):
        token = secrets.token_urlsafe(24)
    jobs = Jobs(folder, options.limits)

    def make() -> Workshop:
        from restorekit.web.work import Workshop

        return Workshop(device=options.device, precision=options.precision, limits=options.limits)

    worker = Worker(jobs, make, rest=options.rest)
    app = Guard(
        build_app(jobs, worker),
        names=[*options.names, *([] if private else [options.host, socket.gethostname()])],
        loopback=private,
        token=token,
        cookie=f'restorekit_{port}',
    )
    config = uvicorn.Config(
        app,
        log_level='warning',
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        lifespan='on',
        ws='none',
        limit_concurrency=SPARE_CONNECTIONS + CONNECTIONS_PER_USER * options.limits.users,
        timeout_graceful_shutdown=2,
    )
    shown = options.host if is_named(options.host) else socket.gethostname()
    query = f'?token={token}' if token else ''
    return uvicorn.Server(config), worker, f'http://{_bracketed(shown)}:{port}/{query}'


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
        OSError: If the address is not this machine's, or is taken.
    """
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=256)
    except (OSError, OverflowError) as error:
        code = getattr(error, 'errno', None) or 0  # of names that are not found it is negative
        reason = os.strerror(code) if code > 0 else getattr(error, 'strerror', error)
        raise OSError(f'{host}, port {port}: {reason}; --port 0 takes one that is free') from None
    # Its connections get this too: a body does not wait until its header is acknowledged.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def is_loopback(host: str) -> bool:
    """Whether only this machine can speak to an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'


def is_named(host: str) -> bool:
    """Whether an address stands for one network, not for all that the machine has."""
    return host not in ('', '0.0.0.0', '::')


def _end_by_signals(server: uvicorn.Server) -> None:
    """Have signals that would kill this process end it, so that its files go.

    The server ends its work at a signal and raises it again, for whoever was there before.
    """

    def end(number: int, frame: FrameType | None) -> None:
        if server.should_exit or not server.started:
            raise SystemExit(128 + number)
        server.handle_exit(number, frame)

    for name in ('SIGTERM', 'SIGHUP'):  # kill; a terminal that is closed
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), end)


def _bracketed(host: str) -> str:
    return f'[{host}]' if ':' in host else host


def _watch(server: uvicorn.Server, worker: Worker, options: Options, address: str) -> None:
    """Show the page once it is there; end the server if nothing can be restored."""
    while not server.started and not server.should_exit:
        time.sleep(0.05)
    if options.open_browser and server.started:
        webbrowser.open(address)
    worker.ready.wait()
    if worker.error is not None:
        server.should_exit = True

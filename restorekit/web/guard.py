"""Who may ask: the host, the origin and the token of every request, and what answers forbid."""

from __future__ import annotations

import hmac
import html
import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

READING = ('GET', 'HEAD')
HEADERS = {
    # Nothing is fetched from elsewhere, sent elsewhere or shown inside another page.
    'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Cache-Control': 'no-store',
}
ASK = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>restorekit</title>
<link rel="stylesheet" href="/page.css"><main class="alone"><h1>restorekit</h1>
<p>{said}</p><form action="/" method="get"><label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="off" required>
<button>Open</button></form></main></html>"""


class Guard:
    """Lets through what comes from the page itself, or from who knows the token.

    A page elsewhere can have a browser send requests here (CSRF), and by changing what its name
    stands for (DNS rebinding) even read the answers; so the names under which this server is
    spoken to are known, and what changes anything must come from its own page.

    Args:
        app: What is guarded.
        names: Host names that this server is known by, besides addresses in digits, which nobody
            can make stand for another.
        loopback: Whether only this machine speaks to it: then addresses must be of loopback.
        token: What a browser must know, or None.
        cookie: Name of the cookie that keeps the token.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        names: Iterable[str],
        loopback: bool,
        token: str | None,
        cookie: str,
    ) -> None:
        self._app, self._token, self._cookie = app, token, cookie
        self._names = {name.lower().rstrip('.') for name in names} | {'localhost'}
        self._loopback = loopback

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message['type'] == 'http.response.start':
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refusal(Request(scope))
        await (refusal or self._app)(scope, receive, send_guarded)

    def _refusal(self, request: Request) -> Response | None:
        host = request.headers.get('host', '')
        if not self._is_ours(host):
            return _error(421, f'this server is not {host!r}; --name makes a name known to it')
        if request.method not in READING and not self._is_from_here(request, host):
            return _error(403, 'the request comes from another page')
        if self._token is None or request.url.path == '/page.css':
            return None
        return self._ask_token(request, self._token)

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f'//{host}').hostname or '').rstrip('.')
        except ValueError:
            return False
        if name in self._names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self._loopback

    def _is_from_here(self, request: Request, host: str) -> bool:
        """Whether a browser says that its page is ours; other programs say nothing."""
        if request.headers.get('sec-fetch-site', 'same-origin') != 'same-origin':
            return False
        origin = request.headers.get('origin')
        if origin is None:
            return True
        sent_by = urlsplit(origin)
        # A proxy may hand requests on under another name than the page has.
        return sent_by.netloc == host or (sent_by.hostname or '') in self._names - {'localhost'}

    def _ask_token(self, request: Request, token: str) -> Response | None:
        page = request.url.path == '/' and request.method in READING
        given = request.query_params.get('token') if page else None
        if given is not None and _equal(given, token):
            answer = RedirectResponse('/', 303)  # so that no history keeps it
            answer.set_cookie(self._cookie, token, httponly=True, samesite='lax')
            return answer
        if given is None and _equal(_sent(request, self._cookie), token):
            return None
        said = 'That is not the token.' if given is not None else 'This page is open to a token.'
        if page:
            text = ASK.format(said=html.escape(f'{said} The terminal of the server shows it.'))
            return HTMLResponse(text, 401)
        return _error(401, f'{said} The terminal of the server shows it.')


def _sent(request: HTTPConnection, cookie: str) -> str:
    """The token in a request: in its cookie, or as programs send it."""
    kind, _, value = request.headers.get('authorization', '').partition(' ')
    return value if kind.lower() == 'bearer' else request.cookies.get(cookie, '')


def _equal(given: str, token: str) -> bool:
    """Whether two texts are equal, in a time that does not tell where they differ."""
    return hmac.compare_digest(given.encode(), token.encode())


def _error(status: int, text: str) -> JSONResponse:
    return JSONResponse({'error': text}, status)

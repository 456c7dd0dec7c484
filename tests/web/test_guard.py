"""Who may ask, and who is told to go."""

from __future__ import annotations

import asyncio
import json

import pytest
from starlette.responses import PlainTextResponse

from restorekit.web.guard import Guard

TOKEN = 'a token of many letters'
HIDDEN = 'what is behind it'


def ask(method='GET', path='/', query='', *, token=None, names=(), loopback=True, **headers):
    """Status, headers and text of the answer to a request."""
    sent = []

    async def receive():
        return {'type': 'http.request', 'body': b'', 'more_body': False}

    async def send(message):
        sent.append(message)

    scope = {
        'type': 'http',
        'method': method,
        'path': path,
        'query_string': query.encode(),
        'headers': [
            (name.replace('_', '-').encode(), value.encode())
            for name, value in {'host': '127.0.0.1:8000', **headers}.items()
        ],
    }
    guard = Guard(
        PlainTextResponse(HIDDEN), names=names, loopback=loopback, token=token, cookie='key'
    )
    asyncio.run(guard(scope, receive, send))
    got = {name.decode(): value.decode() for name, value in sent[0]['headers']}
    return sent[0]['status'], got, b''.join(part.get('body', b'') for part in sent[1:]).decode()


@pytest.mark.parametrize(
    ('host', 'options', 'is_ours'),
    [
        ('127.0.0.1:8000', {}, True),
        ('localhost', {}, True),
        ('LOCALHOST.:1', {}, True),
        ('[::1]:8000', {}, True),
        ('evil.example', {}, False),
        ('evil.example:8000', {'loopback': False}, False),
        ('127.0.0.1.evil.example', {}, False),
        ('localhost@evil.example', {}, False),
        ('192.168.1.7:8000', {}, False),
        ('192.168.1.7:8000', {'loopback': False}, True),
        ('photos.example', {'names': ['Photos.Example']}, True),
        ('', {}, False),
        ('[', {}, False),
    ],
)
def test_only_names_of_this_server_are_answered(host, options, is_ours):
    status, _, text = ask(host=host, **options)
    if is_ours:
        assert (status, text) == (200, HIDDEN)
    else:
        said = f'this server is not {host!r}; --name makes a name known to it'
        assert (status, json.loads(text)) == (421, {'error': said})


@pytest.mark.parametrize(
    ('headers', 'is_let_through'),
    [
        ({}, True),
        ({'origin': 'http://127.0.0.1:8000'}, True),
        ({'origin': 'http://127.0.0.1:8000', 'sec_fetch_site': 'same-origin'}, True),
        ({'origin': 'http://evil.example'}, False),
        ({'origin': 'http://127.0.0.1:9000'}, False),
        ({'origin': 'http://localhost:9000'}, False),
        ({'origin': 'null'}, False),
        ({'origin': 'http://127.0.0.1:8000', 'sec_fetch_site': 'same-site'}, False),
        ({'sec_fetch_site': 'cross-site'}, False),
    ],
)
@pytest.mark.parametrize('method', ['POST', 'PUT', 'DELETE'])
def test_other_pages_change_nothing(method, headers, is_let_through):
    status, _, text = ask(method, '/jobs', **headers)
    if is_let_through:
        assert (status, text) == (200, HIDDEN)
    else:
        expected = (403, {'error': 'the request comes from another page'})
        assert (status, json.loads(text)) == expected


def test_a_page_behind_a_proxy_may_ask_by_its_own_name():
    page = {'origin': 'https://photos.example', 'names': ['photos.example']}
    assert ask('POST', '/jobs', **page)[0] == 200


def test_without_the_token_nothing_is_told():
    for path in ('/models', '/jobs/x', '/page.js'):
        status, _, text = ask(path=path, token=TOKEN)
        assert (status, json.loads(text)['error']) == (
            401,
            'This page is open to a token. The terminal of the server shows it.',
        )
    status, headers, text = ask(token=TOKEN)
    assert (status, headers['content-type']) == (401, 'text/html; charset=utf-8')
    assert '<form action="/" method="get">' in text
    assert ask(path='/page.css', token=TOKEN)[2] == HIDDEN


def test_the_token_in_the_address_becomes_a_cookie():
    status, headers, _ = ask(query='token=a+token%20of+many+letters', token=TOKEN)
    assert (status, headers['location']) == (303, '/')
    cookie = headers['set-cookie']
    assert cookie.endswith('; HttpOnly; Path=/; SameSite=lax')
    assert ask(path='/models', token=TOKEN, cookie=cookie.partition(';')[0])[2] == HIDDEN


@pytest.mark.parametrize('given', ['wrong', '', 'a token of many letter', TOKEN + 's', 'ä'])
def test_a_wrong_token_is_refused_wherever_it_stands(given):
    status, headers, text = ask(query=f'token={given}', token=TOKEN)
    assert status == 401
    assert 'set-cookie' not in headers
    assert 'That is not the token.' in text
    assert ask(path='/models', token=TOKEN, cookie=f'key={given}')[0] == 401
    assert ask(path='/models', token=TOKEN, authorization=f'Bearer {given}')[0] == 401


def test_programs_send_the_token_in_a_header():
    assert ask(path='/models', token=TOKEN, authorization=f'Bearer {TOKEN}')[2] == HIDDEN
    assert ask(path='/models', token=TOKEN, authorization=f'Basic {TOKEN}')[0] == 401


def test_every_answer_forbids_what_the_page_does_not_need():
    for answer in (ask(), ask(host='evil.example'), ask(token=TOKEN)):
        headers = answer[1]
        assert headers['content-security-policy'].startswith("default-src 'none'; ")
        assert "frame-ancestors 'none'" in headers['content-security-policy']
        assert headers['x-content-type-options'] == 'nosniff'
        assert headers['referrer-policy'] == 'no-referrer'
        assert headers['cache-control'] == 'no-store'

"""The addresses of the page: what is asked of it, and what it answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from restorekit.web.jobs import FullError, Job, Jobs
from restorekit.web.wish import wish_from
from restorekit.web.worker import Worker

PAGE = Path(__file__).parent / 'page'
KINDS = {
    '.html': 'text/html',
    '.css': 'text/css',
    '.js': 'text/javascript',
    '.svg': 'image/svg+xml',
}
WISH_SIZE = 2**16  # bytes
SWEEP = 5.0  # seconds
RETRY = {'Retry-After': '30'}


def build_app(jobs: Jobs, worker: Worker, *, sweep: float = SWEEP) -> Starlette:
    """The application.

    Args:
        jobs: Its jobs.
        worker: Who does them; it is started and ended with the application.
        sweep: Seconds between looks for jobs that nobody asks for any more.
    """
    pages = Pages(jobs, worker)

    @asynccontextmanager
    async def life(_: Starlette) -> AsyncIterator[None]:
        worker.start()
        sweeping = asyncio.create_task(_sweep(jobs, sweep))
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.to_thread(worker.end)

    return Starlette(
        routes=[
            Route('/models', pages.models),
            Route('/jobs', pages.open, methods=['POST']),
            Route('/jobs/{id}', pages.state),
            Route('/jobs/{id}', pages.drop, methods=['DELETE']),
            Route('/jobs/{id}/pictures/{index:int}', pages.receive, methods=['PUT']),
            Route('/jobs/{id}/files/{name}', pages.file),
            *(_static(path) for path in sorted(PAGE.iterdir()) if path.suffix in KINDS),
        ],
        lifespan=life,
        exception_handlers={HTTPException: _answer_error},
    )


class Pages:
    """What each address does."""

    def __init__(self, jobs: Jobs, worker: Worker) -> None:
        self._jobs, self._worker, self._limits = jobs, worker, jobs.limits

    async def models(self, _: Request) -> Response:
        """What can be asked for, as soon as that is known."""
        await asyncio.to_thread(self._worker.ready.wait)
        if self._worker.error is not None:
            raise HTTPException(500, 'nothing can be restored; the terminal of the server says why')
        limits = self._limits
        shown = {'files': limits.files, 'bytes': limits.size, 'pixels': limits.pixels}
        return JSONResponse({**self._worker.offer, 'limits': shown})

    async def open(self, request: Request) -> Response:
        """A new job: the body says what, as JSON, and pictures are sent after it."""
        body = bytearray()
        async for chunk in _body(request, self._limits.stall):
            body += chunk
            if len(body) > WISH_SIZE:
                raise HTTPException(413, f'at most {WISH_SIZE} bytes')
        try:
            wish = wish_from(json.loads(body), self._limits)
            job = self._jobs.open(wish)
        except (ValueError, RecursionError) as error:
            said = 'no JSON' if isinstance(error, json.JSONDecodeError | RecursionError) else error
            raise HTTPException(400, str(said)) from None
        except FullError as error:
            raise HTTPException(503, str(error), RETRY) from None
        except OSError as error:
            raise _no_room(error) from None
        return JSONResponse({'id': job.id}, 201)

    async def receive(self, request: Request) -> Response:
        """One picture of a job: its bytes are the body."""
        job, index = self._job(request), int(request.path_params['index'])
        if not 0 <= index < len(job.sources) or job.state != 'uploading' or index in job.arrived:
            raise HTTPException(409, 'this picture is not awaited')
        try:
            await self._keep(request, job, index)
        except HTTPException:
            self._jobs.drop(job)
            raise
        except ClientDisconnect:
            self._jobs.drop(job)
            return Response(status_code=499)  # nobody reads it
        except OSError as error:
            self._jobs.drop(job)
            raise _no_room(error) from None
        self._jobs.arrived(job, index)
        return Response(status_code=204)

    async def _keep(self, request: Request, job: Job, index: int) -> None:
        """Write a body to the file that is for it, and no more than was announced."""
        wanted, got = job.wish.sizes[index], 0
        with job.sources[index].open('xb') as file:
            async for chunk in _body(request, self._limits.stall):
                got += len(chunk)
                if got > wanted:
                    raise HTTPException(413, f'more than the {wanted} bytes that were announced')
                file.write(chunk)
                self._jobs.get(job.id)  # it lives as long as bytes come
        if got < wanted:
            raise HTTPException(400, f'{got} of {wanted} bytes came')

    async def state(self, request: Request) -> Response:
        """Where a job stands."""
        job = self._job(request)
        data: dict[str, Any] = {'state': job.state, 'message': job.message}
        if job.state == 'waiting':
            data['place'] = self._jobs.place(job)
        if job.state == 'running':
            data['progress'] = job.progress
        if job.state == 'done':
            data |= {**job.facts, 'files': sorted(job.files)}
        return JSONResponse(data)

    async def drop(self, request: Request) -> Response:
        """Give up a job, or remove its results."""
        self._jobs.drop(self._job(request))
        return Response(status_code=204)

    async def file(self, request: Request) -> Response:
        """A result: to be looked at, or with `?download` to be kept."""
        job = self._job(request)
        path, name = job.files.get(request.path_params['name'], (None, ''))
        if path is None or job.state != 'done':
            raise HTTPException(404, 'there is no such file')
        if 'download' not in request.query_params:
            return FileResponse(path)
        self._jobs.downloaded(job)
        return FileResponse(path, filename=name)

    def _job(self, request: Request) -> Job:
        try:
            return self._jobs.get(request.path_params['id'])
        except KeyError:
            raise HTTPException(404, 'this picture is not here any more; send it again') from None


def _static(path: Path) -> Route:
    content = path.read_bytes()

    async def answer(_: Request) -> Response:
        return Response(content, media_type=KINDS[path.suffix])

    return Route('/' if path.name == 'index.html' else f'/{path.name}', answer)


async def _body(request: Request, stall: float) -> AsyncIterator[bytes]:
    """The parts of a request's body, as they come."""
    stream = request.stream()
    while True:
        try:
            yield await asyncio.wait_for(anext(stream), stall)
        except StopAsyncIteration:
            return
        except asyncio.TimeoutError:
            raise HTTPException(408, f'nothing came for {stall:g} seconds') from None


async def _sweep(jobs: Jobs, seconds: float) -> None:
    while True:
        await asyncio.sleep(seconds)
        await asyncio.to_thread(jobs.sweep)


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({'error': error.detail}, error.status_code, error.headers)


def _no_room(error: OSError) -> HTTPException:
    return HTTPException(507, f'the server cannot keep the picture ({error.strerror or error})')

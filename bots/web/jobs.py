"""The job API of the chat page: status, event stream, paintings, cancelling, forgetting."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from bots import i18n
from bots.web.job_events import JobEvents
from bots.web.plugin import NAME
from bots.web.sessions import clear_cookies, language_of, person_of
from tasks.blobs import BlobMissing
from tasks.errors import StoreError
from tasks.models import Apology, Job, Outcome, QueueStatus
from tasks.services import Services

_HEARTBEAT_S = 5.0
"""A stream without updates sends a comment and reads the job again, because updates may be lost."""
STREAMS_PER_PERSON = 20
"""Open at the same time: one for each waiting job in each tab."""
_LISTED = 30
"""Maximum number of ended jobs that are listed."""
_STREAM_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


@dataclass(frozen=True, slots=True)
class JobView:
    """A job as the page shows it, in one language."""

    job: Job
    status: QueueStatus
    language: str

    @property
    def ended(self) -> bool:
        return self.status.outcome is not None

    def to_json(self) -> dict[str, Any]:
        """Return the job as JSON for the page's script."""
        job, status = self.job, self.status
        painted = status.outcome is Outcome.ANSWERED
        return {
            "id": job.id,
            "state": status.outcome or "waiting",
            "stage": status.stage,
            "position": status.position,
            "wait_s": status.wait_s,
            "progress": status.progress,
            "paused": status.paused,
            "words": self._words(),
            "notes": i18n.notes(self.language, job.notes) if painted else (),
            "pictures": [f"/jobs/{job.id}/picture/{n}" for n in range(len(job.pictures))]
            if painted
            else [],
            "all": f"/jobs/{job.id}/pictures.zip",
            "style": job.request.style,
            "strength": job.request.strength,
            "seed": job.request.seed,
            "own_words": job.request.words,
        }

    def _words(self) -> str:
        match self.status.outcome:
            case None:
                return i18n.describe_status(self.language, self.status)
            case Outcome.ANSWERED:
                return i18n.t(self.language, "web-done")
            case Outcome.CANCELLED:
                return i18n.t(self.language, "web-cancelled")
            case _:
                job = self.job
                return i18n.apology(self.language, Apology(job.reason, job.facts, job.refunded))


class Jobs:
    """The endpoints under /jobs. Each job is visible only to the visitor who requested it."""

    def __init__(self, services: Services, job_events: JobEvents) -> None:
        self._services = services
        self._job_events = job_events
        self._streams: Counter[str] = Counter()

    async def show(self, request: Request) -> Response:
        """GET /jobs/{id}: the job now."""
        view = await self._view(request)
        return JSONResponse(view.to_json(), headers={"Cache-Control": "no-store"})

    async def events(self, request: Request) -> Response:
        """GET /jobs/{id}/events: the job now and whenever it changes, until it has ended."""
        view = await self._view(request)
        if self._streams[view.job.request.person] >= STREAMS_PER_PERSON:
            raise HTTPException(429)
        return StreamingResponse(
            self._stream(request, view.job.request.person),
            media_type="text/event-stream",
            headers=_STREAM_HEADERS,
        )

    async def picture(self, request: Request) -> Response:
        """GET /jobs/{id}/picture/{n}: a painting as a JPEG file."""
        view, number = await self._view(request), request.path_params["n"]
        if not view.ended or number >= len(view.job.pictures):
            raise HTTPException(404)
        try:
            data = await asyncio.to_thread(self._services.blobs.get, view.job.pictures[number])
        except BlobMissing:
            raise HTTPException(410) from None
        headers = {"Cache-Control": "private, max-age=86400, immutable"}
        if "download" in request.query_params:
            name = f"suisai-{view.job.request.style}-{view.job.id[:6]}-{number + 1}.jpg"
            headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return Response(data, media_type="image/jpeg", headers=headers)

    async def pictures(self, request: Request) -> Response:
        """GET /jobs/{id}/pictures.zip: all paintings of a job in one file."""
        view = await self._view(request)
        if not view.ended or not view.job.pictures:
            raise HTTPException(404)
        try:
            data = await asyncio.to_thread(self._zip, view.job)
        except BlobMissing:
            raise HTTPException(410) from None
        name = f"suisai-{view.job.request.style}-{view.job.id[:6]}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(data, media_type="application/zip", headers=headers)

    async def listing(self, request: Request) -> Response:
        """GET /jobs: the ids of the visitor's stored jobs, newest first."""
        person, ids = person_of(request), list[str]()
        if person is not None:
            ids = await asyncio.to_thread(self._kept, person)
        return JSONResponse({"jobs": ids}, headers={"Cache-Control": "no-store"})

    def _kept(self, person: str) -> list[str]:
        ledger = self._services.ledger
        ids = (*ledger.open_jobs(NAME, person), *ledger.past_jobs(NAME, person, _LISTED))
        kept = [
            job
            for job in ledger.find_jobs(ids)
            if job.outcome in (None, Outcome.ANSWERED) and job.request.person == person
        ]
        return [job.id for job in sorted(kept, key=lambda job: -job.admitted_at)]

    def _zip(self, job: Job) -> bytes:
        file = BytesIO()
        # Not compressed: a JPEG would not get smaller.
        with ZipFile(file, "w") as archive:
            for number, key in enumerate(job.pictures, 1):
                name = f"suisai-{job.request.style}-{job.id[:6]}-{number}.jpg"
                archive.writestr(name, self._services.blobs.get(key))
        return file.getvalue()

    async def cancel(self, request: Request) -> Response:
        """DELETE /jobs/{id}: 204 if it was cancelled, 409 if its answer is on its way."""
        view = await self._view(request)
        paint_request = view.job.request
        cancel = self._services.ledger.cancel
        done = await asyncio.to_thread(cancel, view.job.id, paint_request.person)
        if done:
            uploads = [photo.ref for photo in paint_request.photos]
            await asyncio.to_thread(self._services.blobs.delete, uploads)
        return Response(status_code=204 if done else 409)

    async def forget(self, request: Request) -> Response:
        """DELETE /me: delete all data of this visitor, and the cookies."""
        if (person := person_of(request)) is not None:
            await asyncio.to_thread(self._forget, person)
        response = Response(status_code=204)
        clear_cookies(response)
        return response

    def _forget(self, person: str) -> None:
        self._services.users.forget(NAME, person)

    @contextmanager
    def _counted(self, person: str) -> Iterator[None]:
        self._streams[person] += 1
        try:
            yield
        finally:
            self._streams[person] -= 1
            if not self._streams[person]:
                del self._streams[person]

    async def _stream(self, request: Request, person: str) -> AsyncIterator[str]:
        sent = ""
        if self._streams[person] >= STREAMS_PER_PERSON:
            return  # many came at the same time
        with (
            self._counted(person),
            self._job_events.subscribe(request.path_params["id"]) as changed,
        ):
            while not self._job_events.closed:
                changed.clear()
                try:
                    view = await self._view(request)
                except (HTTPException, StoreError):
                    return  # the page requests the job again and gets the error
                body = json.dumps(view.to_json(), ensure_ascii=False)
                yield f"data: {body}\n\n" if body != sent else ": still here\n\n"
                if view.ended:
                    return
                sent = body
                await _wait(changed)

    async def _view(self, request: Request) -> JobView:
        """Return the job if it is the visitor's own. Raises `HTTPException` 404 otherwise."""
        job_id, person = request.path_params["id"], person_of(request)
        job, status = await asyncio.to_thread(self._read, job_id)
        if job is None or status is None:
            raise HTTPException(404)
        if job.request.platform != NAME or job.request.person != person:
            raise HTTPException(404)
        return JobView(job, status, language_of(request))

    def _read(self, job_id: str) -> tuple[Job | None, QueueStatus | None]:
        ledger = self._services.ledger
        # In this order: a job that has ended by the second look has its pictures by then, too.
        standing = ledger.find_queue_status(job_id)
        return ledger.find_job(job_id), standing


async def _wait(changed: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(_HEARTBEAT_S):
            await changed.wait()
    except TimeoutError:
        return

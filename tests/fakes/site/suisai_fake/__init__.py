"""The fake platform, a separate package like those of third parties: HTTP calls to a local server."""

from __future__ import annotations

import os
import signal

import httpx

from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError
from tasks.models import Answer, Job, Painting, PhotoRef, RateLimit
from tasks.services import Services


class FakePlatform:
    """Implements `tasks.platform.Platform`."""

    name = "fake"

    def __init__(self, services: Services) -> None:
        self._ledger = services.ledger
        self._http = httpx.Client(base_url=os.environ["SUISAI_FAKE_URL"], timeout=5)
        self._reconciles = os.environ.get("SUISAI_FAKE_RECONCILES", "1") == "1"

    def quota(self) -> RateLimit | None:
        return None

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        if photo.ref.startswith("unpaintable"):
            # Crash the worker, like a bug in a C library.
            os.kill(os.getpid(), signal.SIGKILL)
        try:
            answer = self._http.get(f"/photos/{photo.ref}")
        except httpx.HTTPError as error:
            raise TransientError(str(error)) from error
        self._check_pause(answer)
        if answer.status_code != 200:
            raise PhotoUnavailable
        return answer.content

    def answer(self, job: Job, answer: Answer) -> str:
        kind = "painting" if isinstance(answer, Painting) else "apology"
        body = b"".join(answer.pictures) if isinstance(answer, Painting) else answer.reason.encode()
        sent = self._http.post(f"/answers/{job.request.event}/{kind}", content=body)
        self._check_pause(sent)
        sent.raise_for_status()
        return sent.text

    def find_answer(self, job: Job) -> str | None:
        if not self._reconciles:
            return None
        found = self._http.get(f"/answers/{job.request.event}")
        self._check_pause(found)
        return found.text if found.status_code == 200 else None

    def retract(self, receipt: str) -> None:
        """Do nothing."""

    def _check_pause(self, answer: httpx.Response) -> None:
        if answer.status_code == 429:
            until = self._ledger.now() + float(answer.headers["retry-after"])
            raise PlatformPaused(until, "429")

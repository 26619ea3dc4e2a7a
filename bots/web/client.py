"""A client of the chat page's API: sends a photo, waits, downloads the painting."""

from __future__ import annotations

import contextlib
import json
import secrets
import threading
import time
from dataclasses import dataclass

import httpx


class NoPainting(Exception):
    """There is no painting; the message is the page's refusal or apology."""


@dataclass(frozen=True, slots=True)
class Visit:
    """A painting, with the times of its request and its arrival."""

    job_id: str
    picture: bytes
    sent_at: float
    """When the upload began, seconds since the epoch."""
    seen_at: float
    """When the painting was downloaded, seconds since the epoch."""


class WebClient:
    """Talks HTTP to the chat page at `address`, as the page itself does."""

    def __init__(self, address: str, timeout_s: float = 30.0) -> None:
        headers = {"Origin": address, "Accept-Language": "en"}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=timeout_s)

    def __enter__(self) -> WebClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def is_open(self) -> bool:
        """Return whether the web process is ready."""
        with contextlib.suppress(httpx.HTTPError):
            return self._client.get("/readyz").is_success
        return False

    def send(self, photo: bytes, style: str = "film", event: str | None = None) -> str:
        """Send a photo; return the job's id. Raises `NoPainting`, `httpx.HTTPError`."""
        form = {"event": event or secrets.token_hex(16), "style": style}
        answer = self._client.post("/asks", data=form, files={"photo": ("photo", photo)})
        body = answer.json()
        if not answer.is_success:
            raise NoPainting(body.get("words", answer.text))
        return str(body["id"])

    def wait(self, job_id: str, stop: threading.Event) -> bytes | None:
        """Follow a job until it has ended; return the painting, or None if `stop` is set first.

        Raises `NoPainting`.
        """
        while not stop.is_set():
            # If the stream breaks (the web process restarted), connect again.
            with contextlib.suppress(httpx.TransportError):
                view = self._follow(job_id, stop)
                if view is not None:
                    return self._take(view)
            stop.wait(0.2)
        return None

    def visit(self, photo: bytes, stop: threading.Event, style: str = "film") -> Visit | None:
        """Send a photo and wait for its painting; return None if `stop` is set first."""
        sent_at = time.time()
        job_id = self.send(photo, style)
        picture = self.wait(job_id, stop)
        return Visit(job_id, picture, sent_at, time.time()) if picture is not None else None

    def _follow(self, job_id: str, stop: threading.Event) -> dict[str, object] | None:
        with self._client.stream("GET", f"/jobs/{job_id}/events") as stream:
            for line in stream.iter_lines():
                if stop.is_set():
                    return None
                if line.startswith("data: "):
                    view: dict[str, object] = json.loads(line.removeprefix("data: "))
                    if view["state"] != "waiting":
                        return view
        return None

    def _take(self, view: dict[str, object]) -> bytes:
        pictures = view["pictures"]
        if not isinstance(pictures, list) or not pictures:
            raise NoPainting(str(view["words"]))
        return self._client.get(str(pictures[0])).raise_for_status().content

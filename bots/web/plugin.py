"""The web page as a platform: its plugin object and its `Platform`."""

from __future__ import annotations

from pydantic_settings import BaseSettings

from bots.plugins import Plugin
from bots.web.settings import WebSettings
from tasks.blobs import UPLOADS, BlobMissing
from tasks.errors import PhotoUnavailable
from tasks.models import Answer, Job, PhotoRef, RateLimit
from tasks.platform import Platform
from tasks.services import Services

NAME = "web"


class WebPlatform:
    """Implements `tasks.platform.Platform`. Nothing is sent: the page reads answers from the ledger."""

    name = NAME

    def __init__(self, services: Services) -> None:
        self._blobs = services.blobs

    def quota(self) -> RateLimit | None:
        return None

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        if not photo.ref.startswith(f"{UPLOADS}/"):
            raise PhotoUnavailable
        try:
            return self._blobs.get(photo.ref)
        except BlobMissing:
            raise PhotoUnavailable from None

    def answer(self, job: Job, answer: Answer) -> str:
        # The job's record is the answer, so only the uploads are left to delete. Safe to repeat.
        self._blobs.delete([photo.ref for photo in job.request.photos])
        return f"/jobs/{job.id}"

    def find_answer(self, job: Job) -> str | None:
        return None

    def retract(self, receipt: str) -> None:
        """Do nothing: `forget` deletes the picture, and nothing else was published."""


class WebPlugin(Plugin):
    """The chat page."""

    names = ("web",)

    def platform(self, name: str, services: Services) -> Platform:

        return WebPlatform(services)

    def settings(self) -> type[BaseSettings]:
        return WebSettings


PLUGIN = WebPlugin()

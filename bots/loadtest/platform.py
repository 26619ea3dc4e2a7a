"""The platform of a load test: it generates photos and counts answers."""

from __future__ import annotations

import io
import random

from PIL import Image

from bots.plugins import Plugin
from tasks.models import Answer, Job, PhotoRef, RateLimit
from tasks.platform import Platform
from tasks.services import Services

NAME = "loadtest"

_KEEP_S = 86_400.0


class LoadTestPlatform:
    """Implements `tasks.platform.Platform` without a network; answers are only counted."""

    name = NAME

    def __init__(self, services: Services) -> None:
        self._answers = services.kv(NAME)

    def quota(self) -> RateLimit | None:
        return None

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        return generate_photo(photo.ref)

    def answer(self, job: Job, answer: Answer) -> str:
        self._answers.increment(f"answers:{job.id}", 1, _KEEP_S)
        return job.id

    def find_answer(self, job: Job) -> str | None:
        return job.id if self._answers.get(f"answers:{job.id}") else None

    def retract(self, receipt: str) -> None:
        """Do nothing: the answer was not published."""


def generate_photo(name: str, size: tuple[int, int] = (160, 120)) -> bytes:
    """Return a JPEG of noise and coloured patches; the same `name` gives the same photo."""
    chance = random.Random(name)  # noqa: S311 - no secret hangs on it
    noise = Image.frombytes("L", size, chance.randbytes(size[0] * size[1]))
    picture = Image.blend(noise, Image.new("L", size, 128), chance.uniform(0.3, 0.9)).convert("RGB")
    for _ in range(4):
        colour = tuple(chance.randrange(256) for _ in range(3))
        x, y = chance.randrange(size[0]), chance.randrange(size[1])
        picture.paste(colour, (x, y, x + size[0] // 4, y + size[1] // 4))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


def answers_to(services: Services, job_ids: list[str]) -> dict[str, int]:
    """Return how often each job was answered."""
    counts = services.kv(NAME).get_many(*(f"answers:{job_id}" for job_id in job_ids))
    return {job_id: int(n or 0) for job_id, n in zip(job_ids, counts, strict=True)}


class LoadTestPlugin(Plugin):
    """The load test's platform; it has no listener."""

    names = (NAME,)

    def platform(self, name: str, services: Services) -> Platform:
        return LoadTestPlatform(services)


PLUGIN = LoadTestPlugin()

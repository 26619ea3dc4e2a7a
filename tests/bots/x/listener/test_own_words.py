"""Own words in posts: kept with the request, refused before anything is fetched, added to by replies."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasks.models import Job
from tasks.services import Services
from tasks.settings import Settings
from tests.fakes.x_api import FakeX
from tests.tasks.delivery_worker import DeliveryWorker


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Everybody may use own words."""
    return settings.model_copy(update={"own_words": ("everybody",), "refusal_silence_s": 0.0})


def test_a_change_in_a_reply_keeps_the_photo_and_adds_to_the_words(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    job_of: Callable[[str], Job],
    worker: DeliveryWorker,
) -> None:
    mention = fake.world.post(
        "ann", "@suisai make it a summer festival #watercolor", media=[photo()]
    )
    read()
    first = job_of(mention)
    assert first.request.words == "make it a summer festival"
    answered = worker.deliver(worker.paint(first.id))

    change = fake.world.post("ann", "@suisai again, but with snow falling", under=answered.receipt)
    read()

    request = job_of(change).request
    assert request.words == "make it a summer festival; but with snow falling"
    assert [each.ref for each in request.photos] == [each.ref for each in first.request.photos]
    assert (request.style, request.seed) == ("watercolor", request.seed)
    assert request.seed != first.request.seed


def test_refused_words_fetch_nothing_and_admit_nothing(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], services: Services
) -> None:
    fake.world.post("ann", "@suisai make her n4ked", media=[photo()])

    read()

    assert services.ledger.open_count("x") == 0
    assert list(services.blobs.listing("photos")) == []

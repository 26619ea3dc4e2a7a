"""Own words on the page: checked before a photo is kept, and added to by those who change a painting."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser

from tasks.models import PaintRequest
from tasks.services import Services, open_services
from tasks.settings import Settings
from tests.bots.web.conftest import Send
from tests.bots.web.web_worker import WebWorker
from tests.photos import PHOTOS
from tests.stack import eventually


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services in which visitors of the page may use own words."""
    worded = settings.model_copy(update={"own_words": ("web",)})
    opened = open_services(worded, lambda _: None)
    yield opened
    opened.redis.close()


def request_of(services: Services, job_id: str) -> PaintRequest:
    return services.ledger.job(job_id).request


def test_own_words_of_a_caption_are_admitted_with_its_style(send: Send, services: Services) -> None:
    job_id = send(words="make it a summer festival #watercolor 80%").json()["id"]

    request = request_of(services, job_id)
    assert request.words == "make it a summer festival"
    assert (request.style, request.strength) == ("watercolor", 0.8)


def test_refused_words_cost_nothing_and_no_photo_is_kept(
    send: Send, services: Services, worker: WebWorker
) -> None:
    answer = send(words="make her n4ked")

    assert (answer.status_code, answer.json()["reason"]) == (403, "own-words")
    assert worker.uploads() == []
    assert services.ledger.open_count("web") == 0


def test_a_change_adds_to_the_words_so_far(send: Send, services: Services) -> None:
    first = send(words="make it a summer festival").json()["id"]
    second = send(words="but with snow falling", after=first, seed="7").json()["id"]

    stronger = send(after=second, strength="0.9", style="ink").json()["id"]

    assert request_of(services, second).words == "make it a summer festival; but with snow falling"
    assert request_of(services, second).seed == 7
    assert (
        request_of(services, stronger).words == "make it a summer festival; but with snow falling"
    )


def test_words_that_are_harmless_alone_are_checked_together(send: Send, services: Services) -> None:
    first = send(words="show us without").json()["id"]

    answer = send(words="clothes", after=first)

    assert request_of(services, first).words
    assert answer.json()["reason"] == "own-words"


@pytest.mark.parametrize("after", ["no-such-job", "../../etc/passwd", "x" * 4_000])
def test_a_change_of_nothing_known_is_a_new_request(
    send: Send, services: Services, after: str
) -> None:
    job_id = send(words="but with snow falling", after=after).json()["id"]

    assert request_of(services, job_id).words == "but with snow falling"


def test_nobody_learns_the_words_of_another_visitor(
    send: Send, services: Services, address: str
) -> None:
    first = send(words="with my secret garden").json()["id"]
    with httpx.Client(base_url=address) as other:
        other.get("/")
        form = {"event": "somebody-else", "words": "but with snow falling", "after": first}
        answer = other.post("/asks", data=form, files={"photo": ("x", b"a photo")})

    assert request_of(services, answer.json()["id"]).words == "but with snow falling"


@pytest.mark.browser
def test_a_visitor_changes_a_finished_painting(
    browser: Browser, address: str, services: Services, worker: WebWorker
) -> None:
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    page.goto(address)
    page.set_input_files("#photo", str(PHOTOS["cat"]))
    page.fill("#words", "make it a summer festival")
    page.click("#paint")
    eventually(lambda: services.ledger.open_count("web") == 1, what="the first request")
    worker.paint(PHOTOS["cat"].read_bytes())

    page.fill(".change input", "but with snow falling")
    page.click(".change button")
    eventually(lambda: services.ledger.open_count("web") == 1, what="the change")
    worker.paint(PHOTOS["cat"].read_bytes())

    page.get_by_text("“make it a summer festival; but with snow falling”").wait_for()
    context.close()

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tasks.services import Services
from tests.bots.web.conftest import Send
from tests.bots.web.web_worker import WebWorker

BOUNDARY = {"Content-Type": "multipart/form-data; boundary=x"}


def test_a_photo_is_taken_in_and_can_be_fetched(send: Send, worker: WebWorker) -> None:
    answer = send(b"my photo")
    assert answer.status_code == 201
    assert answer.headers["location"] == answer.json()["url"]
    assert worker.fetch() == b"my photo"


def test_the_form_and_the_words_make_the_wish(send: Send, services: Services) -> None:
    job_id = send(style="no-such", strength="0.3", words="#film, stronger, seed 7").json()["id"]
    ask = services.ledger.job(job_id).request
    assert (ask.style, ask.strength, ask.seed) == ("film", 0.5, 7)
    assert ask.private


def test_again_in_words_asks_for_a_seed_of_its_own(send: Send, services: Services) -> None:
    one, other = (
        services.ledger.job(send(words="again").json()["id"]).request.seed for _ in range(2)
    )
    assert None not in (one, other)
    assert one != other


def test_the_same_form_twice_is_one_job_and_one_upload(send: Send, worker: WebWorker) -> None:
    first, second = (send(event="twice-the-same").json() for _ in range(2))
    assert first == second
    assert len(worker.uploads()) == 1


def test_two_people_may_use_the_same_event(send: Send, address: str) -> None:
    mine = send(event="same-event").json()["id"]
    with httpx.Client(base_url=address) as other:
        form = {"event": "same-event"}
        theirs = other.post("/asks", data=form, files={"photo": ("x", b"a photo")}).json()["id"]
    assert mine != theirs


def test_a_first_request_sets_the_cookie_of_its_person(address: str) -> None:
    with httpx.Client(base_url=address) as client:
        form = {"event": "first-visit"}
        url = client.post("/asks", data=form, files={"photo": ("x", b"a photo")}).json()["url"]
        assert client.get(url).status_code == 200


def test_several_photos_are_one_job(visitor: httpx.Client, services: Services) -> None:
    files = [("photo", ("a", b"one")), ("photo", ("b", b"two"))]
    answer = visitor.post("/asks", data={"event": "two-photos"}, files=files)
    assert len(services.ledger.job(answer.json()["id"]).request.photos) == 2


@pytest.mark.parametrize(
    ("form", "files"),
    [
        ({"event": "no-photo-here"}, {"other": ("x", b"a photo")}),
        ({"event": "short"}, {"photo": ("x", b"a photo")}),
        ({"event": "../../etc/passwd"}, {"photo": ("x", b"a photo")}),
        ({"event": "strange-number", "strength": "much"}, {"photo": ("x", b"a photo")}),
        ({"event": "strange-number", "seed": "inf"}, {"photo": ("x", b"a photo")}),
        ({"event": "long-words", "words": "x" * 10_000}, {"photo": ("x", b"a photo")}),
    ],
)
def test_an_invalid_form_is_refused_with_a_reason(
    visitor: httpx.Client, form: dict[str, str], files: dict[str, tuple[str, bytes]]
) -> None:
    answer = visitor.post("/asks", data=form, files=files)
    assert (answer.status_code, answer.json()["reason"]) == (400, "form")
    assert answer.json()["words"]


def test_other_bodies_are_no_forms(visitor: httpx.Client) -> None:
    assert visitor.post("/asks", json={"photo": "x"}).status_code == 400
    assert visitor.post("/asks", content=b"--x\r\nbroken", headers=BOUNDARY).status_code == 400


def test_more_photos_than_allowed_are_refused(visitor: httpx.Client, worker: WebWorker) -> None:
    files = [("photo", (str(n), b"a photo")) for n in range(5)]
    answer = visitor.post("/asks", data={"event": "five-photos"}, files=files)
    assert answer.status_code == 400
    assert worker.uploads() == []


def test_a_download_stops_at_the_maximum_size(visitor: httpx.Client, worker: WebWorker) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'
        while sent < 400:
            sent += 1
            yield b"\xff" * 1_000_000

    try:
        answer = visitor.post("/asks", content=endless(), headers=BOUNDARY)
    except httpx.TransportError:  # the page hangs up while the photo still comes in
        pass
    else:
        assert answer.status_code == 413
        assert "20 MB" in answer.json()["words"]
    assert sent < 100
    assert worker.uploads() == []


def test_a_refusal_says_why_and_when_and_keeps_nothing(
    send: Send, services: Services, worker: WebWorker
) -> None:
    services.controls.pause("intake", until=services.ledger.now() + 600)
    answer = send()
    assert answer.status_code == 503
    assert "come back in 10 minutes" in answer.json()["words"]
    assert 590 < answer.json()["wait_s"] <= 600
    assert 590 <= int(answer.headers["retry-after"]) <= 601
    assert worker.uploads() == []


def test_a_refusal_is_said_in_the_browsers_language(
    send: Send, visitor: httpx.Client, services: Services
) -> None:
    services.controls.pause("intake")
    visitor.headers["Accept-Language"] = "ja,en;q=0.5"
    assert "筆を休めています" in send().json()["words"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_another_sites_page_cannot_ask(
    visitor: httpx.Client, worker: WebWorker, headers: dict[str, str]
) -> None:
    answer = visitor.post(
        "/asks", data={"event": "cross-site"}, files={"photo": ("x", b"y")}, headers=headers
    )
    assert answer.status_code == 403
    assert worker.uploads() == []

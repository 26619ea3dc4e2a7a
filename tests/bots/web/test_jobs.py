from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from bots.web.jobs import STREAMS_PER_PERSON
from tasks.services import Services
from tests.bots.web.conftest import Send
from tests.bots.web.web_worker import PICTURE, WebWorker
from tests.stack import eventually

View = dict[str, Any]


@contextmanager
def following(visitor: httpx.Client, url: str) -> Iterator[Iterator[View]]:
    """Listen to the events of a job; each view as it comes."""
    with visitor.stream("GET", f"{url}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        yield (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: "))


def until(views: Iterator[View], **wanted: object) -> View:
    """Return the first view that has these values."""
    return next(view for view in views if wanted.items() <= view.items())


def test_the_event_stream_shows_a_job_from_queue_to_painting(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send().json()["url"]
    with following(visitor, url) as views:
        assert next(views)["words"] == "Looking at your photo…"
        worker.fetch()
        assert until(views, stage="render", position=1)["words"].startswith("Next in line")
        worker.begin_painting(0.42)
        assert until(views, progress=0.42)["words"] == "Painting… 42%"
        worker.end_painting()
        assert until(views, stage="deliver")["state"] == "waiting"
        worker.deliver()
        view = until(views, state="answered")
        assert next(views, None) is None, "the stream ends with the job"
    (picture,) = view["pictures"]
    assert visitor.get(picture).content == PICTURE
    assert visitor.get(picture).headers["content-type"] == "image/jpeg"


def test_a_queue_position_moves_up_when_others_are_done(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    send()
    url = send().json()["url"]
    with following(visitor, url) as views:
        assert next(views)["words"].startswith("2nd in line")
        worker.paint()
        assert until(views, position=1)["state"] == "waiting"


def test_the_record_tells_the_same_as_the_stream(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send().json()["url"]
    worker.paint()
    with following(visitor, url) as views:
        assert next(views) == visitor.get(url).json()


def test_an_apology_is_said_with_its_facts(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send(b"%PDF").json()["url"]
    worker.refuse("not-a-photo", kind="PDF")
    worker.deliver()
    view = visitor.get(url).json()
    assert view["state"] == "apologised"
    assert view["words"].startswith("That is a PDF file.")
    assert view["pictures"] == []


def test_the_upload_goes_as_soon_as_the_answer_stands(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send().json()["url"]
    assert len(worker.uploads()) == 1
    worker.paint()
    assert worker.uploads() == []
    assert visitor.get(url).json()["state"] == "answered"


def test_a_download_has_a_file_name(visitor: httpx.Client, send: Send, worker: WebWorker) -> None:
    send()
    job_id = send(style="film").json()["id"]
    worker.paint()
    worker.paint()
    answer = visitor.get(f"/jobs/{job_id}/picture/0?download")
    assert answer.headers["content-disposition"].startswith('attachment; filename="suisai-film-')


@pytest.mark.parametrize("number", [1, 99])
def test_there_are_no_more_pictures_than_photos(
    visitor: httpx.Client, send: Send, worker: WebWorker, number: int
) -> None:
    url = send().json()["url"]
    worker.paint()
    assert visitor.get(f"{url}/picture/{number}").status_code == 404


def test_nobody_else_sees_a_job(address: str, send: Send, worker: WebWorker) -> None:
    url = send().json()["url"]
    worker.paint()
    with httpx.Client(base_url=address) as stranger:
        stranger.get("/")
        for path in (url, f"{url}/events", f"{url}/picture/0"):
            assert stranger.get(path).status_code == 404
        assert stranger.delete(url).status_code == 404


def test_another_persons_job_looks_like_an_unknown_one(
    address: str, send: Send, visitor: httpx.Client
) -> None:
    url = send().json()["url"]
    with httpx.Client(base_url=address) as stranger:
        answer = stranger.get(url)
    assert answer.json() == visitor.get("/jobs/no-such-job").json()


def test_a_job_can_be_cancelled_until_it_is_on_its_way(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send().json()["url"]
    assert visitor.delete(url).status_code == 204
    assert visitor.get(url).json()["words"] == "Cancelled."
    assert worker.uploads() == []
    late = send().json()["url"]
    worker.paint()
    assert visitor.delete(late).status_code == 409


def test_forgetting_deletes_everything(
    visitor: httpx.Client, send: Send, worker: WebWorker, services: Services
) -> None:
    done = send().json()["url"]
    worker.paint()
    waiting = send().json()["url"]
    assert visitor.delete("/me").status_code == 204
    assert "suisai_person" not in visitor.cookies
    assert [*services.blobs.listing("")] == []
    visitor.get("/")
    assert visitor.get(done).status_code == visitor.get(waiting).status_code == 404


def test_a_painting_is_shown_once_it_is_delivered(
    visitor: httpx.Client, send: Send, worker: WebWorker
) -> None:
    url = send().json()["url"]
    worker.fetch()
    worker.begin_painting()
    worker.end_painting()
    assert visitor.get(f"{url}/picture/0").status_code == 404
    worker.deliver()
    assert visitor.get(f"{url}/picture/0").content == PICTURE


def test_open_streams_end_well_when_the_page_stops(
    visitor: httpx.Client, send: Send, stop: threading.Event
) -> None:
    with visitor.stream("GET", send().json()["url"] + "/events") as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("data: ")
        stop.set()
        # A stream that is cut off instead raises RemoteProtocolError here.
        assert [line for line in lines if line.startswith("data: ")] == []


def test_one_person_has_so_many_streams_open(visitor: httpx.Client, send: Send) -> None:
    url = send().json()["url"]
    with ExitStack() as open_streams:
        # Kept: a stream ends with the iterator over it.
        all_views = [
            open_streams.enter_context(following(visitor, url)) for _ in range(STREAMS_PER_PERSON)
        ]
        assert {next(views)["state"] for views in all_views} == {"waiting"}
        assert visitor.get(f"{url}/events").status_code == 429
        assert visitor.get(url).status_code == 200
    eventually(lambda: _opens(visitor, url), what="a stream that was closed makes room")


def _opens(visitor: httpx.Client, url: str) -> bool:
    with visitor.stream("GET", f"{url}/events") as stream:
        return stream.status_code == 200

"""The operator's page: its data, and pausing and resuming."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette

from bots.web.app import build_app
from bots.web.settings import WebSettings
from tasks.models import PaintRequest, PhotoRef
from tasks.services import Services
from tests.bots.web.peers import AS_OPERATOR, OPERATOR, ask
from tests.bots.web.web_worker import WebWorker


def page(services: Services, **settings: object) -> Starlette:
    settings = {"operator_token": OPERATOR, **settings}
    return build_app(services, WebSettings(**settings))  # type: ignore[arg-type] # pydantic checks


request = partial(ask, headers=AS_OPERATOR)


def test_the_status_page_is_closed_to_strangers(services: Services) -> None:
    app = page(services)

    for method, path in (
        ("GET", "/status"),
        ("GET", "/status/now"),
        ("GET", "/status/pictures/0"),
        ("POST", "/status/pause"),
        ("POST", "/status/resume"),
    ):
        assert ask(app, path, method, json={}).status_code == 403, path
    assert services.controls.paused() == {}


def test_another_sites_page_cannot_pause_a_stage(services: Services) -> None:
    origin = {"Origin": "https://elsewhere.example", **AS_OPERATOR}

    answer = request(
        page(services), "/status/pause", "POST", json={"what": "render"}, headers=origin
    )

    assert answer.status_code == 403
    assert services.controls.paused() == {}


def test_a_pause_holds_until_it_is_ended(services: Services) -> None:
    app = page(services)

    request(app, "/status/pause", "POST", json={"what": "deliver", "platform": "x"})
    assert services.controls.paused() == {"deliver:x": 0.0}

    after = request(app, "/status/resume", "POST", json={"what": "deliver", "platform": "x"}).json()
    assert services.controls.paused() == {}
    assert [switch for switch in after["switches"] if switch["on"]] == []


def test_switches_that_do_not_exist_are_refused(services: Services) -> None:
    for body in ({"what": "everything"}, {}, {"what": "render", "platform": 7}):
        assert request(page(services), "/status/pause", "POST", json=body).status_code == 400
    for content in (b"{", b"[" * 100_000, b"[]", b"\xff", b'{"what": ["render"]}', b""):
        answer = request(page(services), "/status/pause", "POST", content=content)
        assert answer.status_code in (400, 413), content[:9]


def test_a_job_that_was_given_up_is_shown_with_its_history(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    job_id = getattr(services.ledger.admit(make_request()), "job_id", "")
    services.ledger.move_to_dead(job_id, "corrupt-record")

    (failure,) = request(page(services), "/status/now").json()["failures"]

    assert (failure["id"], failure["reason"]) == (job_id, "corrupt-record")
    assert [event for _, event, _ in failure["history"]][:1] == ["admitted"]


def test_paintings_are_shown_only_where_the_settings_say_so(
    services: Services, worker: WebWorker, make_request: Callable[..., PaintRequest]
) -> None:
    for private in (False, True):
        services.blobs.put("uploads/ann/1", b"a photo")
        services.ledger.admit(make_request(private=private, photos=(PhotoRef("uploads/ann/1"),)))
        worker.fetch()
        worker.begin_painting()
        worker.end_painting(b"private" if private else b"public")
        worker.deliver()

    assert request(page(services), "/status/now").json()["pictures"] == []
    assert request(page(services), "/status/pictures/0").status_code == 404

    shown = page(services, status_pictures=True)
    assert len(request(shown, "/status/now").json()["pictures"]) == 1
    assert request(shown, "/status/pictures/0").content == b"public"
    assert request(shown, "/status/pictures/1").status_code == 404

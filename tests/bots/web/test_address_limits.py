"""Limits per client address, because anybody can get new cookies."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from bots.web import uploads_api
from bots.web.app import build_app
from bots.web.settings import WebSettings
from tasks.services import Services
from tests.bots.web.peers import OPERATOR, ask

PHOTO = {"photo": ("x.jpg", b"a photo")}


def page(services: Services, **settings: object) -> Starlette:
    settings = {"operator_token": OPERATOR, "asks_per_minute": 3, "asks_per_hour": 5, **settings}
    return build_app(services, WebSettings(**settings))  # type: ignore[arg-type] # pydantic checks


def send(app: Starlette, peer: str, **options: Any) -> httpx.Response:
    form = {"event": os.urandom(8).hex()}
    return ask(app, "/asks", "POST", peer, data=form, files=PHOTO, **options)


def test_a_stranger_with_ever_new_names_is_refused_and_others_are_not(services: Services) -> None:
    app = page(services)

    def cookie() -> dict[str, str]:
        return {"Cookie": f"suisai_person={os.urandom(16).hex()}"}

    codes = [send(app, "203.0.113.7", headers=cookie()).status_code for _ in range(20)]

    assert codes == [201] * 3 + [429] * 17
    assert send(app, "203.0.113.8").status_code == 201


def test_an_ipv6_household_is_one_address(services: Services) -> None:
    app = page(services)
    codes = [send(app, f"2001:db8::{n}:{n}").status_code for n in range(1, 6)]
    assert codes == [201] * 3 + [429] * 2
    assert send(app, "2001:db8:0:1::1").status_code == 201


def test_a_network_of_many_households_has_a_share(services: Services) -> None:
    app = page(services, asks_per_minute=1, asks_per_hour=1)
    codes = [send(app, f"2001:db8:7:{n:x}00::1").status_code for n in range(1, 25)]
    assert codes == [201] * 16 + [429] * 8
    assert send(app, "2001:db8:8::1").status_code == 201


def test_behind_a_proxy_that_names_no_address_all_are_one(services: Services) -> None:
    app = page(services, trusted_proxies="10.0.0.0/8")
    codes = [
        send(app, "10.0.0.1", headers={"X-Forwarded-For": f"_hidden{n}"}).status_code
        for n in range(5)
    ]
    assert codes == [201] * 3 + [429] * 2


def test_behind_a_trusted_proxy_the_real_address_counts(services: Services) -> None:
    app = page(services, trusted_proxies="10.0.0.0/8")

    def through(*hops: str) -> int:
        return send(app, "10.0.0.1", headers={"X-Forwarded-For": ", ".join(hops)}).status_code

    assert [through(f"9.9.9.{n}", "203.0.113.7") for n in range(5)] == [201] * 3 + [429] * 2
    assert through("203.0.113.8", "10.1.1.1") == 201


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "128.0.0.0/1", "127.0.0.1,2000::/3"])
def test_strangers_are_no_proxies(network: str) -> None:
    with pytest.raises(ValidationError, match="strangers"):
        WebSettings(trusted_proxies=network)  # type: ignore[arg-type] # pydantic checks
    assert WebSettings(trusted_proxies="10.0.0.0/8,fd00::/8").trusted_proxies  # type: ignore[arg-type]


def test_forwarded_headers_of_other_peers_are_ignored(services: Services) -> None:
    app = page(services, trusted_proxies="10.0.0.0/8")
    codes = [
        send(app, "203.0.113.7", headers={"X-Forwarded-For": f"9.9.9.{n}"}).status_code
        for n in range(5)
    ]
    assert codes == [201] * 3 + [429] * 2


def test_a_refusal_says_when_to_come_back_in_the_visitors_language(services: Services) -> None:
    app = page(services)
    for _ in range(3):
        send(app, "203.0.113.7")
    answer = send(app, "203.0.113.7", headers={"Accept-Language": "es"})
    assert answer.json()["reason"] == "busy-address"
    assert "tu red" in answer.json()["words"]
    assert 0 < answer.json()["wait_s"] <= 60
    assert 0 < int(answer.headers["retry-after"]) <= 61


def test_no_client_address_is_stored_in_the_ledger(services: Services) -> None:
    send(page(services), "203.0.113.7")
    keys = services.redis.keys(f"{services.settings.namespace}:*")
    assert keys
    assert not [key for key in keys if "203.0.113" in key]


@pytest.mark.parametrize("why", ["paused", "too-heavy", "no-form", "cooldown", "disk"])
def test_a_refusal_is_sent_before_the_photos_are_uploaded(
    services: Services, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    path = "/asks?event=event-123456"
    match why:
        case "paused":
            services.controls.pause("intake")
        case "too-heavy":
            headers["Content-Length"] = "900000000"
        case "disk":
            monkeypatch.setattr(uploads_api, "DISK_RESERVE_BYTES", 2**62)
        case "no-form":
            headers["Content-Type"] = "application/json"
        case "cooldown":
            headers["Cookie"] = f"suisai_person={'a' * 32}"
            strict = services.settings.limits.model_copy(update={"cooldown_s": 60.0})
            object.__setattr__(services.settings, "limits", strict)
            services.ledger._limits_json.cache_clear()
    app = page(services, asks_per_minute=100, asks_per_hour=100)
    if why == "cooldown":
        first = ask(app, "/asks", "POST", data={"event": "event-earlier"}, files=PHOTO,
                    headers={"Cookie": headers["Cookie"]})  # fmt: skip
        assert first.status_code == 201

    status, read_before = _early(app, path, headers)

    assert status in (400, 413, 429, 503, 507)
    assert read_before == 0


def _early(app: Starlette, path: str, headers: dict[str, str]) -> tuple[int, int]:
    """Post a body; return the status and how many chunks were read before it was said."""
    taken, status, before = 0, 0, -1

    async def receive() -> dict[str, Any]:
        nonlocal taken
        taken += 1
        return {"type": "http.request", "body": bytes(1000), "more_body": taken < 50}

    async def say(message: Any) -> None:
        nonlocal status, before
        if message["type"] == "http.response.start":
            status, before = message["status"], taken

    target, _, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST",
        "scheme": "http", "path": target, "raw_path": target.encode(), "root_path": "",
        "query_string": query.encode(), "server": ("localhost", 80), "client": ("127.0.0.1", 5),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    asyncio.run(app(scope, receive, say))
    return status, before


def test_a_request_that_was_accepted_is_not_refused_when_it_comes_again(
    services: Services,
) -> None:
    app = page(services)
    strict = services.settings.limits.model_copy(update={"cooldown_s": 60.0})
    object.__setattr__(services.settings, "limits", strict)
    services.ledger._limits_json.cache_clear()
    cookie = {"Cookie": f"suisai_person={'a' * 32}"}

    def again(path: str) -> httpx.Response:
        form = {"event": "event-123456"}
        return ask(app, path, "POST", data=form, files=PHOTO, headers=cookie)

    first, second, third = again("/asks"), again("/asks?event=event-123456"), again("/asks")

    assert [answer.status_code for answer in (first, second, third)] == [201] * 3
    assert first.json() == second.json() == third.json()

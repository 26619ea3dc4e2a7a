"""Only the operator reads the numbers: from this machine, or with the password."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette

from bots.web.app import build_app
from bots.web.settings import WebSettings
from tasks.services import Services
from tests.bots.web.peers import ask


def page(services: Services, **settings: object) -> Starlette:
    return build_app(services, WebSettings(**settings))  # type: ignore[arg-type] # pydantic checks


def test_without_a_password_this_machine_is_let_in(services: Services) -> None:
    for peer in ("127.0.0.1", "::1"):
        assert ask(page(services), "/metrics", peer=peer).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "suisai.example"},
        {"Host": "127.0.0.1.example"},
        {"X-Forwarded-For": "127.0.0.1"},
        {"Forwarded": "for=127.0.0.1"},
    ],
)
def test_a_proxy_or_a_strangers_name_for_this_machine_is_kept_out(
    services: Services, headers: dict[str, str]
) -> None:
    answer = ask(page(services), "/metrics", headers=headers)

    assert answer.status_code == 403
    assert "SUISAI_WEB_OPERATOR_PASSWORD" in answer.text


def test_another_machine_is_kept_out(services: Services) -> None:
    assert ask(page(services), "/metrics", peer="10.0.0.7").status_code == 403


def test_the_password_opens_from_everywhere_and_nothing_else_does(services: Services) -> None:
    app = page(services, operator_password="correct horse")

    asked = ask(app, "/metrics", peer="10.0.0.7")
    assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
    for auth in (("operator", "wrong"), ("root", "correct horse"), ("operator", "")):
        assert ask(app, "/metrics", peer="10.0.0.7", auth=auth).status_code == 401
    right = ask(app, "/metrics", peer="10.0.0.7", auth=("operator", "correct horse"))
    assert right.status_code == 200


@pytest.mark.parametrize("value", ["Basic", "Basic ///", "Basic w7Y=", "Bearer p", "Basic /w=="])
def test_garbage_instead_of_a_password_is_only_refused(services: Services, value: str) -> None:
    app = page(services, operator_password="p")

    assert ask(app, "/metrics", headers={"Authorization": value}).status_code == 401


def test_guessing_is_stopped_where_it_comes_from(services: Services) -> None:
    app = page(services, operator_password="p")

    guesses = [ask(app, "/metrics", auth=("operator", str(n))).status_code for n in range(11)]

    assert guesses == [401] * 10 + [429]
    # Else the guesser would only have to look for the answer that is not a refusal.
    assert ask(app, "/metrics", auth=("operator", "p")).status_code == 429
    assert ask(app, "/metrics", peer="10.0.0.7", auth=("operator", "p")).status_code == 200


def test_numbers_can_be_opened_to_everybody(services: Services) -> None:
    answer = ask(page(services, metrics_open=True), "/metrics", peer="10.0.0.7")

    assert answer.status_code == 200
    assert "suisai_jobs_waiting" in answer.text


def test_the_process_that_serves_is_the_one_that_lets_in(address: str) -> None:
    assert httpx.get(f"{address}metrics").status_code == 200

"""The operator's pages need the token or the password; a client's address gives no access."""

from __future__ import annotations

import asyncio
import stat
import threading
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from pydantic import ValidationError
from starlette.applications import Starlette

from bots.web import operator_auth
from bots.web.app import build_app
from bots.web.operator_auth import COOKIE, operator_link, operator_token
from bots.web.settings import WebSettings
from tasks.services import Services
from tests.bots.web.peers import AS_OPERATOR, OPERATOR, ask

FORWARDED = {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1", "X-Real-IP": "127.0.0.1"}


def page(services: Services, **settings: object) -> Starlette:
    settings = {"operator_token": OPERATOR, **settings}
    return build_app(services, WebSettings(**settings))  # type: ignore[arg-type] # pydantic checks


def cookie_of(answer: httpx.Response) -> dict[str, str]:
    return {"Cookie": f"{COOKIE}={answer.cookies[COOKIE]}"}


@pytest.mark.parametrize("peer", ["127.0.0.1", "::1", "10.0.0.7"])
@pytest.mark.parametrize("headers", [{}, FORWARDED, {"Host": "suisai.example"}])
@pytest.mark.parametrize("proxies", [(), ("127.0.0.1",)])
def test_where_a_request_comes_from_gives_no_rights(
    services: Services, peer: str, headers: dict[str, str], proxies: tuple[str, ...]
) -> None:
    app = page(services, trusted_proxies=proxies)
    for path in ("/metrics", "/status", "/status/now"):
        answer = ask(app, path, peer=peer, headers=headers)
        assert answer.status_code == 403, path
        assert "suisai operator-link" in answer.text


def test_behind_a_plain_reverse_proxy_strangers_are_kept_out(address: str) -> None:
    # As with `proxy_pass` and nothing else: the peer is loopback, the host the page's own.
    for path in ("metrics", "status", "status/now"):
        assert httpx.get(f"{address}{path}").status_code == 403
    pressed = httpx.post(f"{address}status/pause", json={"what": "intake"})
    assert pressed.status_code == 403


def test_the_link_logs_in_and_redirects_without_the_token(services: Services) -> None:
    app = page(services)

    opened = ask(app, f"/status?token={OPERATOR}&x=1")

    assert opened.status_code == 303
    assert opened.headers["location"] == "/status?x=1"
    cookie = opened.headers["set-cookie"]
    assert "httponly" in cookie.lower()
    assert OPERATOR not in cookie
    again = ask(app, "/status", headers=cookie_of(opened))
    assert again.status_code == 200


def test_the_cookie_ends_with_its_token(services: Services) -> None:
    opened = ask(page(services), f"/status?token={OPERATOR}")
    other = page(services, operator_token="another-token-of-it")
    assert ask(other, "/status", headers=cookie_of(opened)).status_code == 403


@pytest.mark.parametrize("token", ["", "wrong", OPERATOR[:-1], f"{OPERATOR}x", "\u6c34"])
def test_a_wrong_token_gives_no_access(services: Services, token: str) -> None:
    app = page(services)
    asked = [
        ask(app, "/status", params={"token": token}),
        ask(app, "/status", headers={"Cookie": f"{COOKIE}={token.encode().hex()}"}),
        ask(app, "/status", headers={"Authorization": b"Bearer " + token.encode()}),
    ]
    assert [answer.status_code for answer in asked] == [403] * 3


def test_programs_show_the_token_in_a_header(services: Services) -> None:
    assert ask(page(services), "/status/now", headers=AS_OPERATOR).status_code == 200


def test_a_token_is_made_once_and_kept_for_its_user_alone(tmp_path: Path) -> None:
    made: set[str] = set()
    folder = tmp_path / "data"
    threads = [
        threading.Thread(target=lambda: made.add(operator_token(WebSettings(), folder)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (token,) = made
    assert len(token) > 40
    assert stat.S_IMODE((folder / "operator-token").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["operator-token"]


def test_the_printed_link_leads_to_the_page_that_is_served(
    services: Services, address: str
) -> None:
    port = urlsplit(address).port or 0
    link = operator_link(WebSettings(port=port), Path(services.settings.data_dir))
    with httpx.Client(follow_redirects=True) as browser:
        opened = browser.get(link)
        assert opened.status_code == 200
        assert "token" not in str(opened.url)
        assert browser.get(f"{address}metrics").status_code == 200


def test_the_link_names_the_address_that_people_see() -> None:
    settings = WebSettings(public_url="https://paint.example/", operator_token=OPERATOR)  # type: ignore[arg-type]
    assert operator_link(settings, Path()) == f"https://paint.example/status?token={OPERATOR}"
    everywhere = WebSettings(host="0.0.0.0", port=80, operator_token=OPERATOR)  # type: ignore[arg-type] # noqa: S104
    assert operator_link(everywhere, Path()).startswith("http://127.0.0.1:80/status?")


def test_the_password_opens_and_nothing_else_does(services: Services) -> None:
    app = page(services, operator_password="correct horse")

    asked = ask(app, "/metrics")
    assert (asked.status_code, asked.headers["www-authenticate"][:5]) == (401, "Basic")
    for auth in (("operator", "wrong"), ("root", "correct horse"), ("operator", "")):
        assert ask(app, "/metrics", auth=auth).status_code == 401
    assert ask(app, "/metrics", auth=("operator", "correct horse")).status_code == 200


@pytest.mark.parametrize("value", ["Basic", "Basic ///", "Basic w7Y=", "Bearer p", "Basic /w=="])
def test_a_malformed_authorization_header_is_refused(services: Services, value: str) -> None:
    app = page(services, operator_password="pass word")

    assert ask(app, "/metrics", headers={"Authorization": value}).status_code == 401


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_guessing_is_stopped_by_the_real_peer_and_not_by_a_header(
    services: Services, header: str
) -> None:
    app = page(services, operator_password="pass word")

    guesses = [
        ask(app, "/metrics", auth=("operator", str(n)), headers={header: f"10.0.0.{n}"}).status_code
        for n in range(11)
    ]

    assert guesses == [401] * 10 + [429]
    # Else the guesser would only have to look for the answer that is not a refusal.
    assert ask(app, "/metrics", auth=("operator", "pass word")).status_code == 429
    assert ask(app, "/metrics", peer="10.0.0.7", auth=("operator", "pass word")).status_code == 200


def test_behind_a_trusted_proxy_each_person_guesses_for_themselves(services: Services) -> None:
    app = page(services, operator_password="pass word", trusted_proxies="127.0.0.1,10.1.0.0/16")

    def guess(password: str, forwarded: str) -> int:
        headers = {"X-Forwarded-For": f"203.0.113.9, {forwarded}, 10.1.2.3"}
        return ask(app, "/metrics", auth=("operator", password), headers=headers).status_code

    assert [guess(str(n), "198.51.100.7") for n in range(11)] == [401] * 10 + [429]
    assert guess("pass word", "198.51.100.8") == 200


def test_wrong_passwords_do_not_lock_out_the_operator(services: Services) -> None:
    app = page(services, operator_password="pass word")
    known = ask(app, "/metrics", auth=("operator", "pass word"))
    for n in range(11):
        ask(app, "/metrics", auth=("operator", str(n)))

    assert ask(app, "/metrics", headers=cookie_of(known)).status_code == 200
    assert ask(app, "/metrics", headers=AS_OPERATOR).status_code == 200
    assert ask(app, f"/metrics?token={OPERATOR}").status_code == 303


def test_the_metrics_token_gives_access_to_metrics_only(services: Services) -> None:
    app = page(services, metrics_token="token-to-scrape-by")
    scraper = {"Authorization": "Bearer token-to-scrape-by"}

    assert ask(app, "/metrics", headers=scraper).status_code == 200
    assert ask(app, "/status", headers=scraper).status_code == 403
    assert ask(app, "/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_metrics_can_be_made_public(services: Services) -> None:
    answer = ask(page(services, metrics_open=True), "/metrics", peer="10.0.0.7")

    assert answer.status_code == 200
    assert "suisai_jobs_waiting" in answer.text


def test_many_guesses_at_once_are_as_limited_as_one_after_the_other(services: Services) -> None:
    app = page(services, operator_password="pass word")

    async def guess() -> list[int]:
        transport = httpx.ASGITransport(app, client=("203.0.113.7", 50_000))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = [client.get("/metrics", auth=("operator", str(n))) for n in range(60)]
            return [answer.status_code for answer in await asyncio.gather(*asked)]

    assert Counter(asyncio.run(guess())) == {401: 10, 429: 50}


def test_the_right_password_counts_as_no_guess(services: Services) -> None:
    app = page(services, operator_password="pass word")
    asked = [ask(app, "/metrics", auth=("operator", "pass word")).status_code for _ in range(15)]
    assert asked == [200] * 15


def test_a_network_of_many_addresses_guesses_no_more_than_its_share(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operator_auth, "_GUESSES", 1)
    app = page(services, operator_password="pass word")

    def guess(peer: str, password: str) -> int:
        return ask(app, "/metrics", peer=peer, auth=("operator", password)).status_code

    guesses = [guess(f"2001:db8:7:{n:x}::1", str(n)) for n in range(0, 65_536, 3_072)]

    assert Counter(guesses) == {401: 16, 429: 6}
    assert guess("2001:db8:8::1", "pass word") == 200


def test_who_guesses_is_not_noted_in_the_ledger(services: Services) -> None:
    app = page(services, operator_password="pass word")
    ask(app, "/metrics", peer="203.0.113.77", auth=("operator", "wrong"))
    keys = services.redis.keys(f"{services.settings.namespace}:*")
    assert any("wrong-passwords" in str(key) for key in keys)
    assert not [key for key in keys if "203.0.113" in str(key)]


@pytest.mark.parametrize(
    ("name", "value"),
    [("operator_token", "1234"), ("metrics_token", "scrape"), ("operator_password", "p")],
)
def test_what_can_be_guessed_is_no_secret(name: str, value: str) -> None:
    with pytest.raises(ValidationError, match="at least"):
        WebSettings(**{name: value})  # type: ignore[arg-type] # pydantic checks

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from bots.findings import Severity
from bots.x.client import XClient
from bots.x.doctor import check
from bots.x.login import LoginFailed, login
from bots.x.oauth import Tokens
from bots.x.settings import XSettings
from bots.x.store import notify_operator
from tasks.heartbeat import Process
from tasks.services import Services
from tests.fakes.x_api import CONSUMER_SECRET, TOKEN_SECRET, FakeX
from tests.fakes.x_words import POST, Words


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here: the one of X's description."""
    return POST


class Browser:
    """Opens the page, lets the operator decide, and goes where X sends it, with a browser's habits."""

    def __init__(self, decision: dict[str, str]) -> None:
        self.decision = decision
        self.asked: dict[str, str] = {}
        self.page = ""
        self._thread = threading.Thread()

    def open(self, address: str) -> None:
        self.asked = {k: v[0] for k, v in parse_qs(urlsplit(address).query).items()}
        self._thread = threading.Thread(target=self._return)
        self._thread.start()

    def _return(self) -> None:
        back = urlsplit(self.asked["redirect_uri"])
        with socket.create_connection((back.hostname or "", back.port or 0)):
            self._follow()

    def _follow(self) -> None:
        favicon = self.asked["redirect_uri"].replace("/callback", "/favicon.ico")
        assert httpx.get(favicon).status_code == 404
        query = {"state": self.asked["state"], **self.decision}
        self.page = httpx.get(self.asked["redirect_uri"], params=query).text

    def close(self) -> None:
        self._thread.join(5)


@pytest.fixture
def x(fake: FakeX, services: Services) -> XClient:
    """A client without a login, redirecting to any free port."""
    return XClient(XSettings(login_port=0), services.kv("x"))


def shown(_: str) -> None:
    """Do not show the address."""


def test_allowing_the_app_connects_the_account(fake: FakeX, x: XClient) -> None:
    browser = Browser({"code": "the-code"})
    account = login(x, shown, browser.open)
    browser.close()

    digest = hashlib.sha256(fake.verifiers["the-code"].encode()).digest()
    assert account.username == "suisai"
    assert browser.asked["code_challenge_method"] == "S256"
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == browser.asked["code_challenge"]
    assert "offline.access" in browser.asked["scope"]
    assert browser.asked["redirect_uri"].startswith("http://127.0.0.1:")
    assert "close this page" in browser.page
    assert x.mentions(None, None).posts == ()


def test_a_login_that_was_not_allowed_fails(fake: FakeX, x: XClient) -> None:
    browser = Browser({"error": "access_denied"})
    with pytest.raises(LoginFailed, match="access_denied"):
        login(x, shown, browser.open)
    browser.close()
    assert x.tokens.known() is None
    assert fake.verifiers == {}


def test_a_request_of_another_login_is_not_taken_for_an_answer(fake: FakeX, x: XClient) -> None:
    browser = Browser({"code": "stolen", "state": "not-ours"})
    with pytest.raises(LoginFailed, match=r"1 requests belonged to another login.*ssh -L"):
        login(x, shown, browser.open, patience_s=1.0)
    browser.close()
    assert x.tokens.known() is None
    assert fake.verifiers == {}


def test_a_stray_request_does_not_end_a_login(fake: FakeX, x: XClient) -> None:
    class Stray(Browser):
        def _follow(self) -> None:
            for query in ({}, {"state": "ü", "code": "stolen"}, {"error": "access_denied"}):
                page = httpx.get(self.asked["redirect_uri"], params=query).text
                assert "did not work" in page
            super()._follow()

    browser = Stray({"code": "the-code"})
    assert login(x, shown, browser.open).username == "suisai"
    browser.close()
    assert list(fake.verifiers) == ["the-code"]


def test_login_gives_up_if_the_browser_does_not_return(x: XClient) -> None:
    with pytest.raises(LoginFailed, match="Nothing came back"):
        login(x, shown, shown, patience_s=0.05)


def test_oauth1_keys_are_tried_as_they_are(fake: FakeX, connect: Callable[..., XClient]) -> None:
    keys = {
        "consumer_key": "k",
        "consumer_secret": CONSUMER_SECRET,
        "access_token": "1-t",
        "access_token_secret": TOKEN_SECRET,
    }
    assert login(connect(client_id=None, **keys), shown, shown).username == "suisai"
    with pytest.raises(LoginFailed, match="does not accept"):
        login(connect(client_id=None, **{**keys, "consumer_secret": "wrong"}), shown, shown)


def test_without_any_key_the_operator_is_told_what_to_set(services: Services) -> None:
    with pytest.raises(LoginFailed, match="SUISAI_X_CLIENT_ID"):
        login(XClient(XSettings(), services.kv("x")), shown, shown)


NOBODY_ANSWERS = "http://127.0.0.1:1"


def test_a_network_error_is_not_reported_as_wrong_keys(
    services: Services, connect: Callable[..., XClient]
) -> None:
    keys = {"consumer_key": "k", "consumer_secret": CONSUMER_SECRET}
    tokens = {"access_token": "1-t", "access_token_secret": TOKEN_SECRET}
    x = connect(client_id=None, api_url=NOBODY_ANSWERS, **keys, **tokens)

    with pytest.raises(LoginFailed, match="cannot be reached from this machine") as failed:
        login(x, shown, shown)

    assert "accept" not in str(failed.value)


def test_a_login_reports_that_x_is_unreachable(services: Services, fake: FakeX) -> None:
    away = XSettings(login_port=0, api_url=NOBODY_ANSWERS)
    browser = Browser({"code": "the-code"})

    with pytest.raises(LoginFailed, match="cannot be reached from this machine"):
        login(XClient(away, services.kv("x")), shown, browser.open)

    browser.close()


@pytest.mark.parametrize("known", [True, False])
def test_the_doctor_tells_a_network_that_is_away_from_keys_that_are_wrong(
    fake: FakeX,
    services: Services,
    connect: Callable[..., XClient],
    monkeypatch: pytest.MonkeyPatch,
    known: bool,
) -> None:
    if known:
        connect()
    monkeypatch.setenv("SUISAI_X_API_URL", NOBODY_ANSWERS)

    finding = next(iter(check(services)))

    assert finding.severity is Severity.ERROR
    assert "cannot be reached from this machine" in finding.message
    assert "accept" not in finding.message


def test_an_account_that_nobody_connected_needs_a_login(fake: FakeX, services: Services) -> None:
    network, account = check(services)

    assert network.severity is Severity.OK
    assert account.fix == "suisai x login"


def test_the_doctor_reaches_x_while_the_ledger_is_away(fake: FakeX) -> None:
    network, account = check(None)

    assert network.severity is Severity.OK
    assert account.severity is Severity.WARNING


def test_the_doctor_finds_a_healthy_account(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    x = connect()
    scopes = "tweet.read tweet.write users.read media.write dm.read dm.write offline.access"
    x.tokens.store(Tokens("access-0", "refresh-0", 2e9, tuple(scopes.split())))
    services.heartbeats.announce(Process("x", "here:1", 0.0, {}))

    findings = list(check(services))

    assert {finding.severity for finding in findings} == {Severity.OK}
    assert "@suisai" in findings[0].message
    assert "of $10.00 today" in findings[2].message


def test_the_doctor_says_where_a_budget_pays_for_no_request(
    fake: FakeX,
    services: Services,
    connect: Callable[..., XClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    connect()
    monkeypatch.setenv("SUISAI_X_DAILY_BUDGET_USD", "0.02")

    (found,) = (finding for finding in check(services) if finding.what == "X budget")

    assert found.severity is Severity.ERROR
    assert "pays for no request" in found.message


def test_the_doctor_names_what_is_wrong_and_what_helps(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    connect().tokens.store(Tokens("stale", "stale", 2e9, ("tweet.read",)))
    services.heartbeats.announce(Process("io", "here:1", 0.0, {}))
    notify_operator(services.kv("x"), "answering: no credits left")

    wrong = [finding for finding in check(services) if finding.severity is not Severity.OK]

    assert [(finding.what, finding.severity) for finding in wrong] == [
        ("X", Severity.ERROR),
        ("X scopes", Severity.ERROR),
        ("X listener", Severity.WARNING),
        ("X", Severity.WARNING),
    ]
    assert "no credits left" in wrong[-1].message
    assert all(finding.fix for finding in wrong)


@pytest.mark.parametrize(
    ("secret", "web", "light"),
    [(None, True, Severity.ERROR), ("secret", False, Severity.WARNING), ("secret", True, None)],
)
def test_the_doctor_sees_who_would_take_a_webhook(
    fake: FakeX,
    services: Services,
    connect: Callable[..., XClient],
    monkeypatch: pytest.MonkeyPatch,
    secret: str | None,
    web: bool,
    light: Severity | None,
) -> None:
    connect()
    services.heartbeats.announce(Process("io", "here:1", 0.0, {}))
    monkeypatch.setenv("SUISAI_X_WEBHOOKS", "true")
    monkeypatch.delenv("SUISAI_X_CONSUMER_SECRET", raising=False)
    if secret is not None:
        monkeypatch.setenv("SUISAI_X_CONSUMER_SECRET", secret)
    if web:
        services.heartbeats.announce(Process("web", "here:1", 0.0, {}))

    found = {finding.what: finding.severity for finding in check(services)}

    assert found.get("X webhook") is light


def test_the_doctor_is_silent_about_an_x_that_is_not_set_up(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SUISAI_X_CLIENT_ID", raising=False)
    (finding,) = check(services)
    assert finding.severity is Severity.OK

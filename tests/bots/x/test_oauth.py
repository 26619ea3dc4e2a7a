from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from redis.exceptions import ConnectionError

from bots.x.client import XClient
from bots.x.errors import XUnknownOutcome
from bots.x.oauth import LoginNeeded, Tokens, TokenStore
from tasks.kv import KeyValueStore, Members
from tasks.services import Services
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import TWEET, Words
from tests.stack import Stack

ENDPOINT = "POST /2/oauth2/token"


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here."""
    return TWEET


@pytest.fixture
def kill_in_renewal(fake: FakeX, stack: Stack, x: XClient) -> Callable[[], None]:
    """Lets another process renew the token and kills it after X's answer, before it is stored."""

    def kill() -> None:
        command = [sys.executable, "-c", _RENEW_AND_DIE]
        process = subprocess.run(command, env={**os.environ, **stack.environment}, timeout=60)
        assert process.returncode == -signal.SIGKILL
        assert fake.renewals == 1

    return kill


_RENEW_AND_DIE = """
import os, signal
from bots.x.client import XClient
from bots.x.settings import XSettings
from tasks.services import open_services
from tasks.kv import KeyValueStore
from tasks.settings import Settings
from tests.fakes.x_api import ACCESS

class Deadly(KeyValueStore):
    def compare_and_set(self, key, old, new, person="", also=None):
        os.kill(os.getpid(), signal.SIGKILL)

services = open_services(Settings(), lambda _: None)
notebook = Deadly(services.redis, f"{services.settings.namespace}:notes:x")
XClient(XSettings(), notebook).tokens.renewed(ACCESS)
"""


def let_the_lock_run_out(services: Services) -> None:
    """Make the time pass after which a dead process no longer keeps others from renewing."""
    (key,) = services.redis.keys(f"{services.settings.namespace}:*oauth2:renewing")
    services.redis.pexpire(key, 1)


def test_after_a_death_between_answer_and_storing_the_old_pair_is_tried(
    fake: FakeX, services: Services, x: XClient, kill_in_renewal: Callable[[], None]
) -> None:
    kill_in_renewal()
    fake.refresh = REFRESH  # This X lets a refresh token be used again for a while.
    let_the_lock_run_out(services)

    assert x.tokens.renewed(ACCESS) == "access-2"

    assert x.me().username == "suisai"


def test_tokens_lost_in_a_crash_require_a_login(
    services: Services, x: XClient, kill_in_renewal: Callable[[], None]
) -> None:
    kill_in_renewal()
    let_the_lock_run_out(services)

    with pytest.raises(LoginNeeded, match=r"not renew the login .*: run `suisai x login`"):
        x.me()


def test_while_a_pair_may_be_on_its_way_nobody_else_uses_the_old_one(
    fake: FakeX, services: Services, x: XClient, kill_in_renewal: Callable[[], None]
) -> None:
    kill_in_renewal()
    fake.refresh = REFRESH

    waiting = threading.Thread(target=x.tokens.renewed, args=(ACCESS,))
    waiting.start()
    waiting.join(0.5)
    assert (waiting.is_alive(), fake.renewals) == (True, 1)

    let_the_lock_run_out(services)
    waiting.join(10)
    assert fake.renewals == 2


def test_a_renewal_that_fails_in_good_time_is_not_noticed(fake: FakeX, x: XClient) -> None:
    x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 300))
    fake.faults.add(XFault(ENDPOINT, 503))

    x.posts(["1"])
    assert fake.renewals == 0

    x.posts(["2"])
    assert fake.renewals == 1


def test_an_answer_without_a_new_refresh_token_keeps_the_old_one(fake: FakeX, x: XClient) -> None:
    fake.faults.add(XFault(ENDPOINT, 200, {"access_token": ACCESS + "-renewed"}))
    fake.access = {ACCESS + "-renewed"}

    x.tokens.renewed(ACCESS)

    kept = x.tokens.known()
    assert kept is not None
    assert (kept.access, kept.refresh) == (ACCESS + "-renewed", REFRESH)


@pytest.mark.parametrize("expires_in", [None, "soon", -1, 0])
def test_a_token_that_does_not_tell_how_long_it_lasts_lasts_two_hours(
    fake: FakeX, x: XClient, expires_in: object
) -> None:
    fake.faults.add(XFault(ENDPOINT, 200, {"access_token": "other", "expires_in": expires_in}))
    fake.access = {"other"}

    x.tokens.renewed(ACCESS)

    kept = x.tokens.known()
    assert kept is not None
    assert 7100 < kept.expires_at - time.time() <= 7200


@pytest.mark.parametrize(
    "body", [{"token_type": "bearer"}, [], "access", None, {"access_token": ""}]
)
def test_an_answer_without_a_token_has_an_unknown_outcome(
    fake: FakeX, x: XClient, body: object
) -> None:
    fake.faults.add(XFault(ENDPOINT, 200, body))
    with pytest.raises(XUnknownOutcome):
        x.tokens.renewed(ACCESS)
    assert x.tokens.renewed(ACCESS) == "access-1"


class Away(KeyValueStore):
    """A key-value store whose server fails the first two writes of tokens."""

    tries = 0

    def compare_and_set(
        self, key: str, old: str | None, new: str, person: str = "", also: Members | None = None
    ) -> bool:
        self.tries += 1
        if self.tries <= 2:
            raise ConnectionError
        return super().compare_and_set(key, old, new)


def test_a_short_ledger_outage_loses_no_tokens(fake: FakeX, services: Services, x: XClient) -> None:
    away = Away(services.redis, f"{services.settings.namespace}:notes:x")

    assert TokenStore(x.settings, away, x.session).renewed(ACCESS) == "access-1"

    kept = x.tokens.known()
    assert kept is not None
    assert kept.refresh == "refresh-1"

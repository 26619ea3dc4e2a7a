"""An X on this machine, and the adapter set up to talk to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from bots.x.answer import XPlatform
from bots.x.api import X
from bots.x.inbox import Inbox
from bots.x.messages import XMessages
from bots.x.settings import XSettings
from bots.x.tokens import Tokens
from tasks.services import Services
from tests.bots.x.desk import Desk
from tests.bots.x.spec import Spec
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_words import POST, TWEET, Words


@pytest.fixture(params=[TWEET, POST], ids=["tweet", "post"])
def words(request: pytest.FixtureRequest) -> Words:
    """Each test that reads X runs in both of its vocabularies."""
    found: Words = request.param
    return found


@pytest.fixture
def fake(words: Words, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeX]:
    """A running X; whatever was asked of it is held against X's own description afterwards."""
    with FakeX(words) as server:
        monkeypatch.setenv("SUISAI_X_API_URL", server.url)
        monkeypatch.setenv("SUISAI_X_CLIENT_ID", "client")
        monkeypatch.setenv("SUISAI_X_SETTLING_S", "0")
        monkeypatch.setenv("SUISAI_X_TIMEOUT_S", "5")
        yield server
    if words is POST and (spec := Spec.find()):
        assert spec.complaints(server) == []


@pytest.fixture
def connect(fake: FakeX, services: Services) -> Callable[..., X]:
    """Connects the bot's account; keywords replace settings."""

    def connected(**settings: object) -> X:
        x = X(XSettings(**settings), services.notebook("x"))  # type: ignore[arg-type]
        if not x.settings.has_oauth1:
            x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
        return x

    return connected


@pytest.fixture
def x(connect: Callable[..., X]) -> X:
    """The port to X, connected."""
    return connect()


@pytest.fixture
def inbox(services: Services, x: X) -> Inbox:
    """What takes posts to the ledger."""
    return Inbox(services, x)


@pytest.fixture
def desk(services: Services, x: X) -> Desk:
    """A worker's desk with X connected."""
    return Desk(services, {"x": XPlatform(services), "x-dm": XMessages(services)})

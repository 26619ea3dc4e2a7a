"""What was accepted is on the server's disk before anybody hears so, however the server is set up."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest
from structlog.testing import capture_logs

from tasks.models import Admitted, Stage
from tasks.services import open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import eventually
from tests.tasks.hands import Hands, MakeAsk

SetUp = Callable[..., Hands]


@pytest.fixture
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    """A server whose settings a test may change."""
    server = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    server.ensure()
    yield server
    server.stop()


@pytest.fixture
def hands_on(own: EmbeddedValkey, settings: Settings) -> Iterator[SetUp]:
    """Makes hands on that server, with options of it set first."""
    opened: list[Hands] = []

    def make(**options: str) -> Hands:
        mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
        hands = Hands(open_services(mine, lambda _: None))
        opened.append(hands)
        for name, value in options.items():
            hands.services.redis.config_set(name, value)
        return hands

    yield make
    for hands in opened:
        hands.services.redis.close()


def waits(hands: Hands) -> int:
    stats = hands.services.redis.info("commandstats")
    return int(stats.get("cmdstat_waitaof", {}).get("calls", 0))


def test_the_embedded_server_writes_before_it_answers(hands_on: SetUp, ask: MakeAsk) -> None:
    hands = hands_on()
    hands.admit(ask())
    assert hands.services.redis.config_get("appendfsync") == {"appendfsync": "always"}
    assert waits(hands) == 0


def test_a_server_that_writes_once_a_second_is_waited_for(hands_on: SetUp, ask: MakeAsk) -> None:
    hands = hands_on(appendfsync="everysec")
    hands.admit(ask())
    assert waits(hands) == 1
    hands.fetch()
    hands.paint()
    hands.ledger.record_send_intent(hands.take(Stage.DELIVER))
    assert waits(hands) == 2, "an intent must be on disk before the answer is sent"


def test_a_server_without_a_file_is_used_and_named(hands_on: SetUp, ask: MakeAsk) -> None:
    hands = hands_on(appendonly="no")
    with capture_logs() as logs:
        hands.admit(ask())
        hands.admit(ask())
    assert [log["log_level"] for log in logs] == ["warning"]


def test_what_was_accepted_survives_a_kill_of_the_server(
    own: EmbeddedValkey, hands_on: SetUp, ask: MakeAsk
) -> None:
    hands = hands_on()
    jobs = [hands.admit(ask(f"post-{number}")) for number in range(20)]
    os.kill(own.ensure(), signal.SIGKILL)
    eventually(lambda: not own.is_alive())
    own.ensure()
    assert {hands.job(job).stage for job in jobs} == {Stage.FETCH}
    again = hands.ledger.admit(ask("post-7"))
    assert isinstance(again, Admitted)
    assert again.duplicate

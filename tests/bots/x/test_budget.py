from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bots.x.budget import Budget, BudgetSpent, price_table
from bots.x.errors import XRefused, XUnknownOutcome
from tasks.services import Services

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
PRICES = {"mention": 0.001, "post": 0.005, "reply": 0.01}


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def budget(services: Services, clock: Clock, daily: float = 1.0, monthly: float = 10.0) -> Budget:
    return Budget(services.kv("x"), PRICES, daily, monthly, clock)


def test_a_call_costs_what_it_read(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)

    with counted.reading("post", at_most=100) as allowance:
        assert allowance.count == 100
        counted.came(allowance, "post", ["1", "2", "3"])

    assert counted.spending().today_usd == pytest.approx(0.015)
    assert counted.spending().counts == {"post": 3}


def test_a_post_that_is_read_again_the_same_day_is_free(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)
    for _ in range(3):
        with counted.reading("post", 1) as allowance:
            counted.came(allowance, "post", ["1"])

    assert counted.spending().today_usd == pytest.approx(0.005)


def test_a_call_that_fails_costs_nothing(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)
    with pytest.raises(XUnknownOutcome), counted.reading("post", 10):
        raise XUnknownOutcome("cut")
    with pytest.raises(XRefused), counted.writing("reply"):
        raise XRefused("no")

    assert counted.spending().today_usd == 0


def test_a_reply_of_unknown_fate_counts_as_sent(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)
    with pytest.raises(XUnknownOutcome), counted.writing("reply"):
        raise XUnknownOutcome("cut")

    assert counted.spending().today_usd == pytest.approx(0.01)


def test_reading_shrinks_and_stops_before_the_limit_so_that_answers_still_go_out(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock, daily=0.05)
    with counted.reading("post", at_most=100) as allowance:
        assert allowance.count == 8
        counted.came(allowance, "post", map(str, range(8)))

    with pytest.raises(BudgetSpent) as spent, counted.reading("mention", 100, at_least=5):
        pass
    with counted.writing("reply"):
        pass

    assert spent.value.until == datetime(2026, 11, 25, tzinfo=UTC).timestamp()
    with pytest.raises(BudgetSpent), counted.writing("reply"):
        pass
    assert counted.spending().today_usd <= 0.05


def test_a_new_day_begins_anew_and_the_month_goes_on(services: Services, clock: Clock) -> None:
    counted = budget(services, clock, daily=0.02, monthly=0.03)
    for _ in range(2):
        with counted.writing("reply"):
            pass
    clock.now += 86_400
    with counted.writing("reply"):
        pass

    with pytest.raises(BudgetSpent, match="monthly") as spent, counted.writing("reply"):
        pass

    assert spent.value.until == datetime(2026, 12, 1, tzinfo=UTC).timestamp()


def test_without_limits_everything_is_counted_and_nothing_refused(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock, daily=0, monthly=0)
    with counted.reading("post", 100) as allowance:
        assert allowance.count == 100
        counted.came(allowance, "post", ["1"])
    assert counted.spending().month_usd == pytest.approx(0.005)


def test_an_own_price_table_replaces_prices_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("[usd]\nreply = 0.02\n")

    assert price_table(file)["reply"] == 0.02
    assert price_table(file)["mention"] == price_table()["mention"] == 0.001

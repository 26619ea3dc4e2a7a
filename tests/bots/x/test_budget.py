from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bots.x.budget import MICRO, Budget, BudgetSpent, price_table
from bots.x.errors import XRefused, XServerError, XUnknownOutcome
from tasks.services import Services

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC).timestamp()
PRICES = {"mention": 0.001, "own_post": 0.001, "post": 0.005, "account": 0.01, "reply": 0.01}


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def killed_in(services: Services) -> Iterator[Callable[..., None]]:
    """Begins a call whose process is killed in the middle."""
    begun: list[AbstractContextManager[object]] = []

    def kill(call: AbstractContextManager[object]) -> None:
        call.__enter__()
        begun.append(call)

    yield kill
    for each in begun:
        each.__exit__(None, None, None)


def budget(
    services: Services, clock: Clock, daily: float = 1.0, monthly: float = 10.0, committed: int = 0
) -> Budget:
    store = services.kv("x")
    return Budget(store, PRICES, daily, monthly, clock, lambda: committed)


def today(counted: Budget) -> float:
    return counted.spending().today_usd


def test_a_call_costs_what_it_read(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)

    with counted.reading("post", at_most=100) as purchase:
        assert purchase.count == 100
        purchase.received("post", ["1", "2", "3"])
        purchase.received("account", ["7"])

    assert today(counted) == pytest.approx(0.025)
    assert counted.spending().counts == {"post": 3, "account": 1}
    assert counted.spending().held_usd == 0


def test_a_post_is_billed_once_a_day_whichever_way_it_is_read(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock)
    counted.received("mention", ["1", "1"])
    counted.received("post", ["1"])
    assert today(counted) == pytest.approx(0.001)

    clock.now += 86_400
    counted.received("post", ["1"])
    assert today(counted) == pytest.approx(0.005)
    assert counted.spending().month_usd == pytest.approx(0.006)


def test_a_call_that_fails_costs_nothing(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)
    with pytest.raises(XUnknownOutcome), counted.reading("post", 10):
        raise XUnknownOutcome("cut")
    for error in (XRefused("no"), XServerError("503")):
        with pytest.raises(type(error)), counted.writing("reply"):
            raise error

    assert today(counted) == counted.spending().held_usd == 0


def test_a_sentence_of_unknown_outcome_counts_as_sent(services: Services, clock: Clock) -> None:
    counted = budget(services, clock)
    with pytest.raises(XUnknownOutcome), counted.writing("reply"):
        raise XUnknownOutcome("cut")

    assert today(counted) == counted.spending().uncertain_usd == pytest.approx(0.01)


@pytest.mark.parametrize("error", [XUnknownOutcome("cut"), SystemExit(1), ValueError("late")])
@pytest.mark.parametrize(("happened", "usd"), [(True, 0.01), (False, 0.0)])
def test_an_answer_of_unknown_outcome_is_charged_until_a_look_shows_that_it_was_not_made(
    services: Services, clock: Clock, error: BaseException, happened: bool, usd: float
) -> None:
    counted = budget(services, clock)
    with pytest.raises(type(error)), counted.writing("reply", "job"):
        raise error
    assert (today(counted), counted.spending().held_usd) == (0, 0.01)

    for _ in range(2):
        counted.settle("reply", "job", happened=happened)

    assert today(counted) == counted.spending().month_usd == pytest.approx(usd)
    assert counted.spending().held_usd == counted.spending().uncertain_usd == 0
    assert counted.spending().counts == ({"reply": 1} if happened else {})


@pytest.mark.parametrize("happened", [True, False])
def test_a_process_killed_while_it_writes_leaves_the_charge(
    services: Services, clock: Clock, killed_in: Callable[..., None], happened: bool
) -> None:
    counted = budget(services, clock)
    killed_in(counted.writing("reply", "job"))
    assert today(counted) == pytest.approx(0.01)

    counted.settle("reply", "job", happened=happened)
    with counted.writing("reply", "other"):
        pass

    assert today(counted) == pytest.approx(0.02 if happened else 0.01)


def test_a_post_that_x_made_though_it_said_503_is_charged_when_it_is_found(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock)
    with pytest.raises(XServerError), counted.writing("reply", "job"):
        raise XServerError("503")
    assert today(counted) == 0

    for _ in range(2):
        counted.settle("reply", "job", happened=True)

    assert today(counted) == pytest.approx(0.01)


def test_an_answer_is_charged_once_however_often_it_is_found(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock)
    with counted.writing("reply", "job"):
        pass
    counted.settle("reply", "job", happened=True)
    assert today(counted) == pytest.approx(0.01)


def test_a_charge_is_taken_back_from_the_day_that_it_was_made_on(
    services: Services, clock: Clock, killed_in: Callable[..., None]
) -> None:
    counted = budget(services, clock)
    killed_in(counted.writing("reply", "job"))
    clock.now += 86_400
    with counted.writing("reply"):
        pass

    counted.settle("reply", "job", happened=False)

    assert today(counted) == counted.spending().month_usd == pytest.approx(0.01)


def test_a_killed_process_that_had_read_is_counted_when_the_next_one_reads_the_same(
    services: Services, clock: Clock, killed_in: Callable[..., None]
) -> None:
    counted = budget(services, clock)
    with counted.reading("post", 4) as purchase:
        purchase.received("post", ["1"])
    killed_in(counted.reading("post", 4, 4))

    counted.received("post", ["1", "2", "3"])

    assert today(counted) == pytest.approx(0.015)


def test_the_reservation_of_a_killed_process_expires_and_delays_others_only_so_long(
    services: Services, clock: Clock, killed_in: Callable[..., None]
) -> None:
    counted = budget(services, clock, daily=0.02)
    killed_in(counted.reading("post", 4, 4))
    with pytest.raises(BudgetSpent) as spent, counted.writing("reply"):
        pass
    assert spent.value.until - clock.now <= 120

    clock.now += 130
    with counted.writing("reply"):
        pass
    assert counted.spending().held_usd == 0


def test_reading_leaves_what_the_answers_to_admitted_requests_cost(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock, daily=0.05, committed=round(0.02 * MICRO))
    with counted.reading("post", at_most=100) as purchase:
        assert purchase.count == 6
        purchase.received("post", map(str, range(5)))
    with pytest.raises(BudgetSpent) as spent, counted.reading("post", 100, at_least=2):
        pass
    with pytest.raises(BudgetSpent), counted.writing("reply", spare=True):
        pass
    assert spent.value.until == datetime(2026, 11, 25, tzinfo=UTC).timestamp()

    for _ in range(2):
        with counted.writing("reply"):
            pass
    with pytest.raises(BudgetSpent), counted.writing("reply"):
        pass
    assert today(counted) <= 0.05


def test_no_more_is_read_than_can_be_followed_up(services: Services, clock: Clock) -> None:
    counted = budget(services, clock, daily=0.1)
    with counted.reading("mention", 100, 5, follow_up=round(0.019 * MICRO)) as purchase:
        assert purchase.count == 5
    with pytest.raises(BudgetSpent), counted.reading("post", 2, 2, keep=round(0.091 * MICRO)):
        pass
    with counted.reading("mention", 100, 5, along={"account": 1}) as purchase:
        assert purchase.count == 9


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
    clock.now = datetime(2026, 12, 1, 1, tzinfo=UTC).timestamp()
    assert counted.spending().month_usd == 0


def test_many_threads_together_do_not_pass_a_limit(services: Services, clock: Clock) -> None:
    counted = budget(services, clock, daily=0.105)

    def write(_: int) -> bool:
        try:
            with counted.writing("reply"):
                return True
        except BudgetSpent:
            return False

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(write, range(40))) == 10
    assert today(counted) == pytest.approx(0.1)


def test_without_limits_everything_is_counted_and_nothing_refused(
    services: Services, clock: Clock
) -> None:
    counted = budget(services, clock, daily=0, monthly=0)
    with counted.reading("post", 100) as purchase:
        assert purchase.count == 100
        purchase.received("post", ["1"])
    assert counted.spending().month_usd == pytest.approx(0.005)


def test_own_reads_are_cheap_only_where_the_account_owns_the_app() -> None:
    assert price_table()["mention"] == price_table()["own_post"] == price_table()["post"]
    assert price_table(owns_app=True)["mention"] == price_table()["owned_read"] == 0.001


def test_an_own_price_table_replaces_prices_one_by_one(tmp_path: Path) -> None:
    file = tmp_path / "prices.toml"
    file.write_text("[usd]\nreply = 0.02\n")

    assert price_table(file)["reply"] == 0.02
    assert price_table(file)["post"] == price_table()["post"] == 0.005

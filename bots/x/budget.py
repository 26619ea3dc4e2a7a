"""What the calls to X cost, and the limits on that: reserved before a call, charged after it as X bills.

X bills each resource once per UTC day and each write that succeeds; calls that fail are free. What is
reserved for a call is given back after it, or after a while where the process died meanwhile.
"""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from secrets import token_hex
from types import MappingProxyType
from typing import TypeVar

from pydantic import BaseModel, Field

from bots.x.errors import XError, XServerError, XUnknownOutcome
from tasks.kv import KeyValueStore

MICRO = 1_000_000
_DAY_S = 86_400.0
_KEPT_S = 40 * _DAY_S
_HELD_S = 120.0
"""A reservation is given back after this long: no call takes longer, so that its process has died."""
_UNKNOWN_S = 3600.0
"""An answer of unknown outcome keeps its reservation so long, unless it is found or missed before."""
_STORE_KEY = "money"
_POSTS = frozenset({"mention", "own_post", "post"})
"""One resource to X, whichever way a post is read."""

T = TypeVar("T")


class BudgetSpent(XError):
    """The operator's limit would be passed; `until` is when the next day or month begins."""

    def __init__(self, until: float, which: str) -> None:
        super().__init__(f"the {which} budget for X is spent")
        self.until = until


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent so far, in dollars; limits of 0 are none."""

    today_usd: float
    month_usd: float
    held_usd: float
    """Reserved for calls that are under way or whose outcome is unknown."""
    daily_limit_usd: float
    monthly_limit_usd: float
    counts: Mapping[str, int]
    """Of today, by what was paid for."""


class _Money(BaseModel):
    """What is stored, in millionths of a dollar."""

    day: str = ""
    today: int = 0
    month: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    """Of today."""
    held: dict[str, tuple[int, float]] = Field(default_factory=dict)
    """By name of the reservation: the amount, and when it is given back."""

    def moved_to(self, now: float) -> _Money:
        """Begin a new day or month where one has begun, and give back what is held for too long."""
        day = f"{datetime.fromtimestamp(now, UTC):%Y-%m-%d}"
        if self.day != day:
            same_month = self.day[:7] == day[:7]
            self.day, self.today, self.counts = day, 0, {}
            self.month = self.month if same_month else 0
        self.held = {name: each for name, each in self.held.items() if each[1] > now}
        return self

    @property
    def reserved(self) -> int:
        """The sum of all reservations."""
        return sum(amount for amount, _ in self.held.values())


class Purchase:
    """One call that reads: told what came, it charges for what X bills."""

    def __init__(self, budget: Budget, count: int) -> None:
        self._budget = budget
        self.count = count
        """How many resources the call may ask for."""

    def received(self, what: str, ids: Iterable[str]) -> None:
        """Charge for these, unless X billed them before on this day."""
        self._budget.received(what, ids)


class Budget:
    """Keeps the books in the key-value store, so that all processes share the limits.

    `committed` tells how many millionths of a dollar the answers to what was admitted will cost: new
    reading leaves that much, so that every admitted request can still be answered.
    """

    def __init__(
        self,
        store: KeyValueStore,
        prices: Mapping[str, float],
        daily_usd: float,
        monthly_usd: float,
        clock: Callable[[], float] = time.time,
        committed: Callable[[], int] = lambda: 0,
    ) -> None:
        self._store = store
        self._prices = {what: round(usd * MICRO) for what, usd in prices.items()}
        self._daily = round(daily_usd * MICRO)
        self._monthly = round(monthly_usd * MICRO)
        self._clock = clock
        self._committed = committed

    def price(self, what: str) -> int:
        """Return the price of one, in millionths of a dollar."""
        return self._prices[what]

    @contextmanager
    def reading(
        self,
        what: str,
        at_most: int,
        at_least: int = 1,
        along: Mapping[str, int] = MappingProxyType({}),
        follow_up: int = 0,
        keep: int = 0,
    ) -> Iterator[Purchase]:
        """Allow one call to read up to `at_most` resources. Raises `BudgetSpent` below `at_least`.

        `along`: what X sends along with each of them, at most. In millionths of a dollar, `follow_up` is what
        each may cost afterwards: no more than `at_least` are read unless all could be followed up. `keep` is
        what must be left after the call.
        """
        unit = self.price(what) + sum(self.price(each) * n for each, n in along.items())
        committed = self._committed()
        name = token_hex(8)

        def hold(money: _Money) -> int:
            free = self._free(money) - committed
            needed = at_least * unit + keep
            if free < needed:
                raise self._spent(money, needed + committed)
            count = min(at_most, free // (unit + follow_up)) if unit + follow_up else at_most
            count = max(at_least, count)
            money.held[name] = (count * unit, self._clock() + _HELD_S)
            return count

        count = self._change(hold)
        try:
            yield Purchase(self, count)
        finally:
            self._release(name)

    def received(self, what: str, ids: Iterable[str]) -> None:
        """Charge for resources that X sent, unless it billed them before on this day."""
        day = f"{datetime.fromtimestamp(self._clock(), UTC):%Y-%m-%d}"
        kind = "post" if what in _POSTS else what
        found = list(dict.fromkeys(ids))
        key, people = f"billed:{day}:{kind}", what == "account"
        if found and (count := self._store.add_members(key, found, 2 * _DAY_S, people=people)):
            self._change(lambda money: self._charge(money, what, count))

    @contextmanager
    def writing(self, what: str, key: str | None = None, spare: bool = False) -> Iterator[None]:
        """Pay for one call that writes. Raises `BudgetSpent`.

        `key` names a write whose outcome is looked up where it is unknown; it is charged once, by whichever
        of `writing` and `settle` comes first. `spare`: leave what the answers to admitted requests need.
        """
        price, name = self.price(what), f"{what}:{key or token_hex(8)}"
        committed = self._committed() if spare else 0

        def hold(money: _Money) -> None:
            if self._free(money) < price + committed:
                raise self._spent(money, price + committed)
            money.held[name] = (price, self._clock() + _HELD_S)

        self._change(hold)
        try:
            yield
        except XServerError:
            self._release(name)
            raise
        except XUnknownOutcome:
            if key is None:
                self._pay(what, name, once=False)
            else:
                self._hold_on(name, price)
            raise
        except BaseException:
            self._release(name)
            raise
        self._pay(what, name, once=key is not None)

    def settle(self, what: str, key: str, happened: bool) -> None:
        """Say what became of a write of unknown outcome."""
        name = f"{what}:{key}"
        if happened:
            self._pay(what, name, once=True)
        else:
            self._release(name)

    def spending(self) -> Spending:
        """Tell what was spent today and this month."""
        money = self._money(self._store.get(_STORE_KEY))
        return Spending(
            today_usd=money.today / MICRO,
            month_usd=money.month / MICRO,
            held_usd=money.reserved / MICRO,
            daily_limit_usd=self._daily / MICRO,
            monthly_limit_usd=self._monthly / MICRO,
            counts=money.counts,
        )

    def _free(self, money: _Money) -> int:
        """Return what may still be spent today and this month."""
        spent = ((self._daily, money.today), (self._monthly, money.month))
        rests = [limit - so_far - money.reserved for limit, so_far in spent if limit]
        return min(rests, default=10**15)

    def _spent(self, money: _Money, needed: int) -> BudgetSpent:
        """Say which limit is in the way, the one that lasts longer where both are."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._monthly and self._monthly - money.month - money.reserved < needed:
            next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
            return BudgetSpent(next_month.timestamp(), "monthly")
        return BudgetSpent((midnight + timedelta(days=1)).timestamp(), "daily")

    def _charge(self, money: _Money, what: str, count: int) -> None:
        money.today += count * self.price(what)
        money.month += count * self.price(what)
        money.counts[what] = money.counts.get(what, 0) + count

    def _pay(self, what: str, name: str, *, once: bool) -> None:
        """Charge for a write and give its reservation back, in one step."""
        charged = not once or self._store.set_if_absent(f"paid:{name}", "1", 2 * _DAY_S)

        def pay(money: _Money) -> None:
            money.held.pop(name, None)
            if charged:
                self._charge(money, what, 1)

        self._change(pay)

    def _hold_on(self, name: str, price: int) -> None:
        def hold(money: _Money) -> None:
            money.held[name] = (price, self._clock() + _UNKNOWN_S)

        self._change(hold)

    def _release(self, name: str) -> None:
        self._change(lambda money: money.held.pop(name, None))

    def _money(self, stored: str | None) -> _Money:
        money = _Money.model_validate_json(stored) if stored else _Money()
        return money.moved_to(self._clock())

    def _change(self, change: Callable[[_Money], T]) -> T:
        """Change what is stored in one step; `change` may be called again where another was faster."""
        while True:
            stored = self._store.get(_STORE_KEY)
            money = self._money(stored)
            result = change(money)
            if self._store.compare_and_set(_STORE_KEY, stored, money.model_dump_json()):
                return result


def price_table(path: Path | None = None, owns_app: bool = False) -> dict[str, float]:
    """Read a price table, the bot's own where no other is given; one of yours replaces it price by price."""
    usd = tomllib.loads(files("bots.x").joinpath("prices.toml").read_text("utf-8"))["usd"]
    if path is not None:
        usd |= tomllib.loads(path.read_text("utf-8"))["usd"]
    own = usd["owned_read"] if owns_app else usd["post"]
    return {"mention": own, "own_post": own, **usd}

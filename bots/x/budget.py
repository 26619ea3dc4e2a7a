"""Counts what the calls to X cost, and enforces the operator's limits.

X bills each resource once per UTC day and each write that succeeds; calls that fail are free.

A call that reads holds a reservation, which its answer turns into charges. Where its process is killed, the
reservation expires, and the next process reads the same again and is charged for it. A call that writes is
charged before it is sent. The charge is taken back only where X certainly did not bill it: the call failed,
or a look at what was posted finds nothing. So a process that is killed leaves no write uncounted.
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
from tasks.kv import KeyValueStore, Members

MICRO = 1_000_000
_DAY_S = 86_400.0
_HELD_S = 120.0
"""After this time a reservation expires: no call takes longer, so its process was killed."""
_OPEN_S = 2 * _DAY_S
"""How long a charge of unknown outcome can be taken back: longer than an answer is retried."""
_HELD_RETRY_S = 5.0
"""When to try again if only reservations of other calls leave too little; most last a second."""
_STORE_KEY = "money"
_POSTS = frozenset({"mention", "own_post", "post"})
"""One resource to X, whichever way a post is read."""

T = TypeVar("T")


class BudgetSpent(XError):
    """The operator's limit would be exceeded; `until` is when to ask again.

    That is the next day or month, or some seconds later where only other calls' reservations are in the way.
    """

    def __init__(self, until: float, which: str) -> None:
        super().__init__(f"the {which} budget for X is spent")
        self.until = until


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent so far, in dollars; a limit of 0 means none."""

    today_usd: float
    month_usd: float
    held_usd: float
    """Reserved for calls that read, and for writes of unknown outcome until they are looked up."""
    uncertain_usd: float
    """Part of `today_usd`: writes in progress, and those whose outcome will not be looked up."""
    daily_limit_usd: float
    monthly_limit_usd: float
    counts: Mapping[str, int]
    """Of today, by what was paid for."""


class _OpenCharge(BaseModel):
    """A write that is charged, and of which it is not known whether X carried it out."""

    what: str
    amount: int
    at: float
    """Seconds since the epoch."""
    outcome_unknown: bool = False
    """Whether it still has to be looked up if X posted it."""


class _Money(BaseModel):
    """What is stored, in millionths of a dollar."""

    day: str = ""
    today: int = 0
    month: int = 0
    counts: dict[str, int] = Field(default_factory=dict)
    """Of today."""
    held: dict[str, tuple[int, float]] = Field(default_factory=dict)
    """By name of the reservation: the amount, and when it expires."""
    open: dict[str, _OpenCharge] = Field(default_factory=dict)
    """By name of the write."""
    unknown: int = 0
    """Today's writes of unknown outcome that cannot be looked up."""

    def moved_to(self, now: float) -> _Money:
        """Begin a new day or month where one has begun, and drop what is held or open for too long."""
        day = _day(now)
        if self.day != day:
            same_month = self.day[:7] == day[:7]
            self.day, self.today, self.counts, self.unknown = day, 0, {}, 0
            self.month = self.month if same_month else 0
        self.held = {name: each for name, each in self.held.items() if each[1] > now}
        self.open = {name: each for name, each in self.open.items() if each.at + _OPEN_S > now}
        return self

    def charge(self, what: str, amount: int, count: int = 1) -> None:
        """Add what a call cost."""
        self.today += amount
        self.month += amount
        self.counts[what] = self.counts.get(what, 0) + count

    def take_back(self, name: str) -> None:
        """Take an open charge back from the day and the month that it was made in."""
        if (charge := self.open.pop(name, None)) is None:
            return
        day = _day(charge.at)
        if day == self.day:
            self.today -= charge.amount
            self.counts[charge.what] -= 1
            self.counts = {what: count for what, count in self.counts.items() if count}
        if day[:7] == self.day[:7]:
            self.month -= charge.amount


class Purchase:
    """One call that reads, and charges for what it receives."""

    def __init__(self, budget: Budget, count: int) -> None:
        self._budget = budget
        self.count = count
        """How many resources the call may ask for."""

    def received(self, what: str, ids: Iterable[str]) -> None:
        """Charge for these, unless X billed them before on this day."""
        self._budget.received(what, ids)


class Budget:
    """Counts in the key-value store, so that all processes share the limits.

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

    def affordable(self, what: str, at_most: int, at_least: int, follow_up: int, keep: int) -> int:
        """Return how many `reading` with these arguments would allow now; 0: it would raise `BudgetSpent`."""
        money = self._money(self._store.get(_STORE_KEY))
        free = self._free(money) - self._committed()
        unit = self.price(what)
        if free < at_least * unit + keep:
            return 0
        return self._count(free, unit + follow_up, at_most, at_least)

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

        `along`: what X sends along with each of them, at most. `follow_up` is what each may cost afterwards;
        where the budget does not cover that for all, only `at_least` are read. `keep` must be left after the
        call. Both are in millionths of a dollar.
        """
        unit = self.price(what) + sum(self.price(each) * n for each, n in along.items())
        committed = self._committed()
        name = token_hex(8)

        def hold(money: _Money) -> int:
            free = self._free(money) - committed
            needed = at_least * unit + keep
            if free < needed:
                raise self._spent(money, needed + committed)
            count = self._count(free, unit + follow_up, at_most, at_least)
            money.held[name] = (count * unit, self._clock() + _HELD_S)
            return count

        count = self._change(hold)
        try:
            yield Purchase(self, count)
        finally:
            self._change(lambda money: money.held.pop(name, None))

    def received(self, what: str, ids: Iterable[str]) -> None:
        """Charge for resources that X sent, unless it billed them before on this day.

        That they were billed is noted in the same step as the charge: a process that is killed leaves both or
        neither.
        """
        kind = "post" if what in _POSTS else what
        found = list(dict.fromkeys(ids))
        while found:
            stored = self._store.get(_STORE_KEY)
            money = self._money(stored)
            billed = f"billed:{money.day}:{kind}"
            new = self._store.missing_members(billed, found)
            if not new:
                return
            money.charge(what, len(new) * self.price(what), len(new))
            members = Members(billed, new, 2 * _DAY_S, people=what == "account")
            if self._store.compare_and_set(
                _STORE_KEY, stored, money.model_dump_json(), also=members
            ):
                return

    @contextmanager
    def writing(self, what: str, key: str | None = None, spare: bool = False) -> Iterator[None]:
        """Charge for one call that writes, and take it back where it fails. Raises `BudgetSpent`.

        `key` names a write whose outcome is looked up where it is unknown: until `settle` is called, it is
        held as a reservation. `spare`: leave what the answers to admitted requests need.
        """
        name = f"{what}:{key or token_hex(8)}"
        self._open(what, name, self._committed() if spare else 0)
        try:
            yield
        except BaseException as error:
            if _is_free(error):
                self._change(lambda money: money.take_back(name))
            elif key is None:
                self._change(lambda money: self._give_up(money, name))
            else:
                self._change(lambda money: self._leave_to_look_up(money, name))
            raise
        self._close(name, is_unique=key is not None)

    def settle(self, what: str, key: str, happened: bool) -> None:
        """Record the outcome of a write with this key; may be called again for the same write."""
        name = f"{what}:{key}"
        if not happened:
            self._change(lambda money: money.take_back(name))
            return
        if self._store.get(f"paid:{name}") is None:
            # X posted it, whatever it said: a failure whose charge was taken back is charged after all.
            self._change(lambda money: self._add_open(money, what, name))
        self._close(name, is_unique=True)

    def spending(self) -> Spending:
        """Return what was spent today and this month."""
        money = self._money(self._store.get(_STORE_KEY))
        open_today = [each for each in money.open.values() if _day(each.at) == money.day]
        looked_up = sum(each.amount for each in open_today if each.outcome_unknown)
        uncertain = sum(each.amount for each in open_today if not each.outcome_unknown)
        return Spending(
            today_usd=(money.today - looked_up) / MICRO,
            month_usd=(money.month - looked_up) / MICRO,
            held_usd=(_reserved(money) + looked_up) / MICRO,
            uncertain_usd=(uncertain + money.unknown) / MICRO,
            daily_limit_usd=self._daily / MICRO,
            monthly_limit_usd=self._monthly / MICRO,
            counts=money.counts,
        )

    def _count(self, free: int, each: int, at_most: int, at_least: int) -> int:
        return max(at_least, min(at_most, free // each if each else at_most))

    def _free(self, money: _Money) -> int:
        """Return what may still be spent today and this month."""
        return self._unspent(money) - _reserved(money)

    def _unspent(self, money: _Money) -> int:
        spent = ((self._daily, money.today), (self._monthly, money.month))
        return min((limit - so_far for limit, so_far in spent if limit), default=10**15)

    def _spent(self, money: _Money, needed: int) -> BudgetSpent:
        """Return the error for the limit that is exceeded; of both, the one that lasts longer."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        if self._monthly and self._monthly - money.month < needed:
            next_month = (midnight.replace(day=1) + timedelta(days=32)).replace(day=1)
            return BudgetSpent(next_month.timestamp(), "monthly")
        tomorrow = (midnight + timedelta(days=1)).timestamp()
        if self._unspent(money) >= needed:
            # Only other calls' reservations are in the way: they end soon, at the latest when they expire.
            return BudgetSpent(min(self._clock() + _HELD_RETRY_S, tomorrow), "daily")
        return BudgetSpent(tomorrow, "daily")

    def _open(self, what: str, name: str, committed: int) -> None:
        """Charge for a write that is about to be sent. Raises `BudgetSpent`."""

        def charge(money: _Money) -> None:
            needed = self.price(what) + committed
            if name not in money.open and self._free(money) < needed:
                raise self._spent(money, needed)
            self._add_open(money, what, name)

        self._change(charge)

    def _add_open(self, money: _Money, what: str, name: str) -> None:
        """Charge for a write, unless it is charged and open already."""
        if name not in money.open:
            money.charge(what, self.price(what))
            amount = self.price(what)
            money.open[name] = _OpenCharge(what=what, amount=amount, at=self._clock())

    def _close(self, name: str, *, is_unique: bool) -> None:
        """Let a charge stay. A unique write is first noted as paid: it is not charged again when found."""
        if is_unique:
            self._store.put(f"paid:{name}", "1", _OPEN_S)
        self._change(lambda money: money.open.pop(name, None))

    def _give_up(self, money: _Money, name: str) -> None:
        """Keep the charge of a write whose outcome will not be looked up."""
        charge = money.open.pop(name, None)
        if charge is not None and _day(charge.at) == money.day:
            money.unknown += charge.amount

    def _leave_to_look_up(self, money: _Money, name: str) -> None:
        if charge := money.open.get(name):
            charge.outcome_unknown = True

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


def _is_free(error: BaseException) -> bool:
    """Return whether X certainly bills nothing for a write that ended in this error."""
    if isinstance(error, XServerError):
        return True
    return isinstance(error, XError) and not isinstance(error, XUnknownOutcome)


def _reserved(money: _Money) -> int:
    return sum(amount for amount, _ in money.held.values())


def _day(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"


def price_table(path: Path | None = None, owns_app: bool = False) -> dict[str, float]:
    """Read the built-in price table; the one at `path` overrides single prices of it."""
    usd = tomllib.loads(files("bots.x").joinpath("prices.toml").read_text("utf-8"))["usd"]
    if path is not None:
        usd |= tomllib.loads(path.read_text("utf-8"))["usd"]
    own = usd["owned_read"] if owns_app else usd["post"]
    return {"mention": own, "own_post": own, **usd}

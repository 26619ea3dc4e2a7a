"""What the calls to X cost, and the limits on that: spent first, refused before it is too much."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from bots.x.errors import XFault, XUnknownOutcome
from tasks.kv import KeyValueStore

MICRO = 1_000_000
READING_SHARE = 0.8
"""Of each limit; the rest is kept to answer what was already read."""
_READ_ONCE = frozenset({"mention", "own_post"})
"""Cursors move on: noting each of these costs more than now and then charging one twice."""
_DAY_S = 86_400.0
_KEPT_DAYS = 40


class BudgetSpent(XFault):
    """The operator's limit would be passed; `until` is when the next day or month begins."""

    def __init__(self, until: float, which: str) -> None:
        super().__init__(f"the {which} budget for X is spent")
        self.until = until


@dataclass(frozen=True, slots=True)
class Spending:
    """What was spent so far, in dollars; limits of 0 are none."""

    today_usd: float
    month_usd: float
    daily_limit_usd: float
    monthly_limit_usd: float
    counts: Mapping[str, int]
    """Of today, by what was paid for."""


@dataclass(slots=True)
class Allowance:
    """How many resources a call may read at most; told afterwards which ones came."""

    count: int
    charged: int = 0


@dataclass(frozen=True, slots=True)
class _Period:
    name: str
    key: str
    limit: int
    """In millionths of a dollar; 0: none."""
    ends: float
    """Seconds since the epoch."""


class Budget:
    """Counts every call in the notebook, so that all processes share the limits."""

    def __init__(
        self,
        notebook: KeyValueStore,
        prices: Mapping[str, float],
        daily_usd: float,
        monthly_usd: float,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._notebook = notebook
        self._prices = {what: round(usd * MICRO) for what, usd in prices.items()}
        self._daily = round(daily_usd * MICRO)
        self._monthly = round(monthly_usd * MICRO)
        self._clock = clock

    @contextmanager
    def reading(self, what: str, at_most: int, at_least: int = 1) -> Iterator[Allowance]:
        """Allow one call to read up to `at_most` resources. Raises `BudgetSpent` below `at_least`."""
        periods = self._periods()
        count = max(at_least, min(at_most, self._affordable(what, periods)))
        reserved = count * self._prices[what]
        self._take(periods, reserved, READING_SHARE)
        allowance = Allowance(count)
        try:
            yield allowance
        finally:
            self._add(periods, allowance.charged * self._prices[what] - reserved)
            self._count(what, allowance.charged)

    def came(self, allowance: Allowance, what: str, ids: Iterable[str]) -> None:
        """Charge what a call read; X charges each resource once per day."""
        allowance.charged += self._new_today(what, ids)

    def came_along(self, what: str, ids: Iterable[str]) -> None:
        """Charge what X sent along unasked, after the fact."""
        if count := self._new_today(what, ids):
            self._add(self._periods(), count * self._prices[what])
            self._count(what, count)

    def paid(self, what: str, ids: Iterable[str]) -> None:
        """Remember that X charges nothing more for these today, whatever they were read as."""
        self._new_today(what, ids)

    @contextmanager
    def writing(self, what: str) -> Iterator[None]:
        """Pay for one call that writes; given back where it certainly did not. Raises `BudgetSpent`."""
        periods, price = self._periods(), self._prices[what]
        self._take(periods, price, 1.0)
        try:
            yield
        except XFault as fault:
            if not isinstance(fault, XUnknownOutcome):
                self._add(periods, -price)
            raise
        self._count(what, 1)

    def spending(self) -> Spending:
        """Tell what was spent today and this month."""
        day, month = self._periods()
        counts = {what: self._counted(what) for what in self._prices}
        return Spending(
            today_usd=self._sum(day) / MICRO,
            month_usd=self._sum(month) / MICRO,
            daily_limit_usd=self._daily / MICRO,
            monthly_limit_usd=self._monthly / MICRO,
            counts={what: count for what, count in counts.items() if count},
        )

    def _affordable(self, what: str, periods: Iterable[_Period]) -> int:
        price = self._prices[what]
        rests = [
            max(0.0, READING_SHARE * period.limit - self._sum(period))
            for period in periods
            if period.limit
        ]
        return int(min(rests) // price) if rests and price else 10**9

    def _take(self, periods: Iterable[_Period], amount: int, share: float) -> None:
        """Add first and look then: two processes together cannot pass a limit."""
        sums = [(p, self._notebook.increment(p.key, amount, _KEPT_DAYS * _DAY_S)) for p in periods]
        over = [period for period, spent in sums if 0 < share * period.limit < spent]
        if over:
            self._add(periods, -amount)
            latest = max(over, key=lambda period: period.ends)
            raise BudgetSpent(latest.ends, latest.name)

    def _periods(self) -> tuple[_Period, _Period]:
        now = datetime.fromtimestamp(self._clock(), UTC)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight.replace(day=1)
        next_first = (first + timedelta(days=32)).replace(day=1)
        return (
            _Period("daily", f"spent:{now:%Y-%m-%d}", self._daily, midnight.timestamp() + _DAY_S),
            _Period("monthly", f"spent:{now:%Y-%m}", self._monthly, next_first.timestamp()),
        )

    def _sum(self, period: _Period) -> int:
        return int(self._notebook.get(period.key) or 0)

    def _add(self, periods: Iterable[_Period], amount: int) -> None:
        for period in periods:
            if amount:
                self._notebook.increment(period.key, amount, ttl_s=_KEPT_DAYS * _DAY_S)

    def _new_today(self, what: str, ids: Iterable[str]) -> int:
        if what in _READ_ONCE:
            return len(list(ids))
        day = self._periods()[0]
        left_s = max(1.0, day.ends - self._clock())
        return sum(self._notebook.set_if_absent(f"read:{what}:{id_}", "1", left_s) for id_ in ids)

    def _count(self, what: str, count: int) -> None:
        if count:
            self._notebook.increment(self._count_key(what), count, ttl_s=_KEPT_DAYS * _DAY_S)

    def _counted(self, what: str) -> int:
        return int(self._notebook.get(self._count_key(what)) or 0)

    def _count_key(self, what: str) -> str:
        return f"{self._periods()[0].key}:{what}"


def price_table(path: Path | None = None) -> dict[str, float]:
    """Read a price table, the bot's own where no other is given."""
    own = tomllib.loads(files("bots.x").joinpath("prices.toml").read_text("utf-8"))["usd"]
    if path is None:
        return dict(own)
    return {**own, **tomllib.loads(path.read_text("utf-8"))["usd"]}

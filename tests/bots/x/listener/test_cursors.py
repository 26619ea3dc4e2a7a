"""Bursts: more people ask than one page, one look or one day's budget holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress

import pytest

from bots.x.budget import MICRO, BudgetSpent
from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.listener.cursors import MentionCursor, MessageCursor
from bots.x.listener.mentions import Mentions
from bots.x.models import MessagePage
from bots.x.oauth import Tokens
from bots.x.platform import XPlatform
from tasks.services import Services
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_faults import Fault
from tests.tasks.delivery_worker import DeliveryWorker

DAY_S = 86_400.0


class Days:
    """The bot at work, day by day, with a budget for each."""

    def __init__(self, fake: FakeX, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
        self._fake = fake
        self._services = services
        self._late_s = 0.0
        now = services.ledger.now
        # The one clock of the budget's days, on X and in the ledger.
        monkeypatch.setattr(services.ledger, "now", lambda: now() + self._late_s)
        fake.bill.clock = services.ledger.now

    def work(self) -> int:
        """Read and answer until the budget or the work is at its end; return how many were answered."""
        x = XClient.open(self._services)
        worker = DeliveryWorker(self._services, {"x": XPlatform(self._services)})
        mentions = Mentions(self._services, x)
        cursor = MentionCursor(x, self._services.kv("x"), self._services.ledger.now)
        answered = 0
        for _ in range(30):
            with suppress(BudgetSpent):
                cursor.advance(mentions.take)
            answered += (now_answered := worker.finish_open())
            if not now_answered:
                break
        billed = self._fake.bill.by_day[int(self._services.ledger.now() // DAY_S)] / MICRO
        assert x.budget.spending().today_usd == pytest.approx(billed, rel=0.02)
        return answered

    def next(self) -> None:
        """Let a day pass."""
        self._late_s += DAY_S


@pytest.fixture
def days(
    fake: FakeX, services: Services, monkeypatch: pytest.MonkeyPatch
) -> Callable[[float], Days]:
    """Opens the bot with so many dollars a day, once it has begun to read."""

    def opened(usd: float) -> Days:
        monkeypatch.setenv("SUISAI_X_DAILY_BUDGET_USD", str(usd))
        monkeypatch.setenv("SUISAI_X_POSTS_PER_QUARTER_HOUR", "100000")
        bot = Days(fake, services, monkeypatch)
        XClient.open(services).tokens.store(Tokens(ACCESS, REFRESH, 4e9))
        bot.work()
        return bot

    return opened


def burst(fake: FakeX, count: int) -> list[str]:
    """Let many people ask under photos of other people."""
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    owners = [fake.world.post(f"owner{n}", "look", media=[photo]) for n in range(count)]
    return [fake.world.post(f"fan{n}", "@suisai", under=post) for n, post in enumerate(owners)]


@pytest.mark.parametrize("usd", [0.2, 0.6])
def test_a_burst_larger_than_a_days_budget_is_answered_in_the_days_that_it_needs(
    fake: FakeX, days: Callable[[float], Days], usd: float
) -> None:
    bot = days(usd)
    asked = burst(fake, 30)

    per_day: list[int] = []
    while sum(per_day) < len(asked) and len(per_day) < 20:
        per_day.append(bot.work())
        bot.next()

    answered = [said.replies_to or "" for said in fake.world.made]
    assert sorted(answered, key=asked.index) == asked
    assert all(per_day)
    # An answer costs $0.041: most of each day's budget is spent on answers, and no day passes its limit.
    assert len(per_day) <= len(asked) * 0.041 / usd + 3
    assert max(fake.bill.by_day.values()) <= (usd + 0.015) * MICRO


def test_reading_costs_no_more_than_what_is_answered_and_one_page(
    fake: FakeX, days: Callable[[float], Days]
) -> None:
    bot = days(0.3)
    burst(fake, 60)

    answered = bot.work()

    reading = sum(
        count * fake.bill.price(what)
        for what, count in fake.bill.charged.items()
        if what in ("mention", "post", "account")
    )
    needed = 0.010 + answered * (0.001 + 0.005 + 2 * 0.010)
    assert answered > 0
    assert reading <= needed + 100 * 0.001


def test_a_burst_of_messages_is_read_page_by_page(
    fake: FakeX, x: XClient, services: Services
) -> None:
    cursor = MessageCursor(x, services.kv("x"))
    seen: list[str] = []

    def take(pages: Iterable[MessagePage]) -> None:
        seen.extend(message.id for page in pages for message in page.messages)

    cursor.advance(take)
    sent = [fake.world.message("ann", f"hi {n}") for n in range(130)]
    fake.faults.add(Fault("GET /2/dm_events", 503, skip=2))

    with pytest.raises(XError):
        cursor.advance(take)
    assert len(seen) == 55
    cursor.advance(take)

    assert sorted(seen) == sent

"""Bursts: more requests than one page, one poll or one day's budget can hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random

import pytest

from bots.x.budget import MICRO, BudgetSpent
from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.listener.cursors import MentionCursor, MessageCursor, id_at
from bots.x.listener.mentions import Mentions
from bots.x.models import MessagePage, PostPage
from bots.x.oauth import Tokens
from bots.x.platform import XPlatform
from tasks.services import Services
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_faults import XFault
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


class Seen:
    """Takes what a cursor reads, and says in which order."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def take(self, pages: Iterable[PostPage]) -> None:
        posts = [post for page in pages for post in page.posts]
        self.ids += sorted((post.id for post in posts), key=int)


@pytest.mark.parametrize(
    ("silence_s", "lasts_s", "usd", "most_calls"),
    [(0, 30, 0.0, 10), (40, 0.5, 10.0, 70), (40, 30, 0.7, 120), (3600, 30, 0.0, 70)],
)
def test_a_burst_is_read_oldest_first(
    fake: FakeX,
    connect: Callable[..., XClient],
    services: Services,
    silence_s: float,
    lasts_s: float,
    usd: float,
    most_calls: int,
) -> None:
    x, seen, now = connect(daily_budget_usd=usd), Seen(), services.ledger.now()
    MentionCursor(x, services.kv("x"), lambda: now - silence_s - lasts_s).advance(seen.take)
    chance = Random(7)
    times = sorted(now - lasts_s * chance.random() for _ in range(300))
    posted = [
        fake.world.post("ann", f"@suisai {n}", id_=str(id_at(at) + n)) for n, at in enumerate(times)
    ]
    mentions = MentionCursor(x, services.kv("x"), lambda: now)
    before = fake.count("GET /2/users/1000/mentions")

    calls = 0
    while len(seen.ids) < 100 and calls < most_calls:
        with suppress(BudgetSpent):
            mentions.advance(seen.take)
        calls = fake.count("GET /2/users/1000/mentions") - before

    assert seen.ids == posted[: len(seen.ids)]
    assert len(seen.ids) >= 100
    assert calls <= most_calls


def test_the_newest_page_is_answered_where_the_budget_allows_no_second_one(
    fake: FakeX, days: Callable[[float], Days]
) -> None:
    for usd in (0.066, 0.07, 0.075, 0.08):
        bot = days(usd)
        bot.next()
        burst(fake, 12)

        assert bot.work() >= 1, usd


def test_a_burst_of_messages_is_read_page_by_page(
    fake: FakeX, x: XClient, services: Services
) -> None:
    cursor = MessageCursor(x, services.kv("x"))
    seen: list[str] = []

    def take(pages: Iterable[MessagePage]) -> None:
        seen.extend(message.id for page in pages for message in page.messages)

    cursor.advance(take)
    sent = [fake.world.message("ann", f"hi {n}") for n in range(130)]
    fake.faults.add(XFault("GET /2/dm_events", 503, skip=2))

    with pytest.raises(XError):
        cursor.advance(take)
    assert len(seen) == 55
    cursor.advance(take)

    assert sorted(seen) == sent


def test_a_page_of_messages_that_x_no_longer_knows_is_found_again_from_the_newest(
    fake: FakeX, x: XClient, services: Services
) -> None:
    cursor, seen = MessageCursor(x, services.kv("x")), set[str]()

    def take(pages: Iterable[MessagePage]) -> None:
        seen.update(message.id for page in pages for message in page.messages)

    cursor.advance(take)
    sent = {fake.world.message("ann", f"hi {n}") for n in range(80)}
    gone = {"title": "Invalid Request", "detail": "The pagination token is not valid."}
    fake.faults.add(XFault("GET /2/dm_events", 400, gone, skip=2))

    for _ in range(3):
        cursor.advance(take)

    assert seen == sent


def test_a_message_that_x_lists_late_is_given_once_it_is_there(
    fake: FakeX, x: XClient, services: Services
) -> None:
    cursor, seen = MessageCursor(x, services.kv("x"), look_back_s=1800), set[str]()

    def take(pages: Iterable[MessagePage]) -> None:
        seen.update(message.id for page in pages for message in page.messages)

    old = fake.world.message("ann", "before the bot began")
    cursor.advance(take)
    late = fake.world.message("ann", "late")
    kept = fake.world.messages.pop(late)
    in_time = fake.world.message("ben", "in time")
    cursor.advance(take)
    fake.world.messages[late] = kept

    cursor.advance(take)

    assert seen == {late, in_time}
    assert old not in seen

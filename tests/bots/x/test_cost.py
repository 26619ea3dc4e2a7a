from __future__ import annotations

import pytest

from bots.x.client import XClient
from bots.x.listener.mentions import Mentions
from tasks.ledger.records import job_id_of
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_words import POST, TWEET, Words
from tests.tasks.delivery_worker import DeliveryWorker


@pytest.fixture(params=[TWEET, POST], ids=["tweet", "post"])
def words(request: pytest.FixtureRequest) -> Words:
    """Both of X's vocabularies."""
    found: Words = request.param
    return found


@pytest.fixture
def afternoon(fake: FakeX, inbox: Mentions, x: XClient, worker: DeliveryWorker) -> FakeX:
    """Two paintings of photos of Ann, one of Cleo's own photo, and many other replies."""
    world = fake.world
    x.me()
    key = world.picture("https://pbs.twimg.com/media/cat.jpg")
    photo = world.post("ann", "my cat", media=[key], under=world.post("zoe", "show me"))
    asked = [
        world.post("ben", "@suisai", under=photo),
        world.post("dora", "@suisai", under=photo),
        world.post("cleo", "@suisai as ink", media=[key]),
    ]
    for n in range(9):
        world.post(f"friend{n}", "how lovely", under=asked[n % 3])
    assert inbox.take([x.mentions(None, None)]) == 3
    for mention in asked:
        worker.deliver(worker.painted(mention))
    return fake


def test_the_bot_counts_what_x_charges(afternoon: FakeX, x: XClient) -> None:
    spending = x.budget.spending()

    assert dict(spending.counts) == afternoon.bill.charged
    assert spending.today_usd == pytest.approx(afternoon.bill.dollars)


def test_only_whom_the_bot_serves_is_looked_up(afternoon: FakeX, x: XClient, words: Words) -> None:
    counts = x.budget.spending().counts

    assert counts["post"] == 1
    # Where mention an author has a price: the bot itself, who asked, and whose photo it is.
    assert counts["account"] == (1 + 3 + 1 if words is POST else 1)


def test_small_talk_under_a_painting_is_free_of_accounts_and_wishes_are_not_missed(
    afternoon: FakeX, x: XClient, inbox: Mentions, services: Services
) -> None:
    painting = afternoon.world.made[0].id
    accounts = x.budget.spending().counts["account"]
    afternoon.world.post("eve", "so beautiful, thank you", under=painting)
    stronger = afternoon.world.post("ben", "@suisai stronger", under=painting)

    assert inbox.take([x.mentions(None, None)]) == 1

    assert services.ledger.job(job_id_of("x", stronger)).request.person == afternoon.world.person(
        "ben"
    )
    assert x.budget.spending().counts["account"] == accounts

"""Dollars and API calls per answered request on X, compared with the minimum.

`python -m benchmarks.x_cost` simulates an ordinary hour, a burst of 1,000 requests and an hour with an outage
against the fake X, for own photos and photos of others, in both of X's API vocabularies. Intake, ledger,
uploads and replies are real; nothing is painted. `$/answer` is what the fake bills by X's price list,
`counted` what the bot counted. `floor` is the minimum: one mention, one post if the photo is in another
person's post, one description, one reply, and in X's newer vocabulary the accounts of requester and owner.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from random import Random

from bots.x.client import XClient
from bots.x.listener.cursors import unread_since
from bots.x.listener.poller import Listener, Poll
from bots.x.oauth import Tokens
from bots.x.platform import XPlatform
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.telemetry.logs import set_up_logs
from tasks.valkey import EmbeddedValkey
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_bill import OWNED_READ, USD
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, TWEET, Words
from tests.tasks.delivery_worker import DeliveryWorker

POLLS = 80
"""Polls of the mentions in an hour, with 30 to 60 s between them."""


@dataclass(frozen=True)
class Scenario:
    """The actions of people on X, and when X is down."""

    name: str
    requests: int
    chat: int = 0
    """Replies in threads that mention the bot only because they inherit its name."""
    no_photo: int = 0
    polls: int = POLLS
    down: range = range(0)
    """The polls during which X answers 503 to everything."""


SCENARIOS = (
    Scenario("hour", 60, chat=30, no_photo=3),
    # X lists the newest 800: a burst of 1,000 within two minutes is read in four polls.
    Scenario("burst", 1000, polls=4),
    Scenario("outage", 60, chat=30, no_photo=3, polls=2 * POLLS, down=range(20, 20 + POLLS)),
)


@dataclass(frozen=True)
class Result:
    """The result of one scenario."""

    scenario: str
    photo: str
    vocabulary: str
    requests: int
    answered: int
    doubled: int
    dollars: float
    counted_dollars: float
    """Counted by the bot's budget."""
    floor_dollars: float
    calls: int
    paid_for: dict[str, int]

    @property
    def ratio(self) -> float:
        """Dollars divided by the floor."""
        return self.dollars / self.floor_dollars


def play(scenario: Scenario, words: Words, others: bool, services: Services) -> Result:
    """Run a scenario and count."""
    with FakeX(words) as fake, environment(fake.url):
        x = XClient.open(services)
        x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
        listener = Listener(services, x)
        poll = Poll("mentions", listener.look_at_mentions)
        worker = DeliveryWorker(services, {"x": XPlatform(services)})
        listener.look_at_mentions()
        actions = actions_of(fake, scenario, others)
        for number in range(scenario.polls):
            for _ in range(len(actions) // (scenario.polls - number)):
                actions.pop()()
            if number in scenario.down:
                fake.faults.add(XFault("", 503, {"title": "Service Unavailable"}, times=10**6))
            elif scenario.down and number == scenario.down.stop:
                fake.faults.clear()
            work(listener, poll, worker, services)
        # A look ends after so many pages: the last requests may take some more looks.
        looked = 0
        while services.ledger.open_count("x") or unread_since(services.kv("x")) or not looked:
            looked = 0 if unread_since(services.kv("x")) else looked + 1
            work(listener, poll, worker, services)
        replies = [said.replies_to for said in fake.world.made if said.media]
        return Result(
            scenario=scenario.name,
            photo="another's" if others else "own",
            vocabulary=words.fields_name.partition(".")[0],
            requests=scenario.requests,
            answered=len(set(replies)),
            doubled=len(replies) - len(set(replies)),
            dollars=fake.bill.dollars,
            counted_dollars=x.budget.spending().today_usd,
            floor_dollars=len(set(replies)) * floor(words, others),
            calls=len(fake.asked),
            paid_for=dict(fake.bill.charged),
        )


def work(listener: Listener, poll: Poll, worker: DeliveryWorker, services: Services) -> None:
    """Poll once and answer all jobs that can be answered; pauses of X end before the next poll."""
    listener.rest_after_look(poll)
    services.controls.resume("deliver", "x")
    services.ledger.sweep()
    worker.finish_open()


def actions_of(fake: FakeX, scenario: Scenario, others: bool) -> list[Callable[[], object]]:
    """Return the actions of people in random order."""
    world, count = fake.world, scenario.requests
    key = world.picture("https://pbs.twimg.com/media/cat.jpg")
    if others:
        owners = [world.post(f"owner{n}", "look", media=[key]) for n in range(count)]
        requests = [
            partial(world.post, f"fan{n}", "@suisai", under=post) for n, post in enumerate(owners)
        ]
    else:
        requests = [partial(world.post, f"own{n}", "@suisai", media=[key]) for n in range(count)]
    thread = world.post("zoe", "hello @ann and @suisai")
    actions: list[Callable[[], object]] = [
        *requests,
        *(partial(world.post, f"friend{n}", "lovely", under=thread) for n in range(scenario.chat)),
        *(partial(world.post, f"lost{n}", "hello @suisai") for n in range(scenario.no_photo)),
    ]
    Random(7).shuffle(actions)
    return actions


def floor(words: Words, others: bool) -> float:
    """Return the minimum cost of an answer in dollars."""
    accounts = (2 if others else 1) * USD["account"] if words is POST else 0.0
    source = USD["post"] if others else 0.0
    return OWNED_READ + source + accounts + USD["alt_text"] + USD["reply"]


@contextmanager
def environment(url: str) -> Iterator[None]:
    """Configure the adapter for the fake X, without a budget."""
    chosen = {
        "SUISAI_X_API_URL": url,
        "SUISAI_X_CLIENT_ID": "client",
        "SUISAI_X_OWNS_APP": "true",
        "SUISAI_X_DAILY_BUDGET_USD": "0",
        "SUISAI_X_MONTHLY_BUDGET_USD": "0",
        "SUISAI_X_POSTS_PER_QUARTER_HOUR": "1000000",
        "SUISAI_X_RETRY_S": "0.001",
        "SUISAI_X_SETTLING_S": "0",
    }
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


@contextmanager
def ledger() -> Iterator[Services]:
    """Open a ledger on a new server."""
    with tempfile.TemporaryDirectory() as folder:
        server = EmbeddedValkey(Path(folder) / "valkey")
        server.ensure()
        settings = Settings.model_validate(
            {
                "data_dir": folder,
                "redis_url": server.url,
                "namespace": secrets.token_hex(4),
                "limits": Limits(cooldown_s=0),
            }
        )
        services = open_services(settings, lambda _: None)
        yield services
        services.redis.close()
        server.stop()


def main() -> None:
    """Run the scenarios and print their costs."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object per row")
    options.add_argument("--only", choices=[each.name for each in SCENARIOS])
    chosen = options.parse_args()
    set_up_logs(Settings())
    if not chosen.json:
        names = ("answered", "doubled", "$/answer", "counted", "floor", "ratio", "calls/answer")
        print(f"{'scenario':10}{'photo':10}{'words':7}" + "".join(f"{name:>13}" for name in names))
    for scenario in SCENARIOS:
        if chosen.only not in (None, scenario.name):
            continue
        for words in (TWEET, POST):
            for others in (False, True):
                with ledger() as services:
                    result = play(scenario, words, others, services)
                row = asdict(result) | {"ratio": result.ratio}
                print(json.dumps(row) if chosen.json else line(result), flush=True)


def line(result: Result) -> str:
    """Write one result as a row of the table."""
    count = max(1, result.answered)
    each = (result.dollars / count, result.counted_dollars / count, result.floor_dollars / count)
    numbers = "".join(f"{usd:13.4f}" for usd in each)
    return (
        f"{result.scenario:10}{result.photo:10}{result.vocabulary:7}{result.answered:13}"
        f"{result.doubled:13}{numbers}{result.ratio:13.2f}{result.calls / count:13.1f}"
    )


if __name__ == "__main__":
    main()

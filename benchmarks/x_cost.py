"""What an answered mention costs on X in an ordinary hour: dollars, calls, and how near the floor.

`python -m benchmarks.x_cost` plays the hour against the fake X, in both of X's vocabularies, with the
real inbox, ledger, uploads and replies; painting is left out. Dollars are what X's price list makes of
the fake's answers; what the bot itself counted is printed beside them. The floor of an answer is one
mention read, one parent read where the photo is another's, one upload with its description, one reply.
X's newer words tell who wrote a post only together with the account, which has a price: the second floor
holds those accounts, of who asked and of whose photo it is.
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

from bots.x.budget import price_table
from bots.x.client import XClient
from bots.x.listener.poller import Listener
from bots.x.oauth import Tokens
from bots.x.platform import XPlatform
from bots.x.settings import XSettings
from tasks.ledger.records import job_id_of
from tasks.models import Painting
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.telemetry.logs import set_up_logs
from tasks.valkey import EmbeddedValkey
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_words import POST, TWEET, Words
from tests.tasks.delivery_worker import picture

OWN_PHOTO = 24
UNDER_ANOTHERS = 36
CHAT = 30
"""Replies in threads where the bot's name is inherited."""
NO_PHOTO = 3
LOOKS = 80
"""At the mentions, in an hour of 30 to 60 s between looks."""


@dataclass(frozen=True)
class Hour:
    """What one hour came to."""

    vocabulary: str
    answered: int
    dollars: float
    counted_dollars: float
    """By the bot's own budget."""
    floor_dollars: float
    accounts_floor_dollars: float
    """With the accounts that this vocabulary makes one buy; else the same."""
    calls: int
    paid_for: dict[str, int]

    @property
    def ratio(self) -> float:
        """How many times the floor was paid."""
        return self.dollars / self.floor_dollars

    @property
    def accounts_ratio(self) -> float:
        """How many times the floor with accounts was paid."""
        return self.dollars / self.accounts_floor_dollars


def play(words: Words, services: Services) -> Hour:
    """Play an ordinary hour and count."""
    with FakeX(words) as fake, environment(fake.url):
        x = XClient(XSettings(), services.kv("x"))
        x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
        listener, platform = Listener(services, x), XPlatform(services)
        listener.look_at_mentions()
        doings = what_people_do(fake)
        answered = 0
        for look in range(LOOKS):
            for _ in range(len(doings) // (LOOKS - look)):
                doings.pop()()
            listener.look_at_mentions()
            answered += answer_all(fake, services, platform)
        return Hour(
            vocabulary=words.fields_name.partition(".")[0],
            answered=answered,
            dollars=fake.bill.dollars,
            counted_dollars=x.budget.spending().today_usd,
            floor_dollars=floor(),
            accounts_floor_dollars=floor() + (accounts() if words is POST else 0),
            calls=len(fake.asked),
            paid_for=dict(fake.bill.charged),
        )


def what_people_do(fake: FakeX) -> list[Callable[[], object]]:
    """Return what happens in this hour, in mixed order."""
    world = fake.world
    key = world.picture("https://pbs.twimg.com/media/cat.jpg")
    owners = [world.post(f"owner{n}", "look", media=[key]) for n in range(UNDER_ANOTHERS)]
    first = world.post("early", "@suisai please", media=[key])
    doings: list[Callable[[], object]] = [
        *(partial(world.post, f"own{n}", "@suisai", media=[key]) for n in range(OWN_PHOTO - 1)),
        *(partial(world.post, f"fan{n}", "@suisai", under=post) for n, post in enumerate(owners)),
        *(partial(world.post, f"friend{n}", "lovely", under=first) for n in range(CHAT)),
        *(partial(world.post, f"lost{n}", "hello @suisai") for n in range(NO_PHOTO)),
    ]
    Random(7).shuffle(doings)
    return doings


def answer_all(fake: FakeX, services: Services, platform: XPlatform) -> int:
    """Answer every job that has no answer yet; return how many there were."""
    answered = {said.replies_to for said in fake.world.made}
    count = 0
    for said in fake.world.mentions():
        key = f"{services.settings.namespace}:job:{job_id_of('x', said.id)}"
        if said.id not in answered and services.redis.exists(key):
            job = services.ledger.job(job_id_of("x", said.id))
            platform.answer(job, Painting((picture(),)))
            count += 1
    return count


def floor() -> float:
    """Return the least that these answers can cost."""
    usd = price_table()
    each = usd["mention"] + usd["upload"] + usd["alt_text"] + usd["reply"]
    return (OWN_PHOTO + UNDER_ANOTHERS) * each + UNDER_ANOTHERS * usd["post"]


def accounts() -> float:
    """Return what the accounts of who asked and of whose photo it is cost."""
    return (OWN_PHOTO + 2 * UNDER_ANOTHERS) * price_table()["account"]


@contextmanager
def environment(url: str) -> Iterator[None]:
    """Set the adapter up to talk to the fake X, without limits of its own."""
    chosen = {
        "SUISAI_X_API_URL": url,
        "SUISAI_X_CLIENT_ID": "client",
        "SUISAI_X_DAILY_BUDGET_USD": "0",
        "SUISAI_X_MONTHLY_BUDGET_USD": "0",
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
    """Open a ledger on a server of its own."""
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
    """Play the hour in both vocabularies and print what it cost."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--json", action="store_true", help="print one JSON object per vocabulary")
    as_json = options.parse_args().json
    set_up_logs(Settings())
    if not as_json:
        names = ("$/answer", "counted", "floor", "ratio", "with accounts", "ratio", "calls/answer")
        print(f"{'words':7}{'answered':>9}" + "".join(f"{name:>{len(name) + 3}}" for name in names))
    for words in (TWEET, POST):
        with ledger() as services:
            hour = play(words, services)
        ratios = {"ratio": hour.ratio, "accounts_ratio": hour.accounts_ratio}
        print(json.dumps(asdict(hour) | ratios) if as_json else line(hour))


def line(hour: Hour) -> str:
    """Write one hour as a row of the table."""
    count = hour.answered
    paid = f"{hour.dollars / count:11.4f}{hour.counted_dollars / count:10.4f}"
    floors = (
        f"{hour.floor_dollars / count:8.4f}{hour.ratio:8.2f}"
        f"{hour.accounts_floor_dollars / count:16.4f}{hour.accounts_ratio:8.2f}"
    )
    calls = hour.calls / count
    return f"{hour.vocabulary:7}{count:9}{paid}{floors}{calls:15.1f}  {hour.paid_for}"


if __name__ == "__main__":
    main()

"""Mentions pass through the bot's processes, while these are killed and responses are lost."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from bots.x.client import XClient
from bots.x.listener.cursors import Unread
from bots.x.listener.mentions import Mentions
from bots.x.oauth import Tokens
from bots.x.settings import XSettings
from tasks.ledger.records import job_id_of
from tasks.models import Outcome
from tasks.services import Services
from tests.fakes.x_api import ACCESS, REFRESH, FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import TWEET, Words
from tests.photos import PHOTOS
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here."""
    return TWEET


@pytest.fixture
def bot(fake: FakeX, stack: Stack, x: XClient) -> Stack:
    """The bot's processes, talking to the fake X."""
    assert x.me().username == "suisai"
    ours = {
        "SUISAI_X_API_URL": fake.url,
        "SUISAI_X_CLIENT_ID": "client",
        "SUISAI_X_SETTLING_S": "0.2",
        "SUISAI_X_RETRY_S": "0.1",
        "SUISAI_X_OWNS_APP": "true",
        "SUISAI_LONG_SIDE_PX": "64",
        "SUISAI_ENGINE": "painter",
    }
    stack.environment.update(ours)
    return stack


@pytest.fixture
def photo(fake: FakeX) -> str:
    """A photo on X's image host."""
    return fake.world.picture(fake.world.file("cat.jpg", PHOTOS["cat"].read_bytes()))


def answered(services: Services, mentions: list[str]) -> Callable[[], bool]:
    def look() -> bool:
        jobs = [services.ledger.job(job_id_of("x", mention)) for mention in mentions]
        return all(job.outcome is Outcome.ANSWERED for job in jobs)

    return look


def test_50_mentions_under_a_viral_photo_are_painted_once_and_answered_50_times(
    fake: FakeX, bot: Stack, services: Services, x: XClient, photo: str
) -> None:
    viral = fake.world.post("ann", "look", media=[photo])
    mentions = [fake.world.post(f"fan{n}", "@suisai", under=viral) for n in range(50)]
    assert Mentions(services, x).take([x.mentions(None, None)]) == 50

    bot.start_workers()
    eventually(answered(services, mentions), patience_s=90)

    assert sorted(said.replies_to or "" for said in fake.world.made) == sorted(mentions)
    jobs = [services.ledger.job(job_id_of("x", mention)) for mention in mentions]
    painted = [job for job in jobs if "painting" in [chapter.event for chapter in job.history]]
    assert len(painted) == 1
    assert len({job.pictures for job in jobs}) == 1


def test_killed_workers_and_lost_answers_lose_and_repeat_nothing(
    fake: FakeX, bot: Stack, services: Services, x: XClient, photo: str
) -> None:
    fake.world.forgives_duplicates = True
    mentions = [fake.world.post(f"fan{n}", "@suisai", media=[photo]) for n in range(12)]
    for n in range(4):
        fake.faults.add(XFault("POST /2/tweets", after=True, skip=2 * n))
    fake.faults.add(XFault("POST /2/tweets", 503, skip=5))
    fake.faults.add(XFault("POST /2/media/upload", 503, skip=9))
    Mentions(services, x).take([x.mentions(None, None)])

    bot.start_workers()
    for kill in range(1, 4):
        eventually(partial(has_answered, fake, 3 * kill), patience_s=60)
        bot.kill("io", signal.SIGKILL)
        bot.start("io", "worker", "io")
    eventually(answered(services, mentions), patience_s=90)

    assert sorted(said.replies_to or "" for said in fake.world.made) == sorted(mentions)


def test_a_listener_killed_while_it_reads_reads_on(
    fake: FakeX, services: Services, x: XClient, photo: str, tmp_path: Path, bot: Stack
) -> None:
    listening = [sys.executable, "-c", _LISTEN]
    environment = {
        **bot.environment,
        "SUISAI_X_POLL_FASTEST_S": "0.05",
        "SUISAI_X_POLL_SLOWEST_S": "0.05",
        "SUISAI_X_DIRECT_MESSAGES": "false",
    }
    services.kv("x").put("mentions:unread", Unread(read_to=1).model_dump_json())
    mentions = [fake.world.post(f"fan{n}", "@suisai", media=[photo]) for n in range(60)]

    for patience in (10, 25, 60):
        process = subprocess.Popen(listening, env=environment)
        try:
            eventually(partial(has_admitted, services, mentions, patience))
        finally:
            process.kill()
            process.wait()

    assert admitted(services, mentions) == 60
    counts = services.redis.hgetall(f"{services.settings.namespace}:counts")
    assert counts["admitted:x"] == "60"


def has_answered(fake: FakeX, least: int) -> bool:
    return len(fake.world.made) >= least


def has_admitted(services: Services, mentions: list[str], least: int) -> bool:
    return admitted(services, mentions) >= least


def admitted(services: Services, mentions: list[str]) -> int:
    ids = {job_id_of("x", mention) for mention in mentions}
    keys = [f"{services.settings.namespace}:job:{id_}" for id_ in ids]
    return int(services.redis.exists(*keys))


_LISTEN = """
import threading
from bots.x.listener.poller import run
from tasks.services import open_services
from tasks.settings import Settings
run(open_services(Settings(), lambda _: None), threading.Event())
"""


@contextmanager
def serving(made: Path) -> Iterator[str]:
    """Run the fake X as a process of its own; yields its address."""
    command = [sys.executable, "-m", "tests.fakes.x_api", "--made", str(made)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def test_the_fake_server_as_a_process_keeps_its_own_list_of_what_was_made(
    tmp_path: Path, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = tmp_path / "made.jsonl"
    with serving(made) as url:
        monkeypatch.setenv("SUISAI_X_API_URL", url)
        x = XClient(XSettings(client_id="client"), services.kv("x"))
        x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
        mention = x.send("POST", "/_world/post", json={"author": "ann", "text": "@suisai"})["id"]
        x.reply(mention, "hello")

    assert [json.loads(line)["in_reply_to"] for line in made.read_text().splitlines()] == [mention]

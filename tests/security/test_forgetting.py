"""A forgotten person's id is nowhere afterwards: not in the server, on its disk, or in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bots.telegram.events import MessageEvent, Origin
from bots.telegram.store import Albums, Chats, Paintings, Placeholder, PlaceholderQueue
from bots.x.budget import Budget
from bots.x.store import Memory
from tasks.kv import Members
from tasks.maintenance import run_once
from tasks.models import Outcome, PaintRequest, PhotoRef, RateLimit, Stage
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import eventually
from tests.tasks.ledger_driver import LedgerDriver

MARKER = "471147311"
"""The id of the person, and of their private chat on Telegram."""


@pytest.fixture
def services(tmp_path: Path) -> Iterator[Services]:
    """A bot with its own server and files."""
    server = EmbeddedValkey(tmp_path / "data" / "valkey")
    server.ensure()
    settings = Settings(
        data_dir=tmp_path / "data",
        redis_url=server.url,  # type: ignore[arg-type] # pydantic makes a secret of it
        limits=Limits(cooldown_s=60, open_per_person=100),
    )
    opened = open_services(settings, lambda _: None)
    yield opened
    opened.redis.close()
    server.stop()


def request(platform: str, name: str, **fields: object) -> PaintRequest:
    defaults: dict[str, object] = {
        "platform": platform,
        "event": f"{name}:{MARKER}",
        "person": MARKER,
        "conversation": MARKER,
        "photos": (PhotoRef(f"uploads/{MARKER}/{name}"),),
        "address": {"chat": MARKER},
        "private": True,
    }
    return PaintRequest(**(defaults | fields))  # type: ignore[arg-type] # tests name the fields


def ask_everywhere(services: Services) -> None:
    """Create jobs in every state, on every platform, and the counters of the limits."""
    driver, users = LedgerDriver(services), services.users
    for platform in ("telegram", "x", "web"):
        users.set_tier(platform, MARKER, "exempt")
        for _ in range(2):
            users.strike(platform, MARKER)
        services.blobs.put(f"uploads/{MARKER}/{platform}", MARKER.encode())
        for event in ("answered", "declined", "fetched", "queued"):
            driver.admit(request(platform, event))
        driver.whole()
        driver.ledger.transitions.decline(
            driver.take(Stage.FETCH), "not-a-photo", {"kind": MARKER}, refund=False
        )
        driver.deliver()
        driver.fetch()
        services.ledger.admit(request(platform, "refused", person=MARKER, conversation="x"))
        job = services.ledger.latest_job(platform, MARKER)
        assert job is not None
        services.ledger.set_platform_data(job.id, target=f"{MARKER}:5")
    others: dict[str, object] = {
        "person": "1",
        "conversation": "1",
        "event": "shown",
        "address": {},
    }
    driver.admit(request("telegram", "shown", photos=(PhotoRef("p", owner=MARKER),), **others))


def use_telegram(services: Services) -> None:
    """Create the data that an adapter stores about a person."""
    kv, chat = services.kv("telegram"), int(MARKER)
    chats = Chats(kv)
    chats.choose_language(MARKER, "ja")
    chats.choose_style(MARKER, "film")
    chats.start_cooldown(-42, MARKER, "event", 3_600)
    paintings = Paintings(services.ledger, kv, chats, 1_000)
    paintings.remember(chat, (7, 8), "job", {b"p": "file"}, {})
    paintings.remember(-42, (9,), "job", {MARKER.encode(): f"file-{MARKER}"}, {}, None, MARKER)
    paintings.remember_file(b"guest", f"guest-{MARKER}", MARKER)
    PlaceholderQueue(services.ledger, kv).add(
        Placeholder("job", chat, "9"), services.ledger.now() + 60
    )
    albums = Albums(kv, 10)
    part = MessageEvent(Origin(chat, 10, MARKER), album="a")
    albums.add(part, 0.0)
    for album in albums.due(1.0)[0]:
        albums.close(album)
    albums.add(MessageEvent(Origin(chat, 11, MARKER), album="b"), 9e9)
    limiter = services.rate_limiter("telegram")
    limiter.take([(f"chat:{MARKER}", RateLimit(1, 60.0))])
    services.holds.add("telegram", f"chat:{MARKER}:sendPhoto", 600)
    services.holds.refused("telegram", MARKER, 600)


def use_x(services: Services) -> None:
    memory = Memory(services.kv("x"), 1_000)
    memory.answered("99", "job", [MARKER])
    memory.claim_daily_refusal(MARKER)
    memory.claim_daily_refusal(f"dm:{MARKER}")
    memory.count_answer(f"77/{MARKER}", MARKER)
    budget = Budget(services.kv("x"), {"account": 0.01, "post": 0.005}, 0.0, 0.0)
    budget.received("account", [MARKER, "1"])
    budget.received("post", ["99"])


def everything(services: Services) -> str:
    """Return all keys and values of the server."""
    redis: Any = services.redis
    read = {
        "none": lambda _expired: "",
        "hash": redis.hgetall,
        "set": redis.smembers,
        "string": redis.get,
        "list": lambda key: redis.lrange(key, 0, -1),
        "zset": lambda key: redis.zrange(key, 0, -1, withscores=True),
    }
    return "\n".join(f"{key} {read[redis.type(key)](key)}" for key in redis.scan_iter(count=1_000))


def files_that_name(services: Services) -> list[Path]:
    """Return the files below the data folder that contain the marker, in their names or contents."""
    return [
        path
        for path in services.settings.data_dir.rglob("*")
        if MARKER in path.name or (path.is_file() and MARKER.encode() in path.read_bytes())
    ]


@pytest.mark.parametrize("opt_out", [False, True], ids=["forget", "opt out"])
def test_nothing_in_the_store_on_its_disk_or_in_a_file_names_a_forgotten_person(
    services: Services, *, opt_out: bool
) -> None:
    ask_everywhere(services)
    use_telegram(services)
    use_x(services)
    assert MARKER in everything(services)
    assert len(files_that_name(services)) > 3

    for platform in ("telegram", "x", "web"):
        services.users.forget(platform, MARKER, opt_out)
    services.retractions.run(lambda _platform, _receipt: None)
    services.ledger.serve_waiters()
    run_once(services)

    named = [line for line in everything(services).splitlines() if MARKER in line]
    assert named == []
    services.redis.delete(f"{services.settings.namespace}:rewritten")
    run_once(services)
    eventually(lambda: files_that_name(services) == [], what="the disk has forgotten, too")
    left = services.ledger.latest_job("telegram", "1")
    assert left is not None
    assert left.request.photos == (PhotoRef("p"),)


def test_a_forgotten_person_is_removed_from_sets_and_others_stay(services: Services) -> None:
    kv = services.kv("x")
    kv.compare_and_set("money", None, "1", also=Members("billed", ["5", "6"], 100, people=True))
    kv.compare_and_set("money", "1", "2", also=Members("posts", ["5"], 100))
    kv.forget("5")
    assert kv.missing_members("billed", ["5", "6"]) == ["5"]
    assert kv.missing_members("posts", ["5"]) == []


def test_after_an_opt_out_during_sending_the_painting_cannot_be_shown_again(
    services: Services,
) -> None:
    driver = LedgerDriver(services)
    job_id = driver.admit(
        request("telegram", "sent", person="1", conversation="1", photos=(PhotoRef("p", MARKER),))
    )
    driver.fetch()
    driver.paint()
    claim = driver.take(Stage.DELIVER)
    assert driver.ledger.record_send_intent(claim)
    services.users.forget("telegram", MARKER, opt_out=True)
    services.ledger.set_platform_data(job_id, files="file-of-the-painting")
    driver.ledger.transitions.finish(claim, Outcome.ANSWERED, receipt="5:6")

    job = driver.job(job_id)
    assert (job.pictures, dict(job.platform_data)) == ((), {})
    assert services.retractions.waiting() == 1
    run_once(services)
    assert not list((services.settings.data_dir / "blobs").rglob(f"{job_id}*"))


def test_the_index_of_a_person_expires_with_its_keys(services: Services) -> None:
    kv = services.kv("telegram")
    kv.set_if_absent(f"told:{MARKER}", "1", 0.05, MARKER)
    eventually(lambda: MARKER not in everything(services), 5)


def test_permanent_entries_are_found_after_others_expired(services: Services) -> None:
    kv = services.kv("telegram")
    kv.put("style:5", "film", person="5")
    kv.put("told:5", "1", 0.01, "5")
    eventually(lambda: kv.get("told:5") is None, 5)
    kv.increment("turns:5", 1, 100, "5")

    kv.forget("5")

    assert [kv.get(key) for key in ("style:5", "told:5", "turns:5")] == [None] * 3

"""What is broken is named, put aside and harms nobody else."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tasks.ledger.ledger import SchemaMismatch, UnknownJob
from tasks.ledger.records import CorruptRecord
from tasks.models import Admitted, Outcome, Stage
from tasks.services import RedisUnavailable, open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.tasks.hands import Hands, MakeAsk


def record(hands: Hands, job_id: str) -> str:
    return f"{hands.services.settings.namespace}:job:{job_id}"


BREAKAGES = {
    "request": b"{not json",
    "stage": b"dreaming",
    "admitted": b"yesterday",
    "platform": b"\xff\xfe",
}


@pytest.mark.parametrize("field", BREAKAGES)
def test_a_broken_record_is_buried_and_the_next_job_goes_on(
    hands: Hands, ask: MakeAsk, field: str
) -> None:
    broken = hands.admit(ask(person="ann"))
    sound = hands.admit(ask(person="bob"))
    hands.services.redis.hset(record(hands, broken), field, BREAKAGES[field])

    claims = [claim for _ in range(3) for claim in hands.claim(Stage.FETCH)]

    assert [claim.job.id for claim in claims] == [sound]
    assert [job_id for job_id, _ in hands.ledger.dead()] == [broken]
    assert not hands.ledger.retry_dead(broken)


def test_a_record_that_is_no_record_is_buried(hands: Hands, ask: MakeAsk) -> None:
    broken = hands.admit(ask(person="ann"))
    sound = hands.admit(ask(person="bob"))
    hands.services.redis.delete(record(hands, broken))
    hands.services.redis.set(record(hands, broken), "garbage")
    assert [claim.job.id for _ in range(2) for claim in hands.claim(Stage.FETCH)] == [sound]


def test_a_broken_record_does_not_stop_the_sweep(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask(person="ann"))
    hands.admit(ask(person="bob"))
    broken, sound = hands.take(Stage.FETCH, "one"), hands.take(Stage.FETCH, "other")
    hands.services.redis.hset(record(hands, broken.job.id), "fails", "many")
    hands.expire(broken, sound)
    assert hands.take(Stage.FETCH).job.id == sound.job.id
    assert [job_id for job_id, _ in hands.ledger.dead()] == [broken.job.id]


def test_a_broken_record_is_named_when_it_is_looked_at(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    hands.services.redis.hset(record(hands, job_id), "request", "[]")
    with pytest.raises(CorruptRecord, match=job_id):
        hands.ledger.job(job_id)


def test_a_job_that_does_not_exist_is_unknown_to_everything(hands: Hands) -> None:
    for look in (hands.ledger.job, hands.ledger.standing, hands.ledger.set_platform_data):
        with pytest.raises(UnknownJob):
            look("no-such-job")
    assert not hands.ledger.cancel("no-such-job")
    assert not hands.ledger.retry_dead("no-such-job")
    assert not hands.ledger.discard_dead("no-such-job")


@pytest.mark.parametrize("schema", ["99", "0", "soon"])
def test_a_ledger_of_another_version_is_refused_clearly(settings: Settings, schema: str) -> None:
    services = open_services(settings, lambda _: None)
    services.redis.set(f"{settings.namespace}:schema", schema)
    with pytest.raises(SchemaMismatch, match=schema):
        open_services(settings, lambda _: None)
    services.redis.close()


def test_words_of_any_length_and_script_keep_the_record_readable(
    hands: Hands, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask(person="安\n b:c", conversation="a b\tc", address={"k": "\n\0:"}))
    hands.ledger.transitions.release(hands.take(Stage.FETCH), "line\nbreak " * 50)
    assert hands.job(job_id).request.person == "安\n b:c"
    assert hands.whole().job.id == job_id


def test_a_very_long_story_keeps_its_beginning_and_end(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask())
    for _ in range(120):
        hands.ledger.transitions.release(hands.take(Stage.FETCH), "platform rests")
    story = hands.events(job_id)
    assert story[0] == "admitted"
    assert "shortened" in story
    assert len(story) < 110
    assert hands.whole().job.id == job_id


def test_an_unreachable_server_is_named_at_the_start(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.services.RETRIES", 1)
    nowhere = settings.model_copy(update={"redis_url": None, "data_dir": tmp_path})
    with pytest.raises(RedisUnavailable, match="suisai up"):
        open_services(nowhere, lambda _: None)


def test_an_ask_rides_out_a_restart_of_the_server(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, ask: MakeAsk
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    first = services.ledger.admit(ask("one"))
    own.stop()
    back = threading.Timer(0.5, own.ensure)
    back.start()

    second = services.ledger.admit(ask("two"))

    back.join()
    assert isinstance(first, Admitted)
    assert isinstance(second, Admitted)
    assert services.ledger.job(first.job_id).outcome is None
    assert second.position == 2
    services.redis.close()
    own.stop()


def test_out_of_memory_is_a_polite_refusal_and_what_was_accepted_goes_on(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, ask: MakeAsk
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"), memory_mb=16)
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    hands = Hands(services)
    accepted = hands.admit(ask("one"))
    used = services.redis.info("memory")["used_memory"]
    services.redis.config_set("maxmemory", used - 1)

    refusal = hands.refuse(ask("two", person="bob"))

    assert refusal.reason == "storage-full"
    assert refusal.until > 0
    restarted = open_services(mine, lambda _: None)
    assert not restarted.users.opted_out("web", "bob")
    restarted.redis.close()
    assert hands.whole().job.id == accepted
    assert hands.job(accepted).outcome is Outcome.ANSWERED
    services.redis.close()
    own.stop()


def test_nothing_new_is_taken_in_before_the_memory_is_full(
    settings: Settings, tmp_path_factory: pytest.TempPathFactory, ask: MakeAsk
) -> None:
    own = EmbeddedValkey(tmp_path_factory.mktemp("own"))
    own.ensure()
    mine = Settings.model_validate({**settings.model_dump(), "redis_url": own.url})
    services = open_services(mine, lambda _: None)
    services.redis.set("somebody else's", b"x" * 40_000_000)
    used = services.redis.info("memory")["used_memory"]
    services.redis.config_set("maxmemory", used + 2_000_000)
    assert services.ledger.update_overload_level().full
    assert Hands(services).refuse(ask()).reason == "storage-full"
    services.redis.config_set("maxmemory", used * 10)
    services.redis.delete(f"{mine.namespace}:overload_check")
    assert not services.ledger.update_overload_level().full
    Hands(services).admit(ask(person="bob"))
    services.redis.close()
    own.stop()


BROKEN = {
    "gone": None,
    "another type": "garbage",
    "unreadable ask": {"request": "[]"},
    "unknown stage": {"stage": "dreaming"},
    "no numbers": {"score": "x", "admitted": "yesterday"},
    "no text": {"platform": b"\xff\xfe"},
}


def break_record(hands: Hands, job_id: str, breakage: str) -> None:
    redis, key, how = hands.services.redis, record(hands, job_id), BROKEN[breakage]
    if how is None or isinstance(how, str):
        redis.delete(key)
    if isinstance(how, str):
        redis.set(key, how)
    elif how is not None:
        redis.hset(key, mapping=how)  # type: ignore[arg-type] # bytes and text


@pytest.mark.parametrize("breakage", BROKEN)
@pytest.mark.parametrize("ended", [False, True], ids=["open", "ended"])
def test_a_persons_latest_job_is_the_newest_that_can_be_read(
    hands: Hands, ask: MakeAsk, breakage: str, *, ended: bool
) -> None:
    hands.admit(ask())
    readable = hands.whole().job.id
    broken = hands.admit(ask())
    if ended:
        hands.whole()
    break_record(hands, broken, breakage)

    latest = hands.ledger.latest_job("web", "ann")

    assert latest is not None
    assert latest.id == readable
    assert hands.ledger.find_job(broken) is None
    assert hands.ledger.latest_job("web", "bob") is None


@pytest.mark.parametrize("breakage", BROKEN)
def test_a_broken_record_stops_no_question_of_a_person(
    hands: Hands, ask: MakeAsk, breakage: str
) -> None:
    broken = hands.admit(ask("the event"))
    break_record(hands, broken, breakage)

    hands.ledger.find_standing(broken)
    hands.ledger.cancel(broken, "ann")
    assert isinstance(hands.ledger.admit(ask("the event")), Admitted)
    hands.services.users.forget("web", "ann")
    assert hands.ledger.open_jobs("web", "ann") == ()

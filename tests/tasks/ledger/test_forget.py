"""Who asks to be forgotten leaves nothing behind but, when they wish so, a salted mark."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from tasks.ledger.ledger import UnknownJob
from tasks.maintenance import delete_queued_blobs
from tasks.models import Admitted, Stage
from tasks.platform import Platforms
from tasks.settings import Limits
from tests.tasks.hands import Hands, MakeAsk, MakeHands

PERSON = "ann-4711"


def everything(hands: Hands) -> str:
    """Return all that the ledger holds, keys and values, as one text."""
    redis: Any = hands.services.redis
    read = {
        "hash": redis.hgetall,
        "set": redis.smembers,
        "string": redis.get,
        "list": lambda key: redis.lrange(key, 0, -1),
        "zset": lambda key: redis.zrange(key, 0, -1),
    }
    keys = redis.keys(f"{hands.services.settings.namespace}:*")
    return "\n".join(f"{key!r} {read[redis.type(key)](key)!r}" for key in keys)


def test_nothing_names_a_forgotten_person(hands: Hands, ask: MakeAsk) -> None:
    open_job = hands.admit(ask(person=PERSON, conversation="room"))
    hands.admit(ask(person=PERSON, conversation="room"))
    hands.whole()
    hands.services.users.set_tier("web", PERSON, "exempt")
    hands.services.users.ban("web", PERSON)

    hands.services.users.forget("web", PERSON)
    delete_queued_blobs(hands.services)
    hands.services.retractions.run(Platforms(hands.services).retract)

    assert PERSON not in everything(hands)
    assert open_job not in everything(hands).replace(f":refused:{open_job}", "")
    with pytest.raises(UnknownJob):
        hands.ledger.job(open_job)


def test_photos_and_pictures_of_a_forgotten_person_are_gone_at_once(
    hands: Hands, ask: MakeAsk
) -> None:
    hands.admit(ask(person=PERSON))
    hands.whole()
    hands.admit(ask(person=PERSON))
    hands.fetch()

    assert hands.services.users.forget("web", PERSON) == 2

    left = [
        key for kind in ("photos", "pictures") for key, *_ in hands.services.blobs.listing(kind)
    ]
    assert len(left) == 1, "the first photo is rubbish already, the sweep's business"


def test_a_file_that_the_store_does_not_delete_now_is_not_lost_sight_of(
    hands: Hands, ask: MakeAsk
) -> None:
    job_id = hands.admit(ask(person=PERSON))
    stubborn = f"photos/../../{job_id}"  # a key that a local store refuses
    sound = f"photos/{job_id}"
    hands.services.blobs.put(sound, b"photo")
    hands.ledger.transitions.fetched(hands.take(Stage.FETCH), [stubborn, sound], "square")

    with capture_logs():
        assert hands.services.users.forget("web", PERSON) == 1

    rubbish = f"{hands.services.settings.namespace}:deletions"
    assert hands.services.redis.lrange(rubbish, 0, -1) == [stubborn]
    assert list(hands.services.blobs.listing("photos")) == []


def test_a_worker_cannot_bring_a_forgotten_job_back(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask(person=PERSON))
    hands.fetch()
    painting = hands.take(Stage.RENDER)
    hands.services.users.forget("web", PERSON)
    hands.expire(painting)
    assert hands.ledger.renew([painting]) == {painting.job.id}
    assert PERSON not in everything(hands)


def test_the_event_of_a_forgotten_job_is_no_new_ask(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask("post-1", person=PERSON))
    hands.services.users.forget("web", PERSON)
    refusal = hands.refuse(ask("post-1", person=PERSON))
    assert (refusal.reason, refusal.notify) == ("forgotten", False)


def test_forgetting_is_no_way_around_cooldown_and_ban(hands_with: MakeHands, ask: MakeAsk) -> None:
    hands = hands_with(limits=Limits(cooldown_s=600))
    hands.admit(ask(person=PERSON))
    hands.services.users.forget("web", PERSON)
    assert hands.refuse(ask(person=PERSON)).reason == "cooldown"
    hands.services.users.ban("web", "bob")
    hands.services.users.forget("web", "bob")
    assert hands.refuse(ask(person="bob")).reason == "banned"


def test_others_are_not_forgotten(hands: Hands, ask: MakeAsk) -> None:
    other = hands.ledger.admit(ask(person="bob"))
    assert isinstance(other, Admitted)
    hands.services.users.forget("web", PERSON, opt_out=True)
    assert hands.job(other.job_id).stage is Stage.FETCH
    assert hands.services.users.opted_out("web", PERSON)
    assert not hands.services.users.opted_out("web", "bob")


def test_more_jobs_than_anybody_looks_at_are_forgotten_too(hands: Hands, ask: MakeAsk) -> None:
    jobs = []
    for _ in range(30):
        jobs.append(hands.admit(ask(person=PERSON)))
        hands.ledger.cancel(jobs[-1])
    hands.services.users.forget("web", PERSON)
    keys = [f"{hands.services.settings.namespace}:job:{job}" for job in jobs]
    assert hands.services.redis.exists(*keys) == 0

"""No data of a forgotten person remains, except a pseudonym if they opted out."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from tasks.ledger.ledger import UnknownJob
from tasks.maintenance import delete_queued_blobs
from tasks.models import Admitted, Stage
from tasks.platform import Platforms
from tasks.settings import Limits
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest

PERSON = "ann-4711"


def everything(driver: LedgerDriver) -> str:
    """Return all keys and values of the ledger as one text."""
    redis: Any = driver.services.redis
    read = {
        "hash": redis.hgetall,
        "set": redis.smembers,
        "string": redis.get,
        "list": lambda key: redis.lrange(key, 0, -1),
        "zset": lambda key: redis.zrange(key, 0, -1),
    }
    keys = redis.keys(f"{driver.services.settings.namespace}:*")
    return "\n".join(f"{key!r} {read[redis.type(key)](key)!r}" for key in keys)


def test_nothing_names_a_forgotten_person(driver: LedgerDriver, make_request: MakeRequest) -> None:
    open_job = driver.admit(make_request(person=PERSON, conversation="room"))
    driver.admit(make_request(person=PERSON, conversation="room"))
    driver.whole()
    driver.services.users.set_tier("web", PERSON, "exempt")
    driver.services.users.ban("web", PERSON)

    driver.services.users.forget("web", PERSON)
    delete_queued_blobs(driver.services)
    driver.services.retractions.run(Platforms(driver.services).retract)

    assert PERSON not in everything(driver)
    assert open_job not in everything(driver).replace(f":refused:{open_job}", "")
    with pytest.raises(UnknownJob):
        driver.ledger.job(open_job)


def test_photos_and_pictures_of_a_forgotten_person_are_deleted_at_once(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person=PERSON))
    driver.whole()
    driver.admit(make_request(person=PERSON))
    driver.fetch()

    assert driver.services.users.forget("web", PERSON) == 2

    left = [
        key for kind in ("photos", "pictures") for key, *_ in driver.services.blobs.listing(kind)
    ]
    assert len(left) == 1, "the first photo is queued for deletion by the sweep already"


def test_a_file_that_the_store_fails_to_delete_stays_queued(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request(person=PERSON))
    stubborn = f"photos/../../{job_id}"  # a key that a local store refuses
    sound = f"photos/{job_id}"
    driver.services.blobs.put(sound, b"photo")
    driver.ledger.transitions.fetched(driver.take(Stage.FETCH), [stubborn, sound], "square")

    with capture_logs():
        assert driver.services.users.forget("web", PERSON) == 1

    deletions = f"{driver.services.settings.namespace}:deletions"
    assert driver.services.redis.lrange(deletions, 0, -1) == [stubborn]
    assert list(driver.services.blobs.listing("photos")) == []


def test_a_worker_cannot_recreate_a_forgotten_job(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person=PERSON))
    driver.fetch()
    painting = driver.take(Stage.RENDER)
    driver.services.users.forget("web", PERSON)
    driver.expire(painting)
    assert driver.ledger.renew([painting]) == {painting.job.id}
    assert PERSON not in everything(driver)


def test_the_event_of_a_forgotten_job_is_not_admitted_again(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request("post-1", person=PERSON))
    driver.services.users.forget("web", PERSON)
    refusal = driver.refuse(make_request("post-1", person=PERSON))
    assert (refusal.reason, refusal.notify) == ("forgotten", False)


def test_forgetting_keeps_cooldown_and_ban(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=600))
    driver.admit(make_request(person=PERSON))
    driver.services.users.forget("web", PERSON)
    assert driver.refuse(make_request(person=PERSON)).reason == "cooldown"
    driver.services.users.ban("web", "bob")
    driver.services.users.forget("web", "bob")
    assert driver.refuse(make_request(person="bob")).reason == "banned"


def test_data_of_other_people_is_kept(driver: LedgerDriver, make_request: MakeRequest) -> None:
    other = driver.ledger.admit(make_request(person="bob"))
    assert isinstance(other, Admitted)
    driver.services.users.forget("web", PERSON, opt_out=True)
    assert driver.job(other.job_id).stage is Stage.FETCH
    assert driver.services.users.opted_out("web", PERSON)
    assert not driver.services.users.opted_out("web", "bob")


def test_a_large_number_of_past_jobs_is_forgotten(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    jobs = []
    for _ in range(30):
        jobs.append(driver.admit(make_request(person=PERSON)))
        driver.ledger.cancel(jobs[-1])
    driver.services.users.forget("web", PERSON)
    keys = [f"{driver.services.settings.namespace}:job:{job}" for job in jobs]
    assert driver.services.redis.exists(*keys) == 0

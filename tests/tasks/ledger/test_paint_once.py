"""Equal requests are painted once; private requests are painted separately."""

from __future__ import annotations

import pytest

from tasks.models import Stage
from tasks.routing import PaintingWorker
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

KEY = "the-same-painting"


@pytest.fixture
def jobs(driver: LedgerDriver, make_request: MakeRequest) -> list[str]:
    """Five people who asked for the same painting; their photos are fetched."""
    jobs = [driver.admit(make_request(person=f"p{number}")) for number in range(5)]
    for _ in jobs:
        driver.fetch(KEY)
    return jobs


def announces(driver: LedgerDriver, edition: str) -> None:
    """Let the only painting worker announce its engine and model."""
    painting = PaintingWorker("painter", "painter", edition)
    driver.services.routing.announce("host:1:abcd", painting)


def test_equal_requests_wait_for_the_first_one(driver: LedgerDriver, jobs: list[str]) -> None:
    painting = driver.paint()
    assert driver.claim(Stage.RENDER) == []
    pictures = {driver.deliver().job.pictures for _ in jobs}
    assert pictures == {(f"pictures/{painting.job.id}.jpg",)}


def test_a_later_equal_request_gets_the_stored_picture(
    driver: LedgerDriver, jobs: list[str], make_request: MakeRequest
) -> None:
    driver.paint()
    late = driver.admit(make_request(person="late"))
    driver.fetch(KEY)
    assert "reused" in driver.events(late)
    assert driver.job(late).stage is Stage.DELIVER


def test_a_waiting_job_has_the_position_of_the_first_one(
    driver: LedgerDriver, jobs: list[str]
) -> None:
    assert {driver.ledger.queue_status(job).position for job in jobs} == {1}


def test_when_the_first_one_cancels_another_takes_over(
    driver: LedgerDriver, jobs: list[str]
) -> None:
    driver.ledger.cancel(jobs[0])
    driver.ledger.sweep()
    driver.ledger.serve_waiters()
    driver.paint()
    assert len({driver.deliver().job.id for _ in range(4)}) == 4
    assert driver.claim(Stage.RENDER) == []


def test_a_failed_painting_declines_all_waiters(driver: LedgerDriver, jobs: list[str]) -> None:
    for _ in range(driver.services.settings.max_attempts):
        driver.expire(driver.take(Stage.RENDER))
        driver.skip_pauses()
    driver.ledger.serve_waiters()
    assert driver.claim(Stage.RENDER) == [], "the deadly photo was given to another painter"
    reasons = [driver.deliver().job.reason for _ in jobs]
    assert reasons == ["lease-expired"] * 5
    assert all(driver.job(job).refunded for job in jobs)


def test_a_recorded_failure_declines_new_equal_requests(
    driver: LedgerDriver, jobs: list[str], make_request: MakeRequest
) -> None:
    driver.ledger.transitions.decline(driver.take(Stage.RENDER), "unsafe-picture", {}, refund=False)
    late = driver.admit(make_request(person="late"))
    driver.fetch(KEY)
    assert (driver.job(late).reason, driver.job(late).refunded) == ("unsafe-picture", False)


def test_a_thousand_waiters_are_served_in_short_steps(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for number in range(300):
        driver.admit(make_request(person=f"p{number}", conversation=f"c{number}"))
        driver.fetch(KEY)
    painting = driver.take(Stage.RENDER)
    script = driver.ledger._scripts.run
    script("painted", painting.job.id, painting.fence, "pictures/1", 60_000, "")  # its worker dies
    step = driver.ledger._run("serve_waiters", 100)
    assert step == 100
    assert driver.ledger.serve_waiters(100) == 199
    assert len(driver.claim(Stage.DELIVER, 1000)) == 300


def test_pictures_of_a_forgotten_person_are_not_reused(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person="ann"))
    driver.fetch(KEY)
    driver.paint()
    driver.deliver()
    driver.services.users.forget("web", "ann")
    late = driver.admit(make_request(person="bob"))
    driver.fetch(KEY)
    assert driver.job(late).stage is Stage.RENDER
    assert driver.paint().job.id == late


def test_forgetting_a_person_who_got_a_shared_picture_keeps_it(
    driver: LedgerDriver, jobs: list[str]
) -> None:
    leader = driver.paint().job
    for _ in jobs:
        driver.deliver()
    other = next(job for job in jobs if job != leader.id)
    driver.services.users.forget("web", driver.job(other).request.person)
    assert driver.services.blobs.get(f"pictures/{leader.id}.jpg") == b"picture"


def test_a_deleted_shared_picture_is_painted_again_for_others(
    driver: LedgerDriver, jobs: list[str]
) -> None:
    leader = driver.paint().job
    driver.services.users.forget("web", leader.request.person)
    claim = driver.take(Stage.DELIVER)
    driver.ledger.transitions.rewind_to(claim, Stage.RENDER)
    assert driver.paint().job.id == claim.job.id
    assert claim.job.id in {driver.deliver().job.id for _ in range(4)}


def test_another_engine_paints_again(driver: LedgerDriver, make_request: MakeRequest) -> None:
    announces(driver, "painter/2")
    driver.admit(make_request(person="ann"))
    driver.fetch(KEY)
    driver.ledger.transitions.painted(driver.take(Stage.RENDER), ["pictures/ann"], "painter/2")

    announces(driver, "painter/3")
    late = driver.admit(make_request(person="bob"))
    driver.fetch(KEY)
    assert driver.job(late).stage is Stage.RENDER
    driver.ledger.transitions.painted(driver.take(Stage.RENDER), ["pictures/bob"], "painter/3")

    latest = driver.admit(make_request(person="cid"))
    driver.fetch(KEY)
    assert driver.job(latest).pictures == ("pictures/bob",)


def test_a_picture_counts_as_its_painters_whoever_was_known_when_its_photo_came(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    announces(driver, "painter/2")
    driver.admit(make_request(person="ann"))
    driver.fetch(KEY)
    announces(driver, "painter/3")
    driver.ledger.transitions.painted(driver.take(Stage.RENDER), ["pictures/ann"], "painter/3")

    late = driver.admit(make_request(person="bob"))
    driver.fetch(KEY)
    assert driver.job(late).pictures == ("pictures/ann",)


def test_a_failed_painting_is_not_retried_with_the_faster_recipe(
    driver: LedgerDriver, jobs: list[str], make_request: MakeRequest
) -> None:
    driver.ledger.transitions.decline(driver.take(Stage.RENDER), "unsafe-picture", {}, refund=False)
    driver.services.redis.set(f"{driver.services.settings.namespace}:overload_level", "brownout")
    late = driver.admit(make_request(person="late"))
    driver.fetch(KEY)
    assert driver.job(late).reason == "unsafe-picture"


def test_a_draft_is_not_reused_after_the_brownout(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    ladder = f"{driver.services.settings.namespace}:overload_level"
    driver.services.redis.set(ladder, "brownout")
    draft = driver.admit(make_request(person="ann"))
    driver.fetch(KEY)
    assert driver.job(draft).draft
    driver.paint()
    driver.services.redis.set(ladder, "normal")
    later = driver.admit(make_request(person="bob"))
    driver.fetch(KEY)
    assert driver.job(later).stage is Stage.RENDER
    assert not driver.job(later).draft

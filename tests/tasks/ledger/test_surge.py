"""In a surge waits are predicted, the overload level changes step by step, and memory use is small."""

from __future__ import annotations

import pytest

from tasks.models import Admitted, PhotoRef, RateLimit, Refused, Stage
from tasks.settings import Limits
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest


def look(driver: LedgerDriver) -> str:
    """Update the overload level as if a second had passed; return it."""
    driver.services.redis.hset(f"{driver.services.settings.namespace}:overload_check", "at", 1)
    return driver.ledger.update_overload_level().level


def admit_many(driver: LedgerDriver, make_request: MakeRequest, count: int) -> None:
    for number in range(count):
        driver.admit(make_request(person=f"p{number}", conversation=f"c{number}"))


def test_the_wait_is_the_time_for_the_jobs_before(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=2.0, latency_s=4.0)
    admit_many(driver, make_request, 20)
    answer = driver.ledger.admit(make_request(person="late"))
    assert isinstance(answer, Admitted)
    assert 20 / 2 + 4 < answer.wait_s < 20 / 2 + 4 + 1


def test_two_painters_halve_the_wait(driver: LedgerDriver, make_request: MakeRequest) -> None:
    admit_many(driver, make_request, 40)
    job = driver.admit(make_request(person="late"))
    driver.services.controls.report(Stage.RENDER, "gpu-1", jobs_per_s=1.0, latency_s=1.0)
    slow = driver.ledger.queue_status(job).wait_s
    driver.services.controls.report(Stage.RENDER, "gpu-2", jobs_per_s=1.0, latency_s=1.0)
    assert driver.ledger.queue_status(job).wait_s < 0.6 * slow


def test_a_platforms_quota_is_part_of_the_wait(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, max_wait_s=10**6))
    driver.services.controls.announce_quota("x", RateLimit(10, 900))
    for stage in Stage:
        driver.services.controls.report(stage, "fast", jobs_per_s=1000, latency_s=0.01)
    waits = []
    for number in range(25):
        answer = driver.ledger.admit(make_request(platform="x", person=f"p{number}", private=True))
        assert isinstance(answer, Admitted)
        waits.append(answer.wait_s)
    assert waits[9] < 5
    assert 895 < waits[10] < 905
    assert 1795 < waits[20] < 1805


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.DELIVER])
def test_a_pause_of_the_platform_is_part_of_the_wait(
    driver: LedgerDriver, make_request: MakeRequest, stage: Stage
) -> None:
    driver.services.controls.pause(stage, "web", until=driver.ledger.now() + 600)
    resting = driver.ledger.admit(make_request(person="ann"))
    working = driver.ledger.admit(make_request(person="bob", platform="telegram"))
    assert isinstance(resting, Admitted)
    assert isinstance(working, Admitted)
    assert 590 < resting.wait_s < 610
    assert working.wait_s < 10


def test_the_wait_of_a_person_with_many_jobs_includes_later_jobs_of_others(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(queue_penalty_s=60, limits=Limits(cooldown_s=0, max_wait_s=10**6))
    driver.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=1.0)
    driver.services.redis.hset(f"{driver.services.settings.namespace}:capacity", "arrivals", "0.9")
    admit_many(driver, make_request, 30)
    patient = driver.ledger.admit(make_request(person="greedy", conversation="g1"))
    greedy = driver.ledger.admit(make_request(person="greedy", conversation="g2"))
    assert isinstance(patient, Admitted)
    assert isinstance(greedy, Admitted)
    assert greedy.wait_s > patient.wait_s + 40


def test_the_overload_level_changes_by_one_step_and_each_is_counted(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(
        brownout_above_s=20, brownout_below_s=10, limits=Limits(cooldown_s=0, max_wait_s=60)
    )
    report = driver.services.controls.report
    report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=1.0)
    assert look(driver) == "normal"
    admit_many(driver, make_request, 30)
    assert look(driver) == "brownout"
    report(Stage.RENDER, "gpu", jobs_per_s=0.4, latency_s=1.0)
    assert look(driver) == "refuse"
    report(Stage.RENDER, "gpu", jobs_per_s=0.53, latency_s=1.0)
    assert look(driver) == "refuse", "just below the threshold is not well below"
    report(Stage.RENDER, "gpu", jobs_per_s=2.0, latency_s=1.0)
    assert [look(driver), look(driver)] == ["brownout", "brownout"]
    report(Stage.RENDER, "gpu", jobs_per_s=4.0, latency_s=1.0)
    assert look(driver) == "normal"
    steps = ["overload:brownout", "overload:refuse", "overload:normal"]
    counts = driver.services.redis.hmget(f"{driver.services.settings.namespace}:counts", steps)
    assert counts == ["2", "1", "1"]


def test_the_longest_allowed_queue_sets_the_level_refuse(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(
        brownout_above_s=20, brownout_below_s=10, limits=Limits(cooldown_s=0, max_wait_s=60)
    )
    driver.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=4.0)
    answers = [
        driver.ledger.admit(make_request(person=f"p{number}", conversation=f"c{number}"))
        for number in range(80)
    ]
    assert isinstance(answers[-1], Refused)
    assert [look(driver), look(driver)] == ["brownout", "refuse"]


def test_photos_in_a_brownout_are_painted_with_the_faster_recipe(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(brownout_above_s=20, brownout_below_s=10)
    driver.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=1.0)
    admit_many(driver, make_request, 30)
    look(driver)
    driver.fetch()
    assert driver.take(Stage.RENDER).job.draft


def test_a_queued_job_takes_no_more_than_a_kilobyte(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, max_wait_s=10**6))
    admit_many(driver, make_request, 1)
    before = driver.services.redis.info("memory")["used_memory"]
    for number in range(1_000):
        photo = PhotoRef("AgACAgIAAxkBAAIB-a-file-id-as-long-as-those-of-telegram-" + str(number))
        request = make_request(
            platform="telegram",
            person=str(10**9 + number),
            conversation=str(-(10**12) - number),
            photos=(photo,),
            address={"chat": str(10**9 + number), "message": str(number)},
        )
        driver.admit(request)
    after = driver.services.redis.info("memory")["used_memory"]
    assert (after - before) / 1_000 <= 1024

"""Many photos of one person do not delay others, every job is served, and positions are correct."""

from __future__ import annotations

from tasks.models import Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def test_a_thousand_photos_of_one_person_delay_nobody_else(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for number in range(1000):
        driver.admit(make_request(person="flood", conversation=f"c{number}"))
    for number in range(100):
        driver.admit(make_request(person=f"p{number}", conversation=f"d{number}"))

    answered: list[str] = []
    while len(answered) < 150:
        answered.append(driver.whole().job.request.person)

    before_the_20th = answered[: [n for n, p in enumerate(answered) if p == "flood"][19]]
    assert len({person for person in before_the_20th if person != "flood"}) == 100


def test_a_person_with_many_photos_is_also_served(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for number in range(3):
        driver.admit(make_request(f"flood-{number}", person="flood"))
    events = [driver.whole().job.request.event for _ in range(3)]
    assert events == ["flood-0", "flood-1", "flood-2"]


def test_the_position_counts_the_jobs_before(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    jobs = [driver.admit(make_request(person=f"p{number}")) for number in range(3)]
    assert [driver.ledger.queue_status(job).position for job in jobs] == [1, 2, 3]
    driver.fetch()
    assert [driver.ledger.queue_status(job).position for job in jobs] == [1, 2, 3]
    driver.take(Stage.RENDER)
    assert [driver.ledger.queue_status(job).position for job in jobs] == [0, 1, 2]


def test_a_released_job_keeps_its_place(driver: LedgerDriver, make_request: MakeRequest) -> None:
    first = driver.admit(make_request(person="ann"))
    driver.admit(make_request(person="bob"))
    driver.ledger.transitions.release(driver.take(Stage.FETCH), "worker-stops")
    assert driver.take(Stage.FETCH).job.id == first


def test_the_lane_whose_first_job_is_oldest_is_next(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for person, shape in (("ann", "wide"), ("bob", "tall"), ("cid", "wide")):
        driver.admit(make_request(person=person))
        driver.fetch(shape=shape)
    batch = driver.claim(Stage.RENDER, most=8)
    assert [claim.job.request.person for claim in batch] == ["ann", "cid"], "one shape in a batch"
    assert [claim.job.request.person for claim in driver.claim(Stage.RENDER, most=8)] == ["bob"]


def test_photos_are_not_fetched_far_ahead_of_the_painters(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.services.controls.report(Stage.RENDER, "slow", jobs_per_s=0.2, latency_s=5.0)
    for number in range(80):
        driver.admit(make_request(person=f"p{number}", conversation=f"c{number}"))
    fetched = 0
    while claims := driver.claim(Stage.FETCH):
        driver.ledger.transitions.fetched(claims[0], ["photos/1"], "square")
        fetched += 1
    assert fetched == 70, "64 and half a minute's work"
    driver.take(Stage.RENDER)
    assert len(driver.claim(Stage.FETCH)) == 1

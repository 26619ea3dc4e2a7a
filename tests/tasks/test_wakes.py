"""New jobs share wake-ups, and lost wake-ups are sent again."""

from __future__ import annotations

from tasks.models import Stage
from tasks.services import open_services
from tasks.settings import Settings
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def test_many_new_jobs_share_one_wake_up(settings: Settings, make_request: MakeRequest) -> None:
    woken: list[str] = []
    driver = LedgerDriver(open_services(settings, woken.append))
    for number in range(50):
        driver.admit(make_request(person=f"p{number}", conversation=f"c{number}"))
    assert woken == [Stage.FETCH]
    driver.claim(Stage.FETCH)
    assert woken == [Stage.FETCH] * 2, "the worker that receives the wake-up wakes the next one"
    for _ in range(10):
        driver.ledger.claim(Stage.FETCH, 1, "worker", from_wakeup=False)
    assert woken == [Stage.FETCH] * 2
    driver.services.redis.close()


def test_a_lost_wake_up_is_sent_again_by_the_sweep(
    settings: Settings, make_request: MakeRequest
) -> None:
    woken: list[str] = []
    driver = LedgerDriver(open_services(settings, woken.append))
    driver.admit(make_request())
    driver.services.redis.delete(f"{settings.namespace}:wake:fetch")  # its time is over
    driver.ledger.sweep()
    assert woken == [Stage.FETCH] * 2
    driver.services.redis.close()


def test_transitions_of_many_claims_run_in_one_round_trip(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    for number in range(3):
        driver.admit(make_request(person=f"p{number}"))
    claims = [driver.take(Stage.FETCH) for _ in range(3)]
    driver.expire(claims[1])
    with driver.ledger.batch() as steps:
        for claim in claims:
            steps.fetched(claim, ["photos/1"], "square")
    assert steps.lost == {claims[1].job.id}
    assert len(driver.claim(Stage.RENDER, 8)) == 2

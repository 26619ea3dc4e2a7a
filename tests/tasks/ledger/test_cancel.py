"""A job can be cancelled until its answer may have been sent."""

from __future__ import annotations

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


def test_a_waiting_job_is_cancelled(driver: LedgerDriver, make_request: MakeRequest) -> None:
    job_id = driver.admit(make_request())
    assert driver.ledger.cancel(job_id, "ann")
    assert driver.job(job_id).outcome is Outcome.CANCELLED
    assert driver.claim(Stage.FETCH) == []
    assert not driver.ledger.cancel(job_id, "ann")


def test_only_its_own_person_or_the_operator_cancels(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    assert not driver.ledger.cancel(job_id, "bob")
    assert not driver.ledger.cancel(job_id, "")
    assert driver.ledger.cancel(job_id)


def test_the_worker_of_a_cancelled_job_loses_its_lease(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.fetch()
    painting = driver.take(Stage.RENDER)
    assert driver.ledger.cancel(job_id, "ann")
    assert driver.ledger.renew([painting]) == {job_id}
    with pytest.raises(LeaseLost):
        driver.ledger.transitions.painted(painting, ["pictures/1"])


def test_a_job_whose_answer_may_have_been_sent_is_not_cancelled(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.fetch()
    driver.paint()
    driver.ledger.record_send_intent(driver.take(Stage.DELIVER))
    assert not driver.ledger.cancel(job_id, "ann")


def test_a_job_between_two_attempts_is_cancelled(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "fetch-failed", most=3)
    assert driver.ledger.cancel(job_id, "ann")
    driver.skip_pauses()
    assert driver.claim(Stage.FETCH) == []

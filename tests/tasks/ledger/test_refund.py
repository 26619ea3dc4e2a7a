"""Cooldown and quota are refunded if the bot fails, but not if the photo is the cause."""

from __future__ import annotations

import pytest

from tasks.models import Outcome, Stage
from tasks.settings import Limits
from tests.tasks.ledger_driver import LedgerDriver, MakeDriver, MakeRequest


@pytest.fixture
def driver(driver_with: MakeDriver) -> LedgerDriver:
    """A driver of a ledger where everybody has one photo a day."""
    return driver_with(limits=Limits(cooldown_s=600, daily_quota=1))


def test_a_failure_of_the_bot_refunds_the_cooldown(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.ledger.transitions.decline(driver.take(Stage.FETCH), "photo-gone", {}, refund=True)
    driver.deliver()
    driver.admit(make_request())


def test_a_fault_of_the_photo_refunds_nothing(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request())
    driver.ledger.transitions.decline(driver.take(Stage.FETCH), "too-small", {}, refund=False)
    driver.deliver()
    assert not driver.job(job_id).refunded
    assert driver.refuse(make_request()).reason == "cooldown"


def test_a_dead_job_refunds_the_cooldown(driver: LedgerDriver, make_request: MakeRequest) -> None:
    driver.admit(make_request())
    driver.ledger.transitions.fail(driver.take(Stage.FETCH), "fetch-failed", most=1)
    driver.admit(make_request())


def test_an_undeliverable_answer_refunds_the_cooldown(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request())
    driver.fetch()
    driver.paint()
    driver.ledger.transitions.fail(driver.take(Stage.DELIVER), "send-failed", most=1)
    driver.admit(make_request())


def test_a_refund_happens_once(driver_with: MakeDriver, make_request: MakeRequest) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0, daily_quota=3, open_per_person=9))
    driver.admit(make_request("first"))
    driver.admit(make_request("second"))
    driver.fetch()
    driver.paint()
    first = driver.take(Stage.DELIVER)
    driver.ledger.transitions.fail(first, "send-failed", most=1)
    assert driver.ledger.retry_dead(first.job.id)
    driver.ledger.transitions.decline(driver.take(Stage.FETCH), "photo-gone", {}, refund=True)
    driver.admit(make_request("third"))
    driver.admit(make_request("fourth"))
    assert driver.refuse(make_request("fifth")).reason == "quota"


def test_one_jobs_refund_leaves_the_cooldown_of_a_later_one(
    driver_with: MakeDriver, make_request: MakeRequest
) -> None:
    driver = driver_with(limits=Limits(cooldown_s=0))
    driver.admit(make_request("first"))
    first = driver.take(Stage.FETCH)
    slow = driver_with(limits=Limits(cooldown_s=600))
    slow.admit(make_request("second"))
    driver.ledger.transitions.decline(first, "photo-gone", {}, refund=True)
    assert slow.refuse(make_request("third")).reason == "cooldown"


def test_a_painting_refunds_nothing(driver: LedgerDriver, make_request: MakeRequest) -> None:
    job_id = driver.admit(make_request())
    driver.whole()
    assert driver.job(job_id).outcome is Outcome.ANSWERED
    assert driver.refuse(make_request()).reason == "cooldown"

"""A ban or an opt-out after the admission takes effect until the answer is sent."""

from __future__ import annotations

import pytest

from bots.web.plugin import WebPlatform
from tasks.ledger.ledger import Objection
from tasks.models import Outcome, PhotoRef, Stage
from tests.tasks.delivery_worker import DeliveryWorker
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest

OWNER = PhotoRef("photo", owner="olga")


def opt_out(driver: LedgerDriver) -> None:
    driver.services.users.forget("web", "olga", opt_out=True)


@pytest.mark.parametrize("stage", [Stage.FETCH, Stage.RENDER])
def test_no_stage_processes_a_photo_whose_owner_opted_out(
    driver: LedgerDriver, make_request: MakeRequest, stage: Stage
) -> None:
    job_id = driver.admit(make_request(photos=(OWNER,)))
    if stage is Stage.RENDER:
        driver.fetch()
    opt_out(driver)

    assert driver.claim(stage) == []

    assert driver.job(job_id).stage is Stage.DELIVER
    assert driver.deliver().job.reason == "owner-opted-out"
    assert driver.job(job_id).outcome is Outcome.APOLOGISED


def test_a_painting_is_not_sent_once_the_owner_of_its_photo_opted_out(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(photos=(OWNER,)))
    driver.fetch()
    driver.paint()
    claim = driver.take(Stage.DELIVER)
    opt_out(driver)

    with pytest.raises(Objection, match="owner-opted-out"):
        driver.ledger.record_send_intent(claim)

    driver.ledger.transitions.decline(claim, "owner-opted-out", {}, refund=True)
    assert driver.deliver().job.pictures == ()


def test_a_worker_sends_an_apology_in_place_of_the_painting(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    worker = DeliveryWorker(driver.services, {"web": WebPlatform(driver.services)})
    job_id = worker.painted("mention", platform="web", photos=(OWNER,))
    opt_out(driver)

    worker.deliver(job_id)

    assert driver.deliver().job.reason == "owner-opted-out"


def test_a_painting_sent_during_an_objection_is_retracted(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request(photos=(OWNER,)))
    driver.fetch()
    driver.paint()
    claim = driver.take(Stage.DELIVER)
    driver.ledger.record_send_intent(claim)
    opt_out(driver)

    driver.ledger.transitions.finish(claim, Outcome.ANSWERED, receipt="the answer")

    assert driver.services.retractions.waiting() == 1
    assert driver.job(job_id).outcome is Outcome.ANSWERED


@pytest.mark.parametrize("stage", Stage)
def test_a_banned_person_gets_no_painting(
    driver: LedgerDriver, make_request: MakeRequest, stage: Stage
) -> None:
    job_id = driver.admit(make_request(person="eve"))
    if stage is not Stage.FETCH:
        driver.fetch()
    if stage is Stage.DELIVER:
        driver.paint()
    driver.services.users.ban("web", "eve")

    for claim in driver.claim(stage):
        with pytest.raises(Objection, match="banned"):
            driver.ledger.record_send_intent(claim)
        driver.ledger.transitions.finish(claim, Outcome.CANCELLED, "banned")

    assert driver.job(job_id).outcome is Outcome.CANCELLED
    assert driver.job(job_id).reason == "banned"


def test_other_waiters_for_the_same_painting_still_get_it(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    driver.admit(make_request(person="bob", photos=(OWNER,)))
    driver.fetch(paint_key="same")
    other = driver.admit(make_request(person="cid"))
    driver.fetch(paint_key="same")
    opt_out(driver)

    assert driver.claim(Stage.RENDER) == []
    driver.ledger.serve_waiters()

    assert driver.paint().job.id == other

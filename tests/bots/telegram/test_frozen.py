"""A worker is stopped at each of its calls, loses its lease, and goes on when another has answered."""

from __future__ import annotations

import threading

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Outcome, Stage
from tasks.worker.context import WorkerContext
from tests.bots.telegram.driver import DeliveryDriver
from tests.fakes.telegram_faults import CallFault

ANN = 4711


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("way", ["placeholder", "new message", "send"])
@pytest.mark.parametrize("method", ["sendMessage", "editMessageMedia", "sendPhoto"])
def test_two_workers_bring_one_painting(
    driver: DeliveryDriver,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    way: str,
    after: bool,
) -> None:
    if way != "placeholder":
        monkeypatch.setenv("SUISAI_TELEGRAM_EDIT_WITHIN_S", "0")
    if way == "send":
        monkeypatch.setenv("SUISAI_TELEGRAM_LONG_WAITS", "send")
    job_id, _ = driver.painted(ANN, placeholder=way == "placeholder")
    go_on = threading.Event()
    fault = driver.api.faults.add(CallFault(method, hold=go_on, after=after))
    stopped, claim = driver.new_worker(), driver.ledger_driver.take(Stage.DELIVER)
    thread = threading.Thread(target=deliver_late, args=(driver, stopped, claim))
    thread.start()
    while thread.is_alive() and not fault.reached.wait(0.05):
        pass  # not every way makes every call
    if thread.is_alive():
        driver.ledger_driver.expire(claim)

    job = driver.ended(job_id)
    go_on.set()
    thread.join(30)
    driver.look()

    chat = driver.api.world.chat(ANN)
    assert job.outcome is Outcome.ANSWERED
    assert len(chat.paintings()) == 1
    assert driver.promises(chat) == []


def deliver_late(driver: DeliveryDriver, worker: WorkerContext, claim: Claim) -> None:
    """Deliver with a lease that may be lost meanwhile."""
    try:
        driver.deliver(worker, claim)
    except LeaseLost:
        return

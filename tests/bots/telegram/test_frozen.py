"""A worker is stopped at each of its calls, loses its lease, and continues after another has answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, takewhile

import pytest

from tasks.ledger.ledger import LeaseLost
from tasks.models import Claim, Outcome, Stage
from tasks.worker.loop import WorkerContext
from tests.bots.telegram.driver import DeliveryDriver
from tests.fakes.telegram_faults import CallFault, CallFaults
from tests.fakes.telegram_world import Chat

LAST_WORDS = ("not allowed to send pictures", "got lost on the way", "can't tell whether")


class StopAt(CallFaults):
    """Stops the n-th call, before or after it is done, until `hold` is set."""

    def __init__(self, number: int, *, after: bool) -> None:
        super().__init__()
        self._number = number
        self._after = after
        self.hold, self.reached = threading.Event(), threading.Event()
        self.method = ""

    def next(self, method: str, chat: int | None) -> CallFault | None:
        """Return the fault of this call, or None."""
        at, self._number = self._number, self._number - 1
        if at:
            return super().next(method, chat)
        self.method = method
        return CallFault(method, hold=self.hold, after=self._after, reached=self.reached)


@dataclass(frozen=True)
class FrozenCase:
    """One way of delivering an answer."""

    placeholder: bool = True
    pictures: int = 1
    late: bool = False
    long_waits: str = "edit"
    forbidden: frozenset[str] = frozenset()
    server: Callable[[DeliveryDriver], object] = bool
    outcome: Outcome = Outcome.ANSWERED


def stays_text(driver: DeliveryDriver) -> None:
    """Make the server refuse to edit a text into a picture."""
    driver.trust_the_server_again()
    driver.api.known -= {"editMessageMedia"}


CASES = {
    "placeholder": FrozenCase(),
    "new message": FrozenCase(placeholder=False, late=True),
    "new message beside a placeholder": FrozenCase(late=True),
    "sent": FrozenCase(late=True, long_waits="send"),
    "album": FrozenCase(pictures=2),
    "as a file": FrozenCase(forbidden=frozenset({"photo"})),
    "forbidden": FrozenCase(
        forbidden=frozenset({"photo", "document"}), outcome=Outcome.UNDELIVERABLE
    ),
    "an old server": FrozenCase(server=stays_text),
    "apology": FrozenCase(pictures=0, outcome=Outcome.APOLOGISED),
    "apology without a placeholder": FrozenCase(
        pictures=0, placeholder=False, outcome=Outcome.APOLOGISED
    ),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("name", CASES)
def test_two_workers_bring_one_answer(
    driver: DeliveryDriver, monkeypatch: pytest.MonkeyPatch, name: str, after: bool
) -> None:
    case = CASES[name]
    if case.late:
        monkeypatch.setenv("SUISAI_TELEGRAM_EDIT_WITHIN_S", "0")
    monkeypatch.setenv("SUISAI_TELEGRAM_LONG_WAITS", case.long_waits)
    stops = list(takewhile(bool, (stopped(driver, case, at, after=after) for at in count())))
    assert stops, "there is a call to stop at"


def stopped(driver: DeliveryDriver, case: FrozenCase, at: int, *, after: bool) -> str:
    """Stop a worker at one of its calls; return the call's method, '' where it makes no such call."""
    person = 1 + at
    job_id = asked(driver, case, person)
    chat = driver.api.world.chat(person)
    chat.forbidden = set(case.forbidden)
    case.server(driver)
    faults = StopAt(at, after=after)
    driver.api.faults = faults
    worker, claim = driver.new_worker(), driver.ledger_driver.take(Stage.DELIVER)
    thread = threading.Thread(target=deliver_late, args=(driver, worker, claim))
    thread.start()
    while thread.is_alive() and not faults.reached.wait(0.02):
        pass  # a worker makes only so many calls
    if thread.is_alive():
        driver.ledger_driver.expire(claim)

    job = driver.ended(job_id)
    faults.hold.set()
    thread.join(30)
    driver.look()

    what = f"stopped at {faults.method or 'nothing'}"
    # What a stopped worker has begun to send is in doubt, and the other one says so.
    doubt = any("can't tell whether" in m.get("text", "") for m in chat.of_bot())
    assert job.outcome is (Outcome.ANSWERED if doubt else case.outcome), what
    assert driver.promises(chat) == [], what
    assert_answered_once(chat, case, what)
    return faults.method


def asked(driver: DeliveryDriver, case: FrozenCase, person: int) -> str:
    """Advance a job to the stage `deliver`; return its id."""
    if case.pictures:
        job_id, _ = driver.painted(person, placeholder=case.placeholder, pictures=case.pictures)
        return job_id
    job_id, _ = driver.painted(person, placeholder=case.placeholder, paint=False)
    driver.services.ledger.transitions.decline(
        driver.ledger_driver.take(Stage.FETCH), "truncated", {}, refund=True
    )
    return job_id


def assert_answered_once(chat: Chat, case: FrozenCase, what: str) -> None:
    """Assert the number of pictures and sentences in the chat."""
    texts = [message["text"] for message in chat.of_bot() if "text" in message]
    if case.outcome is Outcome.ANSWERED:
        assert len(chat.paintings()) == case.pictures, what
    else:
        said = [text for text in texts if any(words in text for words in LAST_WORDS)]
        assert (len(chat.paintings()), len(said)) == (0, 1), (what, texts)


def deliver_late(driver: DeliveryDriver, worker: WorkerContext, claim: Claim) -> None:
    """Deliver with a lease that may be lost meanwhile."""
    try:
        driver.deliver(worker, claim)
    except LeaseLost:
        return

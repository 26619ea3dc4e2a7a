"""Published answers are deleted with the person: answers to them, and those that show their photos."""

from __future__ import annotations

import pytest

from tasks.errors import ChatRateLimited, PlatformPaused, TransientError, UnknownPlatform
from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, PhotoRef, Stage
from tests.tasks.ledger_driver import LedgerDriver, MakeRequest


class Board:
    """A platform that keeps answers until they are retracted; raises the errors in `trouble` first."""

    def __init__(self) -> None:
        self.retracted: list[str] = []
        self.trouble: list[Exception] = []

    def retract(self, receipt: str) -> None:
        if self.trouble:
            raise self.trouble.pop(0)
        self.retracted.append(receipt)


@pytest.fixture
def board() -> Board:
    return Board()


def run(driver: LedgerDriver, board: Board) -> int:
    return driver.services.retractions.run(lambda _platform, receipt: board.retract(receipt))


def make_due(driver: LedgerDriver) -> None:
    now_ms = int(driver.ledger.now() * 1000)
    key = f"{driver.services.settings.namespace}:retractions"
    for name in driver.services.redis.hkeys(key):
        driver.services.redis.hset(key, name, f"1 {now_ms}")


def test_the_published_answer_of_a_forgotten_person_is_deleted(
    driver: LedgerDriver, make_request: MakeRequest, board: Board
) -> None:
    driver.admit(make_request(person="ann"))
    mine = driver.whole().job.id
    driver.admit(make_request(person="bob"))
    driver.whole()

    driver.services.users.forget("web", "ann")

    assert run(driver, board) == 1
    assert board.retracted == [f"receipt-{mine}"]
    assert driver.services.retractions.waiting() == 0


def test_an_owners_opt_out_retracts_answers_that_show_their_photos(
    driver: LedgerDriver, make_request: MakeRequest, board: Board
) -> None:
    asker = driver.admit(make_request(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    driver.whole()
    picture = driver.job(asker).pictures[0]
    driver.admit(make_request(person="bob", photos=(PhotoRef("2", owner="cid"),)))
    driver.whole()

    driver.services.users.forget("web", "ann", opt_out=True)
    run(driver, board)

    assert board.retracted == [f"receipt-{asker}"]
    assert driver.job(asker).pictures == ()
    assert picture not in {key for key, *_ in driver.services.blobs.listing("pictures")}


def test_forgetting_an_owner_without_an_opt_out_keeps_answers_to_others(
    driver: LedgerDriver, make_request: MakeRequest, board: Board
) -> None:
    driver.admit(make_request(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    driver.whole()
    driver.services.users.forget("web", "ann")
    assert run(driver, board) == 0


def test_an_answer_that_is_published_while_its_person_is_forgotten_is_deleted(
    driver: LedgerDriver, make_request: MakeRequest, board: Board
) -> None:
    from tasks.worker.deliver import _finish
    from tests.tasks.delivery_worker import DeliveryWorker

    driver.admit(make_request(person="ann"))
    driver.fetch()
    driver.paint()
    claim = driver.take(Stage.DELIVER)
    driver.ledger.record_send_intent(claim)
    driver.services.users.forget("web", "ann")

    with pytest.raises(LeaseLost):
        _finish(DeliveryWorker(driver.services, {}).context, claim, "receipt")

    run(driver, board)
    assert board.retracted == ["receipt"]


@pytest.mark.parametrize(
    "trouble",
    [
        PlatformPaused(0, "429"),
        ChatRateLimited(0),
        TransientError("502"),
        RuntimeError("unexpected"),
    ],
    ids=lambda trouble: type(trouble).__name__,
)
def test_a_failed_retraction_is_retried(
    driver: LedgerDriver, board: Board, trouble: Exception
) -> None:
    driver.services.retractions.add("web", "the receipt: with spaces")
    board.trouble = [trouble]

    assert run(driver, board) == 0
    if isinstance(trouble, TransientError | RuntimeError):
        assert run(driver, board) == 0, "not at once"
    make_due(driver)
    assert run(driver, board) == 1

    assert board.retracted == ["the receipt: with spaces"]


def test_an_answer_of_a_platform_that_is_not_installed_is_dropped(driver: LedgerDriver) -> None:
    def missing(name: str, _receipt: str) -> None:
        raise UnknownPlatform(name)

    driver.services.retractions.add("gone", "receipt")
    assert driver.services.retractions.run(missing) == 1


def test_index_entries_of_an_owner_are_deleted_with_the_jobs(
    driver: LedgerDriver, make_request: MakeRequest
) -> None:
    job_id = driver.admit(make_request(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    assert driver.whole().job.id == job_id
    assert driver.job(job_id).outcome is Outcome.ANSWERED
    driver.services.users.forget("web", "bob")
    assert not driver.services.redis.keys(f"{driver.services.settings.namespace}:shows:*")

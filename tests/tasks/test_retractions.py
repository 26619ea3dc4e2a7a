"""Published answers go with the person: those to them, and those that show their photos."""

from __future__ import annotations

import pytest

from tasks.errors import ChatRateLimited, PlatformPaused, TransientError, UnknownPlatform
from tasks.ledger.ledger import LeaseLost
from tasks.models import Outcome, PhotoRef, Stage
from tests.tasks.hands import Hands, MakeAsk


class Board:
    """A platform that shows answers until they are retracted; `trouble` is raised first."""

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


def run(hands: Hands, board: Board) -> int:
    return hands.services.retractions.run(lambda _platform, receipt: board.retract(receipt))


def make_due(hands: Hands) -> None:
    now_ms = int(hands.ledger.now() * 1000)
    key = f"{hands.services.settings.namespace}:retractions"
    for name in hands.services.redis.hkeys(key):
        hands.services.redis.hset(key, name, f"1 {now_ms}")


def test_the_published_answer_of_a_forgotten_person_is_deleted(
    hands: Hands, ask: MakeAsk, board: Board
) -> None:
    hands.admit(ask(person="ann"))
    mine = hands.whole().job.id
    hands.admit(ask(person="bob"))
    hands.whole()

    hands.services.users.forget("web", "ann")

    assert run(hands, board) == 1
    assert board.retracted == [f"receipt-{mine}"]
    assert hands.services.retractions.waiting() == 0


def test_an_owner_who_opts_out_takes_back_the_answers_that_show_their_photos(
    hands: Hands, ask: MakeAsk, board: Board
) -> None:
    asker = hands.admit(ask(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    hands.whole()
    picture = hands.job(asker).pictures[0]
    hands.admit(ask(person="bob", photos=(PhotoRef("2", owner="cid"),)))
    hands.whole()

    hands.services.users.forget("web", "ann", opt_out=True)
    run(hands, board)

    assert board.retracted == [f"receipt-{asker}"]
    assert hands.job(asker).pictures == ()
    assert picture not in {key for key, *_ in hands.services.blobs.listing("pictures")}


def test_forgetting_an_owner_without_an_opt_out_leaves_what_others_asked_for(
    hands: Hands, ask: MakeAsk, board: Board
) -> None:
    hands.admit(ask(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    hands.whole()
    hands.services.users.forget("web", "ann")
    assert run(hands, board) == 0


def test_an_answer_that_is_published_while_its_person_is_forgotten_is_deleted(
    hands: Hands, ask: MakeAsk, board: Board
) -> None:
    from tasks.worker.deliver import _finish
    from tests.bots.x.desk import Desk

    hands.admit(ask(person="ann"))
    hands.fetch()
    hands.paint()
    claim = hands.take(Stage.DELIVER)
    hands.ledger.record_send_intent(claim)
    hands.services.users.forget("web", "ann")

    with pytest.raises(LeaseLost):
        _finish(Desk(hands.services, {})._shift, claim, "receipt")

    run(hands, board)
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
def test_what_the_platform_does_not_delete_now_is_tried_again(
    hands: Hands, board: Board, trouble: Exception
) -> None:
    hands.services.retractions.add("web", "the receipt: with spaces")
    board.trouble = [trouble]

    assert run(hands, board) == 0
    if isinstance(trouble, TransientError | RuntimeError):
        assert run(hands, board) == 0, "not at once"
    make_due(hands)
    assert run(hands, board) == 1

    assert board.retracted == ["the receipt: with spaces"]


def test_an_answer_of_a_platform_that_is_not_installed_is_dropped(hands: Hands) -> None:
    def missing(name: str, _receipt: str) -> None:
        raise UnknownPlatform(name)

    hands.services.retractions.add("gone", "receipt")
    assert hands.services.retractions.run(missing) == 1


def test_the_records_of_an_owner_go_with_the_jobs(hands: Hands, ask: MakeAsk) -> None:
    job_id = hands.admit(ask(person="bob", photos=(PhotoRef("1", owner="ann"),)))
    assert hands.whole().job.id == job_id
    assert hands.job(job_id).outcome is Outcome.ANSWERED
    hands.services.users.forget("web", "bob")
    assert not hands.services.redis.keys(f"{hands.services.settings.namespace}:shows:*")

"""What is kept is kept no longer than said, and what a crash orphaned is found."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from structlog.testing import capture_logs

from tasks.blobs import photo_key, picture_key
from tasks.maintenance import delete_expired_blobs, delete_queued_blobs, run_once
from tasks.models import Stage
from tests.tasks.hands import Hands, MakeAsk, MakeHands

NOW = datetime.now(UTC)


def test_the_photo_goes_when_the_answer_is_delivered(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.whole()
    run_once(hands.services)
    assert list(hands.services.blobs.listing("photos")) == []
    assert len(list(hands.services.blobs.listing("pictures"))) == 1


def test_sweeping_twice_or_on_two_machines_changes_nothing_more(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.whole()
    assert delete_queued_blobs(hands.services) == 1
    assert delete_queued_blobs(hands.services) == 0
    run_once(hands.services)
    run_once(hands.services)


def test_a_photo_that_a_crash_orphaned_is_collected(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    claim = hands.take(Stage.FETCH)
    blobs = hands.services.blobs
    blobs.put(photo_key(claim, 0), b"orphan")
    blobs.put(picture_key(claim, 0), b"orphan")
    blobs.put("uploads/ann/1", b"orphan")

    assert delete_expired_blobs(hands.services, NOW) == 0
    assert delete_expired_blobs(hands.services, NOW + timedelta(hours=2)) == 2
    assert [key for key, *_ in blobs.listing("pictures")] == [picture_key(claim, 0)]
    assert delete_expired_blobs(hands.services, NOW + timedelta(days=8)) == 1


def test_two_claims_of_one_job_never_share_a_file(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    first = hands.take(Stage.FETCH)
    hands.expire(first)
    second = hands.take(Stage.FETCH)
    assert photo_key(first, 0) != photo_key(second, 0)


def test_a_key_that_the_store_refuses_holds_up_no_other(hands: Hands, ask: MakeAsk) -> None:
    hands.admit(ask())
    hands.whole()
    rubbish = f"{hands.services.settings.namespace}:deletions"
    hands.services.redis.lpush(rubbish, "photos/../../forbidden")
    with capture_logs():
        assert delete_queued_blobs(hands.services) == 1
    assert hands.services.redis.lrange(rubbish, 0, -1) == ["photos/../../forbidden"]


def test_when_memory_is_short_old_stories_go_first(hands_with: MakeHands, ask: MakeAsk) -> None:
    hands = hands_with()
    ended = hands.admit(ask(person="ann"))
    hands.whole()
    waiting = hands.admit(ask(person="bob"))
    run = hands.ledger._run
    assert run("prune", hands.ledger._keep_ms, 100, 0) == 0
    assert run("prune", hands.ledger._keep_ms, 100, 1) == 1
    record = f"{hands.services.settings.namespace}:job:"
    assert not hands.services.redis.exists(record + ended)
    assert hands.job(waiting).stage is Stage.FETCH


def test_each_change_of_the_ladder_is_logged(hands_with: MakeHands, ask: MakeAsk) -> None:
    hands = hands_with(brownout_above_s=20, brownout_below_s=10)
    hands.services.controls.report(Stage.RENDER, "gpu", jobs_per_s=1.0, latency_s=1.0)
    for number in range(30):
        hands.admit(ask(person=f"p{number}", conversation=f"c{number}"))
    with capture_logs() as logs:
        run_once(hands.services)
    assert [(log["event"], log["level"]) for log in logs] == [
        ("overload_level_changed", "brownout")
    ]

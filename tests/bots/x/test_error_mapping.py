from __future__ import annotations

import time

import pytest

from bots.x.budget import BudgetSpent
from bots.x.error_mapping import is_duplicate, nothing_sent_yet, told_to_workers
from bots.x.errors import (
    XCreditsSpent,
    XFault,
    XForbidden,
    XPaused,
    XRefused,
    XUnauthorised,
    XUnknownOutcome,
    XUnreachable,
)
from bots.x.store import notice
from tasks.errors import PlatformPaused, TransientError, Undeliverable
from tasks.services import Services


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            XForbidden("403 You are not allowed to create a Tweet with duplicate content."),
            "duplicate",
        ),
        (
            XForbidden(
                "403 You attempted to reply to a Tweet that is deleted or not visible to you."
            ),
            "mention-gone",
        ),
        (XForbidden("403 You are not permitted to reply to this conversation"), "reply-forbidden"),
        (XForbidden("403 You have been blocked from the author of this Tweet"), "blocked"),
        (XForbidden("403 User has been suspended: [1]"), "suspended"),
        (XRefused("404 Could not find tweet with id: [1]."), "mention-gone"),
        (XForbidden("403 You cannot send messages to this user."), "messages-closed"),
    ],
)
def test_what_nobody_can_mend_is_final(services: Services, fault: XFault, reason: str) -> None:
    with pytest.raises(Undeliverable) as final, told_to_workers(services.kv("x")):
        raise fault
    assert final.value.reason == reason
    assert is_duplicate(fault) == (reason == "duplicate")


def named(fault: XFault, *kinds: str) -> XFault:
    fault.kinds = frozenset(kinds)
    return fault


@pytest.mark.parametrize(
    ("kind", "reason"), [("187", "duplicate"), ("385", "mention-gone"), ("433", "reply-forbidden")]
)
def test_where_x_names_the_fault_its_words_do_not_matter(
    services: Services, kind: str, reason: str
) -> None:
    fault = named(XForbidden("403 Algo salió mal con your client app"), kind)
    with pytest.raises(Undeliverable) as final, told_to_workers(services.kv("x")):
        raise fault
    assert final.value.reason == reason


@pytest.mark.parametrize("kind", ["client-not-enrolled", "oauth1-permissions", "326"])
def test_the_bots_own_trouble_is_known_by_its_name(services: Services, kind: str) -> None:
    fault = named(XForbidden("403 No puede responder: repl"), kind)
    with pytest.raises(PlatformPaused), told_to_workers(services.kv("x")):
        raise fault


@pytest.mark.parametrize(
    ("fault", "least_s", "most_s"),
    [
        (XPaused("429", None), 290, 301),
        (XPaused("429", 1.0), 290, 301),
        (XUnreachable("refused"), 10, 16),
        (XCreditsSpent("402"), 290, 301),
        (XUnauthorised("401"), 290, 301),
        (XForbidden("403 Your account is suspended and is not permitted to access this"), 290, 301),
        (XForbidden("403 Your client app is not configured with the app permissions"), 290, 301),
    ],
)
def test_what_stops_the_bot_pauses_it(
    services: Services, fault: XFault, least_s: float, most_s: float
) -> None:
    with pytest.raises(PlatformPaused) as paused, told_to_workers(services.kv("x")):
        raise fault
    assert least_s <= paused.value.until - time.time() <= most_s


def test_a_reset_that_passed_while_its_answer_was_on_its_way_costs_a_moment_only(
    services: Services,
) -> None:
    with pytest.raises(PlatformPaused) as paused, told_to_workers(services.kv("x")):
        raise XPaused("429", time.time() - 1)
    assert 0 < paused.value.until - time.time() <= 1


def test_a_pause_lasts_as_long_as_x_or_the_budget_says(services: Services) -> None:
    until = time.time() + 5000
    for fault in (BudgetSpent(until, "daily"), XPaused("429", until)):
        with pytest.raises(PlatformPaused) as paused, told_to_workers(services.kv("x")):
            raise fault
        assert paused.value.until == until


@pytest.mark.parametrize("fault", [XForbidden("403 no idea"), XRefused("400 what"), XFault("odd")])
def test_what_is_not_understood_is_tried_again(services: Services, fault: XFault) -> None:
    with pytest.raises(TransientError), told_to_workers(services.kv("x")):
        raise fault
    assert notice(services.kv("x")) is None


def test_silence_stays_a_question_unless_nothing_was_on_its_way(services: Services) -> None:
    with pytest.raises(XUnknownOutcome), told_to_workers(services.kv("x")):
        raise XUnknownOutcome("cut")
    with pytest.raises(TransientError), told_to_workers(services.kv("x")), nothing_sent_yet():
        raise XUnknownOutcome("cut")

from __future__ import annotations

import math
import time

import pytest

from bots.x.budget import BudgetSpent
from bots.x.error_mapping import Meaning, is_duplicate, mapped_for_workers, note_success, problem_of
from bots.x.errors import (
    XCreditsSpent,
    XError,
    XForbidden,
    XRateLimited,
    XRefused,
    XServerError,
    XUnauthorised,
    XUnknownOutcome,
    XUnreachable,
)
from bots.x.store import notice
from tasks.errors import PlatformPaused, Undeliverable
from tasks.services import Services


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (
            XForbidden("403 You are not allowed to create a Tweet with duplicate content."),
            "duplicate",
        ),
        (
            XForbidden("403 You attempted to reply to a Tweet that is deleted or not visible"),
            "mention-gone",
        ),
        (XForbidden("403 You are not permitted to reply to this conversation"), "reply-forbidden"),
        (
            XForbidden("403 You can only reply to or quote posts where you are mentioned"),
            "reply-forbidden",
        ),
        (XForbidden("403 You have been blocked from the author of this Tweet"), "blocked"),
        (XForbidden("403 User has been suspended: [1]"), "suspended"),
        (XRefused("404 Could not find tweet with id: [1]."), "mention-gone"),
        (XForbidden("403 You cannot send messages to this user."), "messages-closed"),
        (
            XForbidden("403 You do not have permission to DM one or more participants."),
            "messages-closed",
        ),
    ],
)
def test_what_concerns_this_answer_only_ends_its_job(
    services: Services, error: XError, reason: str
) -> None:
    with pytest.raises(Undeliverable) as final, mapped_for_workers(services.kv("x"), sends=True):
        raise error
    assert final.value.reason == reason
    assert is_duplicate(error) == (reason == "duplicate")


@pytest.mark.parametrize(
    "said",
    [
        "User has been suspended: [suisai].",
        "Could not find user with id: [1000].",
        "Not permitted to send",
    ],
)
def test_the_same_words_about_anything_but_an_answer_keep_the_painting(
    services: Services, said: str
) -> None:
    for error in (XForbidden(f"403 {said}"), XRefused(f"404 {said}")):
        with pytest.raises(PlatformPaused), mapped_for_workers(services.kv("x")):
            raise error


@pytest.mark.parametrize(
    "error", [XServerError("502 Could not find upstream"), XRateLimited("429 does not exist", None)]
)
def test_a_failure_of_x_ends_no_job_whatever_its_words(services: Services, error: XError) -> None:
    with pytest.raises(PlatformPaused), mapped_for_workers(services.kv("x"), sends=True):
        raise error


def named(error: XError, *kinds: str) -> XError:
    error.kinds = frozenset(kinds)
    return error


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("187", "duplicate"),
        ("151", "duplicate"),
        ("385", "mention-gone"),
        ("421", "mention-gone"),
        ("disallowed-resource", "mention-gone"),
        ("433", "reply-forbidden"),
        ("425", "reply-forbidden"),
        ("354", "too-long"),
        ("108", "messages-closed"),
    ],
)
def test_where_x_names_the_error_its_words_do_not_matter(kind: str, reason: str) -> None:
    problem = problem_of(named(XForbidden("403 Algo salió mal con your client app"), kind))
    assert (problem.meaning, problem.reason) == (Meaning.END, reason)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (named(XForbidden("403 No puede responder"), "client-not-enrolled"), Meaning.OPERATOR),
        (named(XForbidden("403 No puede responder"), "326"), Meaning.OPERATOR),
        (named(XForbidden("403"), "SpendCapReached"), Meaning.OPERATOR),
        (named(XForbidden("403 This application is not allowed"), "93"), Meaning.OPERATOR),
        (named(XForbidden("403"), "231"), Meaning.OPERATOR),
        (XForbidden("403 You are not permitted to perform this action."), Meaning.UNKNOWN),
        (XForbidden("403 This is a suspended application"), Meaning.OPERATOR),
        (named(XForbidden("403"), "not-authorized-for-field"), Meaning.UNKNOWN),
        (named(XRateLimited("429", None), "usage-capped"), Meaning.OPERATOR),
        (XForbidden("403 has reached its billing cycle spend cap"), Meaning.OPERATOR),
        (XForbidden("403 Your account is suspended and is not permitted to"), Meaning.OPERATOR),
        (XForbidden("403 not configured with the app permissions"), Meaning.OPERATOR),
        (XCreditsSpent("402"), Meaning.OPERATOR),
        (XUnauthorised("401"), Meaning.OPERATOR),
        (named(XForbidden("403"), "226"), Meaning.WAIT),
        (XForbidden("403 This request looks like it might be automated."), Meaning.WAIT),
        (XServerError("503"), Meaning.WAIT),
        (XUnknownOutcome("cut"), Meaning.WAIT),
        (XUnreachable("refused"), Meaning.WAIT),
        (XForbidden("403 no idea"), Meaning.UNKNOWN),
        (XRefused("400 what"), Meaning.UNKNOWN),
        (XError("odd"), Meaning.UNKNOWN),
    ],
)
def test_everything_else_pauses_the_platform_and_keeps_the_painting(
    services: Services, error: XError, meaning: Meaning
) -> None:
    store = services.kv("x")
    with pytest.raises(PlatformPaused) as paused, mapped_for_workers(store, sends=True):
        raise error

    assert problem_of(error).meaning is meaning
    assert 10 < paused.value.until - time.time() <= 301
    assert paused.value.maybe_sent == isinstance(error, XUnknownOutcome)
    told = meaning in (Meaning.OPERATOR, Meaning.UNKNOWN)
    assert (error.detail in (notice(store) or "")) == told


def test_a_job_with_an_unknown_error_waits_longer_than_the_platform(services: Services) -> None:
    with pytest.raises(PlatformPaused) as paused, mapped_for_workers(services.kv("x")):
        raise XForbidden("403 no idea")
    assert paused.value.job_until - paused.value.until >= 600


def test_pauses_grow_with_failures_and_begin_short_after_a_success(services: Services) -> None:
    store = services.kv("x")

    def pause_s() -> float:
        with pytest.raises(PlatformPaused) as paused, mapped_for_workers(store):
            raise XServerError("503 Service Unavailable")
        return round(paused.value.until - time.time())

    assert [pause_s() for _ in range(8)] == [15, 30, 60, 120, 240, 480, 900, 900]
    assert "503 Service Unavailable" in (notice(store) or "")
    note_success(store)
    assert notice(store) is None
    assert pause_s() == 15


@pytest.mark.parametrize(
    ("reset_in_s", "least_s", "most_s"),
    [
        (None, 290, 301),
        (-1, 0, 1),
        (-90, 290, 301),
        (3600, 3590, 3601),
        (1e12, 290, 301),
        (math.inf, 290, 301),
        (math.nan, 290, 301),
    ],
)
def test_a_rate_limit_lasts_until_its_reset(
    services: Services, reset_in_s: float | None, least_s: float, most_s: float
) -> None:
    reset = None if reset_in_s is None else time.time() + reset_in_s
    with pytest.raises(PlatformPaused) as paused, mapped_for_workers(services.kv("x")):
        raise XRateLimited("429", reset)
    assert least_s < paused.value.until - time.time() <= most_s


def test_a_pause_lasts_as_long_as_x_or_the_budget_says(services: Services) -> None:
    until = time.time() + 5000
    for error in (BudgetSpent(until, "daily"), XRateLimited("429", until)):
        with pytest.raises(PlatformPaused) as paused, mapped_for_workers(services.kv("x")):
            raise error
        assert paused.value.until == until

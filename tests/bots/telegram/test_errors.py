from __future__ import annotations

import time

import httpx
import pytest
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
    TimedOut,
)

from bots.telegram.errors import Problem, meaning, never_arrived, problem_of
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError, Undeliverable


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Forbidden("Forbidden: bot was blocked by the user"), "blocked"),
        (Forbidden("Forbidden: user is deactivated"), "deactivated"),
        (Forbidden("Forbidden: bot was kicked from the supergroup chat"), "kicked"),
        (Forbidden("Forbidden: something new"), "kicked"),
        (BadRequest("Bad Request: chat not found"), "chat-gone"),
        (BadRequest("Bad Request: TOPIC_CLOSED"), "topic-closed"),
        (BadRequest("Bad Request: not enough rights to send photos to the chat"), "muted"),
    ],
)
def test_where_nobody_can_be_answered_the_job_ends_with_its_story(
    error: TelegramError, reason: str
) -> None:
    told = meaning(error)
    assert isinstance(told, Undeliverable)
    assert told.reason == reason


def _caused(error: TelegramError, cause: Exception) -> TelegramError:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("Bad Gateway"),
        NetworkError("Internal Server Error"),
        InvalidToken("Unauthorized"),
        _caused(NetworkError("httpx.ConnectError"), httpx.ConnectError("refused")),
    ],
)
def test_what_concerns_the_whole_bot_pauses_the_platform(error: TelegramError) -> None:
    assert isinstance(meaning(error), PlatformPaused)


@pytest.mark.parametrize(
    "error",
    [
        _caused(TimedOut(), httpx.ReadTimeout("")),
        _caused(NetworkError("cut"), httpx.RemoteProtocolError("")),
        ChatMigrated(-1_005),
        BadRequest("Bad Request: a sentence of next year"),
    ],
)
def test_what_concerns_one_call_is_tried_again(error: TelegramError) -> None:
    assert isinstance(meaning(error), TransientError)


def test_a_silence_is_as_long_as_telegram_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    told = meaning(RetryAfter(17))
    assert isinstance(told, PlatformPaused)
    assert told.until - time.time() == pytest.approx(17, abs=1)


def test_a_file_that_telegram_lost_is_a_photo_gone() -> None:
    error = BadRequest("Bad Request: wrong file_id or the file is temporarily unavailable")
    assert isinstance(meaning(error), PhotoUnavailable)


@pytest.mark.parametrize(
    ("cause", "arrived"),
    [
        (httpx.ConnectError(""), False),
        (httpx.WriteTimeout(""), False),
        (httpx.ReadTimeout(""), True),
        (httpx.RemoteProtocolError(""), True),
    ],
)
def test_only_a_call_that_was_not_sent_whole_surely_had_no_effect(
    cause: Exception, arrived: bool
) -> None:
    assert never_arrived(_caused(NetworkError("x"), cause)) is not arrived


def test_an_edit_that_changes_nothing_is_recognised() -> None:
    assert problem_of(BadRequest("Bad Request: message is not modified: ...")) is Problem.UNCHANGED

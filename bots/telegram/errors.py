"""Telegram's error sentences -> what they mean for an answer."""

from __future__ import annotations

import time
from enum import StrEnum

import httpx
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

from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError, Undeliverable

OUTAGE_S = 2.0
"""How long a platform rests that answers with server errors; the next call finds out more."""


class Problem(StrEnum):
    """What a refused call means. Sentences are matched in lower case, by their constant part."""

    UNCHANGED = "unchanged"
    NO_SUCH_METHOD = "no-such-method"
    """The server does not know this method; the official one knows them all."""
    STAYS_TEXT = "stays-text"
    """The server makes no picture of a text; the Bot API did not always know how."""
    MESSAGE_GONE = "message-gone"
    TOPIC_CLOSED = "topic-closed"
    CHAT_GONE = "chat-gone"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    KICKED = "kicked"
    MUTED = "muted"
    PICTURE_REFUSED = "picture-refused"
    FILE_GONE = "file-gone"
    FILE_TOO_BIG = "file-too-big"
    OTHER = "refused"


_SENTENCES = (
    ("message is not modified", Problem.UNCHANGED),
    ("message_not_modified", Problem.UNCHANGED),
    ("there is no media in the message", Problem.STAYS_TEXT),
    ("media_prev_invalid", Problem.STAYS_TEXT),
    ("message to edit not found", Problem.MESSAGE_GONE),
    ("message can't be edited", Problem.MESSAGE_GONE),
    ("message_id_invalid", Problem.MESSAGE_GONE),
    ("there is no text in the message", Problem.MESSAGE_GONE),
    ("topic_closed", Problem.TOPIC_CLOSED),
    ("topic_deleted", Problem.TOPIC_CLOSED),
    ("message thread not found", Problem.TOPIC_CLOSED),
    ("blocked by the user", Problem.BLOCKED),
    ("can't initiate conversation", Problem.BLOCKED),
    ("user is deactivated", Problem.DEACTIVATED),
    ("bot was kicked", Problem.KICKED),
    ("bot is not a member", Problem.KICKED),
    ("chat not found", Problem.CHAT_GONE),
    ("group chat was deleted", Problem.CHAT_GONE),
    ("not enough rights", Problem.MUTED),
    ("have no rights to send", Problem.MUTED),
    ("chat_write_forbidden", Problem.MUTED),
    ("chat_restricted", Problem.MUTED),
    ("chat_send_photos_forbidden", Problem.MUTED),
    ("photo_invalid_dimensions", Problem.PICTURE_REFUSED),
    ("image_process_failed", Problem.PICTURE_REFUSED),
    ("photo_save_file_invalid", Problem.PICTURE_REFUSED),
    ("photo_ext_invalid", Problem.PICTURE_REFUSED),
    ("file of size", Problem.PICTURE_REFUSED),
    ("request entity too large", Problem.PICTURE_REFUSED),
    ("file is too big", Problem.FILE_TOO_BIG),
    ("wrong file", Problem.FILE_GONE),
    ("wrong remote file", Problem.FILE_GONE),
    ("invalid file_id", Problem.FILE_GONE),
    ("file_reference", Problem.FILE_GONE),
)

_NOBODY_THERE = {
    Problem.TOPIC_CLOSED,
    Problem.CHAT_GONE,
    Problem.BLOCKED,
    Problem.DEACTIVATED,
    Problem.KICKED,
    Problem.MUTED,
}


def problem_of(error: TelegramError) -> Problem:
    """Name the reason of a call that Telegram refused."""
    sentence = error.message.lower()
    for part, trouble in _SENTENCES:
        if part in sentence:
            return trouble
    if isinstance(error, InvalidToken) and "not found" in sentence:
        return Problem.NO_SUCH_METHOD
    return Problem.KICKED if isinstance(error, Forbidden) else Problem.OTHER


def nobody_there(error: TelegramError) -> bool:
    """Tell whether the bot cannot speak in this chat at all, now or later."""
    return problem_of(error) in _NOBODY_THERE


def never_arrived(error: TelegramError) -> bool:
    """Tell whether a failed call surely had no effect, because it was not sent whole."""
    return isinstance(
        error.__cause__,
        httpx.ConnectError
        | httpx.ConnectTimeout
        | httpx.PoolTimeout
        | httpx.WriteError
        | httpx.WriteTimeout,
    )


def refusal(error: TelegramError) -> bool:
    """Tell whether Telegram understood the call and said no."""
    return (
        isinstance(error, BadRequest | Forbidden)
        or "too large" in error.message.lower()
        or problem_of(error) is Problem.NO_SUCH_METHOD
    )


def not_to_be_shown(error: TelegramError) -> bool:
    """Tell whether Telegram refused the picture itself, and would take it another way."""
    trouble = problem_of(error)
    return refusal(error) and trouble in (Problem.PICTURE_REFUSED, Problem.FILE_GONE)


def surely_not_done(error: TelegramError) -> bool:
    """Tell whether a failed call surely had no effect."""
    return isinstance(error, RetryAfter | ChatMigrated) or refusal(error) or never_arrived(error)


def meaning(error: TelegramError) -> Exception:
    """Return the failed call as the error that the workers understand.

    Only for calls that may be made again without harm; of others the outcome may be unknown.
    """
    now = time.time()
    match error:
        case RetryAfter():
            return PlatformPaused(now + silence_s(error), "Telegram asks for silence")
        case ChatMigrated():
            return TransientError(f"the group moved: {error}")
        case InvalidToken() if not refusal(error):
            return PlatformPaused(now + 60.0, "Telegram does not take the bot's token")
        case _ if refusal(error):
            trouble = problem_of(error)
            if trouble in _NOBODY_THERE:
                return Undeliverable(trouble.value)
            if trouble in (Problem.FILE_GONE, Problem.FILE_TOO_BIG):
                return PhotoUnavailable()
            return TransientError(f"Telegram refused: {error.message}")
        case TimedOut() | NetworkError() if not never_arrived(error) and not is_outage(error):
            return TransientError(f"the line broke: {error.message}")
        case _:
            return PlatformPaused(now + OUTAGE_S, f"Telegram is down: {error.message}")


def silence_s(error: RetryAfter) -> float:
    """Return how many seconds Telegram wants the bot to be silent."""
    # The library gives seconds or, by an opt-in of its own, a timedelta.
    seconds = error.retry_after
    return float(seconds) if isinstance(seconds, int | float) else seconds.total_seconds()


def is_outage(error: TelegramError) -> bool:
    """Tell whether the server answered that it cannot answer."""
    # The library has no class for HTTP 5xx; errors of the HTTP client name it as their cause.
    return isinstance(error, NetworkError) and not isinstance(error.__cause__, httpx.HTTPError)

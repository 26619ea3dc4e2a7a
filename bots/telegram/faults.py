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

from tasks.contract import PhotoGone, PlatformPaused, TryAgain, Undeliverable

OUTAGE_S = 2.0
"""How long a platform rests that answers with server errors; the next call finds out more."""


class Trouble(StrEnum):
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
    ("message is not modified", Trouble.UNCHANGED),
    ("message_not_modified", Trouble.UNCHANGED),
    ("there is no media in the message", Trouble.STAYS_TEXT),
    ("media_prev_invalid", Trouble.STAYS_TEXT),
    ("message to edit not found", Trouble.MESSAGE_GONE),
    ("message can't be edited", Trouble.MESSAGE_GONE),
    ("message_id_invalid", Trouble.MESSAGE_GONE),
    ("there is no text in the message", Trouble.MESSAGE_GONE),
    ("topic_closed", Trouble.TOPIC_CLOSED),
    ("topic_deleted", Trouble.TOPIC_CLOSED),
    ("message thread not found", Trouble.TOPIC_CLOSED),
    ("blocked by the user", Trouble.BLOCKED),
    ("can't initiate conversation", Trouble.BLOCKED),
    ("user is deactivated", Trouble.DEACTIVATED),
    ("bot was kicked", Trouble.KICKED),
    ("bot is not a member", Trouble.KICKED),
    ("chat not found", Trouble.CHAT_GONE),
    ("group chat was deleted", Trouble.CHAT_GONE),
    ("not enough rights", Trouble.MUTED),
    ("have no rights to send", Trouble.MUTED),
    ("chat_write_forbidden", Trouble.MUTED),
    ("chat_restricted", Trouble.MUTED),
    ("chat_send_photos_forbidden", Trouble.MUTED),
    ("photo_invalid_dimensions", Trouble.PICTURE_REFUSED),
    ("image_process_failed", Trouble.PICTURE_REFUSED),
    ("photo_save_file_invalid", Trouble.PICTURE_REFUSED),
    ("photo_ext_invalid", Trouble.PICTURE_REFUSED),
    ("file of size", Trouble.PICTURE_REFUSED),
    ("request entity too large", Trouble.PICTURE_REFUSED),
    ("file is too big", Trouble.FILE_TOO_BIG),
    ("wrong file", Trouble.FILE_GONE),
    ("wrong remote file", Trouble.FILE_GONE),
    ("invalid file_id", Trouble.FILE_GONE),
    ("file_reference", Trouble.FILE_GONE),
)

_NOBODY_THERE = {
    Trouble.TOPIC_CLOSED,
    Trouble.CHAT_GONE,
    Trouble.BLOCKED,
    Trouble.DEACTIVATED,
    Trouble.KICKED,
    Trouble.MUTED,
}


def trouble_of(error: TelegramError) -> Trouble:
    """Name the reason of a call that Telegram refused."""
    sentence = error.message.lower()
    for part, trouble in _SENTENCES:
        if part in sentence:
            return trouble
    if isinstance(error, InvalidToken) and "not found" in sentence:
        return Trouble.NO_SUCH_METHOD
    return Trouble.KICKED if isinstance(error, Forbidden) else Trouble.OTHER


def nobody_there(error: TelegramError) -> bool:
    """Tell whether the bot cannot speak in this chat at all, now or later."""
    return trouble_of(error) in _NOBODY_THERE


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
        or trouble_of(error) is Trouble.NO_SUCH_METHOD
    )


def not_to_be_shown(error: TelegramError) -> bool:
    """Tell whether Telegram refused the picture itself, and would take it another way."""
    trouble = trouble_of(error)
    return refusal(error) and trouble in (Trouble.PICTURE_REFUSED, Trouble.FILE_GONE)


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
            return TryAgain(f"the group moved: {error}")
        case InvalidToken() if not refusal(error):
            return PlatformPaused(now + 60.0, "Telegram does not take the bot's token")
        case _ if refusal(error):
            trouble = trouble_of(error)
            if trouble in _NOBODY_THERE:
                return Undeliverable(trouble.value)
            if trouble in (Trouble.FILE_GONE, Trouble.FILE_TOO_BIG):
                return PhotoGone()
            return TryAgain(f"Telegram refused: {error.message}")
        case TimedOut() | NetworkError() if not never_arrived(error) and not is_outage(error):
            return TryAgain(f"the line broke: {error.message}")
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

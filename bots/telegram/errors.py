"""What Telegram's errors mean: families of refusals, and how each is handled.

The server's own words come from two places. The Bot API server writes sentences ("Bad Request: not
enough rights to send photos to the chat"); what it does not know it passes on from Telegram as a code
(`CHANNEL_PRIVATE`). There are hundreds of both and new ones come with every version, so they are matched
by the words that a family shares. Sources: `Client.cpp` of tdlib/telegram-bot-api and
`MessagesManager.cpp`, `MessageContent.cpp`, `DialogManager.cpp`, `NetQueryDelayer.cpp` of tdlib/td.
"""

from __future__ import annotations

import re
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

SILENCE_MAX_S = 60.0
"""What concerns the whole bot is tried again after a minute at most: nothing says how long it lasts."""

OUTAGE_S = 2.0
"""How long the platform is paused after a server error."""


class Refusal(StrEnum):
    """What a refused call means. The values of those that end a job are its reason."""

    UNCHANGED = "unchanged"
    """The message already has the requested content."""
    SUPERSEDED = "superseded"
    """Another edit of the same message arrived while this one was uploading."""
    NO_SUCH_METHOD = "no-such-method"
    """The server does not know this method; the official one knows them all."""
    STAYS_TEXT = "stays-text"
    """The server cannot edit a text into a picture; the Bot API could not before 7.11."""
    NOT_TEXT = "not-text"
    """The message is not a text (any more), so its text cannot be edited."""
    MESSAGE_GONE = "message-gone"
    MESSAGE_STAYS = "message-stays"
    """The message is there and takes no edit."""
    DELETED_AT_ONCE = "deleted-at-once"
    """The message was sent, and somebody in the chat deletes what the bot sends (an anti-spam bot)."""
    NO_REPLY = "no-reply"
    """The message that is answered is gone; the answer can be sent without naming it."""
    NO_TOPICS = "no-topics"
    """The chat has no topics (any more); the answer can be sent without naming one."""

    TOPIC_CLOSED = "topic-closed"
    CHAT_GONE = "chat-gone"
    BLOCKED = "blocked"
    DEACTIVATED = "deactivated"
    KICKED = "kicked"
    MUTED = "muted"
    """The bot may read this chat but not write to it."""

    NO_TEXT = "text-forbidden"
    """Texts are not allowed in this chat; other kinds may be."""
    NO_PHOTOS = "photos-forbidden"
    NO_FILES = "files-forbidden"

    PICTURE_REFUSED = "picture-refused"
    FILE_GONE = "file-gone"
    FILE_TOO_BIG = "file-too-big"
    OTHER = "refused"
    """An unknown refusal; it is final for this way of answering."""


_FAMILIES: tuple[tuple[re.Pattern[str], Refusal], ...] = tuple(
    (re.compile(words), family)
    for words, family in (
        (r"is not modified|message_not_modified", Refusal.UNCHANGED),
        (r"canceled by new edit|must be ignored", Refusal.SUPERSEDED),
        (
            r"method (is )?(not (found|implemented|supported|available|allowed)|unknown)"
            r"|(unknown|no such|unsupported|invalid) method|^not implemented|bot_method_invalid",
            Refusal.NO_SUCH_METHOD,
        ),
        (r"immediately deleted", Refusal.DELETED_AT_ONCE),
        (
            r"(to (be )?(reply|replied)( to)?|reply message|replied message) (is )?not found"
            r"|reply_message_id_invalid",
            Refusal.NO_REPLY,
        ),
        (
            r"not a (supergroup )?forum|have (message )?(threads|topics)|threads can't be used"
            r"|(thread|topic) identifier specified|channel_forum_missing",
            Refusal.NO_TOPICS,
        ),
        (r"no media in the message|media_prev_invalid", Refusal.STAYS_TEXT),
        (r"no text in the message", Refusal.NOT_TEXT),
        (
            r"topic_(closed|deleted|id_invalid|not_found)|thread (is )?not found"
            r"|thread_((id_)?invalid|not_found)|topic (is )?(closed|deleted|not found)",
            Refusal.TOPIC_CLOSED,
        ),
        (
            r"can't be edited|message_(edit_time_expired|author_required)",
            Refusal.MESSAGE_STAYS,
        ),
        (
            r"message (to \w+ )?not found|(message|msg)_(id_invalid|not_found)"
            r"|(wrong|invalid) message identifier",
            Refusal.MESSAGE_GONE,
        ),
        (
            r"blocked by the user|user_is_blocked|you_blocked_user|can't initiate conversation"
            r"|privacy_premium_required|user_privacy_restricted|allow_payment_required"
            r"|can't send messages to (the )?bot|user_is_bot",
            Refusal.BLOCKED,
        ),
        (r"user is deactivated|user_(deactivated|deleted)", Refusal.DEACTIVATED),
        (r"was kicked|not a member|user_(not_participant|kicked)", Refusal.KICKED),
        (
            r"chat not found|(group|chat|channel) (is|was) (deleted|deactivated)|(access|accessible)\b"
            r"(?<!write access)|(channel|chat|peer|user)_\w*(private|invalid|missing|deactivated"
            r"|deleted|not_found|public_group_na)\b|(user|group|private chat) not found",
            Refusal.CHAT_GONE,
        ),
        (r"send text messages|chat_send_plain_forbidden", Refusal.NO_TEXT),
        (r"send documents|chat_send_docs_forbidden", Refusal.NO_FILES),
        (r"rights to send \w+( \w+)? to the chat|chat_send_\w+_forbidden", Refusal.NO_PHOTOS),
        (
            r"not enough rights|no rights to send|no write access|administrator rights"
            r"|(channel|chat|peer|user)_\w*(forbidden|restricted|banned|required|unsupported)|frozen_",
            Refusal.MUTED,
        ),
        (
            r"file_reference|invalid (remote )?file|file_id_invalid|wrong (remote )?file"
            r"|file identifier|input_file_invalid|document_invalid|file not found",
            Refusal.FILE_GONE,
        ),
        (r"file is too big", Refusal.FILE_TOO_BIG),
        (
            r"photo_\w+|image_\w+|media_\w+|file_part|file of size|too large|unsupported extension"
            r"|use the media of the specified type|(dimensions|size|width|height) of the photo"
            r"|photo must be non-empty|md5_checksum|failed to (re)?upload|file must be non-empty",
            Refusal.PICTURE_REFUSED,
        ),
    )
)

CHAT_CLOSED = frozenset(
    {
        Refusal.TOPIC_CLOSED,
        Refusal.CHAT_GONE,
        Refusal.BLOCKED,
        Refusal.DEACTIVATED,
        Refusal.KICKED,
        Refusal.MUTED,
    }
)
"""Refusals after which the bot cannot write to this chat, now or later."""

PICTURE_UNFIT = frozenset({Refusal.PICTURE_REFUSED, Refusal.FILE_GONE})
"""Refusals of the picture itself; it may be accepted as another kind of file."""


def kind_of(error: TelegramError) -> Refusal:
    """Return the family of a refused call's error."""
    sentence = error.message.lower()
    for words, family in _FAMILIES:
        if words.search(sentence):
            return family
    return Refusal.KICKED if isinstance(error, Forbidden) else Refusal.OTHER


def is_chat_closed(error: TelegramError) -> bool:
    """Return whether the bot cannot write to this chat at all, now or later."""
    return is_refusal(error) and kind_of(error) in CHAT_CLOSED


def is_refusal(error: TelegramError) -> bool:
    """Return whether Telegram understood the call and refused it."""
    if isinstance(error, RetryAfter | ChatMigrated | InvalidToken):
        return False
    sentence = error.message.lower()
    if "upgraded to a supergroup" in sentence:
        return False  # the new id is missing here, and comes with the group's next update
    answered = ("too large", "immediately deleted")
    return isinstance(error, BadRequest | Forbidden) or any(map(sentence.__contains__, answered))


def was_not_sent(error: TelegramError) -> bool:
    """Return whether a failed call certainly had no effect, because it was not sent completely."""
    return isinstance(
        error.__cause__,
        httpx.ConnectError
        | httpx.ConnectTimeout
        | httpx.PoolTimeout
        | httpx.WriteError
        | httpx.WriteTimeout,
    )


def had_no_effect(error: TelegramError) -> bool:
    """Return whether a failed call certainly had no effect."""
    return isinstance(error, RetryAfter | ChatMigrated) or is_refusal(error) or was_not_sent(error)


def to_worker_error(error: TelegramError) -> Exception:
    """Return the failed call as the error that the workers understand.

    Only for calls that may be made again without harm; of others the outcome may be unknown.
    """
    now = time.time()
    match error:
        case RetryAfter():
            pause_s = min(retry_after_s(error), SILENCE_MAX_S)
            return PlatformPaused(now + pause_s, "Telegram refuses calls for a while")
        case ChatMigrated():
            return TransientError(f"the group moved: {error}")
        case BadRequest() if not is_refusal(error):
            return TransientError(f"the group moved: {error}")
        case InvalidToken():
            return PlatformPaused(now + 60.0, "Telegram does not take the bot's token")
        case _ if is_refusal(error):
            kind = kind_of(error)
            if kind in CHAT_CLOSED:
                return Undeliverable(kind.value)
            if kind in (Refusal.FILE_GONE, Refusal.FILE_TOO_BIG):
                return PhotoUnavailable()
            return TransientError(f"Telegram refused: {error.message}")
        case TimedOut() | NetworkError() if not was_not_sent(error) and not is_outage(error):
            return TransientError(f"the line broke: {error.message}")
        case _:
            return PlatformPaused(now + OUTAGE_S, f"Telegram is down: {error.message}")


def may_concern_one_call(error: TelegramError) -> bool:
    """Return whether an error that looks like the whole server's may be that of one call.

    So are server errors and "Unauthorized", not a server that cannot be reached or a flood limit.
    """
    return is_outage(error) or isinstance(error, InvalidToken)


def retry_after_s(error: RetryAfter) -> float:
    """Return how many seconds Telegram wants the bot to wait."""
    # The library gives seconds or, by an opt-in of its own, a timedelta.
    seconds = error.retry_after
    return float(seconds) if isinstance(seconds, int | float) else seconds.total_seconds()


def is_outage(error: TelegramError) -> bool:
    """Return whether the server answered with HTTP 5xx."""
    # The library has no class for HTTP 5xx; errors of the HTTP client name it as their cause.
    return isinstance(error, NetworkError) and not isinstance(error.__cause__, httpx.HTTPError)

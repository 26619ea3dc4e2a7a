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

from bots.telegram.errors import Refusal, is_refusal, kind_of, to_worker_error, was_not_sent
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError, Undeliverable

FAMILIES = {
    "blocked": [
        "Forbidden: bot was blocked by the user",
        "Bad Request: USER_IS_BLOCKED",
        "Forbidden: bot can't initiate conversation with a user",
        "Forbidden: the bot can't send messages to the bot",
        "Bad Request: PRIVACY_PREMIUM_REQUIRED",
        "Bad Request: ALLOW_PAYMENT_REQUIRED_10",
    ],
    "deactivated": ["Forbidden: user is deactivated", "Bad Request: INPUT_USER_DEACTIVATED"],
    "kicked": [
        "Forbidden: bot was kicked from the supergroup chat",
        "Forbidden: bot is not a member of the channel chat",
        "Bad Request: USER_NOT_PARTICIPANT",
        "Forbidden: something new",
    ],
    "chat-gone": [
        "Bad Request: chat not found",
        "Forbidden: the group chat was deleted",
        "Bad Request: group is deactivated",
        "Bad Request: CHANNEL_PRIVATE",
        "Bad Request: CHANNEL_INVALID",
        "Bad Request: CHAT_ID_INVALID",
        "Bad Request: PEER_ID_INVALID",
        "Bad Request: CHANNEL_PUBLIC_GROUP_NA",
        "Bad Request: can't access the chat",
        "Bad Request: chat is not accessible",
        "Bad Request: Supergroup not found",
        "Bad Request: private chat not found",
        "Bad Request: Have no access to the user",
        "Bad Request: Bot is inaccessible",
        "Bad Request: Chat is deactivated",
    ],
    "topic-closed": [
        "Bad Request: TOPIC_CLOSED",
        "Bad Request: TOPIC_DELETED",
        "Bad Request: message thread not found",
        "Bad Request: MESSAGE_THREAD_NOT_FOUND",
        "Bad Request: TOPIC_NOT_FOUND",
    ],
    "muted": [
        "Bad Request: have no rights to send a message",
        "Bad Request: have no write access to the chat",
        "Bad Request: need administrator rights in the channel chat",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Bad Request: CHAT_RESTRICTED",
        "Bad Request: CHAT_ADMIN_REQUIRED",
        "Bad Request: CHAT_GUEST_SEND_FORBIDDEN",
        "Bad Request: USER_BANNED_IN_CHANNEL",
        "Bad Request: FROZEN_METHOD_INVALID",
        "Bad Request: CHANNEL_MONOFORUM_UNSUPPORTED",
        "Bad Request: not enough rights",
    ],
    "text-forbidden": [
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: CHAT_SEND_PLAIN_FORBIDDEN",
    ],
    "photos-forbidden": [
        "Bad Request: not enough rights to send photos to the chat",
        "Bad Request: CHAT_SEND_PHOTOS_FORBIDDEN",
        "Bad Request: CHAT_SEND_MEDIA_FORBIDDEN",
    ],
    "files-forbidden": [
        "Bad Request: not enough rights to send documents to the chat",
        "Bad Request: CHAT_SEND_DOCS_FORBIDDEN",
    ],
    "unchanged": ["Bad Request: message is not modified: specified new message content ..."],
    "superseded": ["Bad Request: canceled by new edit message request"],
    "stays-text": ["Bad Request: there is no media in the message to edit"],
    "not-text": ["Bad Request: there is no text in the message to edit"],
    "message-gone": [
        "Bad Request: message to edit not found",
        "Bad Request: MESSAGE_ID_INVALID",
        "Bad Request: MSG_ID_INVALID",
        "Bad Request: Invalid message identifier specified",
    ],
    "message-stays": [
        "Bad Request: message can't be edited",
        "Bad Request: MESSAGE_EDIT_TIME_EXPIRED",
        "Bad Request: MESSAGE_AUTHOR_REQUIRED",
    ],
    "no-reply": [
        "Bad Request: message to be replied not found",
        "Bad Request: message to reply not found",
        "Bad Request: reply message not found",
        "Bad Request: REPLY_MESSAGE_ID_INVALID",
    ],
    "no-topics": [
        "Bad Request: the chat is not a forum",
        "Bad Request: the chat is not a supergroup forum",
        "Bad Request: chat doesn't have topics",
        "Bad Request: invalid message thread identifier specified",
        "Bad Request: CHANNEL_FORUM_MISSING",
    ],
    "no-such-method": [
        "Bad Request: method not found",
        "Bad Request: Unknown method",
        "Bad Request: method is not implemented",
        "Bad Request: BOT_METHOD_INVALID",
    ],
    "picture-refused": [
        "Bad Request: PHOTO_INVALID_DIMENSIONS",
        "Bad Request: IMAGE_PROCESS_FAILED",
        "Bad Request: file of size 11000000 bytes is too big for a photo",
        "Bad Request: MEDIA_INVALID",
        "Bad Request: Dimensions of the photo are too big",
        "Bad Request: Photo must be non-empty",
        "Bad Request: MD5_CHECKSUM_INVALID",
        "Bad Request: FILE_PART_3_MISSING",
    ],
    "file-gone": [
        "Bad Request: wrong file identifier/HTTP URL specified",
        "Bad Request: FILE_REFERENCE_EXPIRED",
        "Bad Request: invalid file_id",
        "Bad Request: INPUT_FILE_INVALID",
        "Bad Request: Unknown file identifier specified",
    ],
    "file-too-big": ["Bad Request: file is too big"],
    "refused": ["Bad Request: a sentence of next year", "Bad Request: BUTTON_DATA_INVALID"],
}
ENDS_THE_JOB = ("blocked", "deactivated", "kicked", "chat-gone", "topic-closed", "muted")


@pytest.mark.parametrize(
    ("family", "sentence"), [(f, sentence) for f, each in FAMILIES.items() for sentence in each]
)
def test_every_sentence_of_a_family_means_the_same(family: str, sentence: str) -> None:
    kind = Forbidden if sentence.startswith("Forbidden") else BadRequest
    error = kind(sentence)
    assert kind_of(error) == family
    ended = isinstance(to_worker_error(error), Undeliverable)
    assert ended is (family in ENDS_THE_JOB)


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
    assert isinstance(to_worker_error(error), PlatformPaused)


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
    assert isinstance(to_worker_error(error), TransientError)


def test_a_silence_is_as_long_as_telegram_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    told = to_worker_error(RetryAfter(17))
    assert isinstance(told, PlatformPaused)
    assert told.until - time.time() == pytest.approx(17, abs=1)


def test_a_file_that_telegram_lost_is_a_photo_gone() -> None:
    error = BadRequest("Bad Request: wrong file_id or the file is temporarily unavailable")
    assert isinstance(to_worker_error(error), PhotoUnavailable)


@pytest.mark.parametrize(
    "sentence",
    [
        "Bad Request: group chat was upgraded to a supergroup chat",
        "Bad Request: the group chat was upgraded to a supergroup",
    ],
)
def test_a_group_that_moved_to_an_unnamed_place_is_waited_for(sentence: str) -> None:
    error = BadRequest(sentence)
    assert not is_refusal(error)
    assert isinstance(to_worker_error(error), TransientError)


def test_a_message_that_is_deleted_at_once_is_a_refusal_and_no_outage() -> None:
    error = NetworkError(
        "Internal Server Error: sent message was immediately deleted and can't be returned (500)"
    )
    assert is_refusal(error)
    assert kind_of(error) is Refusal.DELETED_AT_ONCE


def test_a_silence_of_hours_is_tried_again_after_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")
    told = to_worker_error(RetryAfter(10_072))
    assert isinstance(told, PlatformPaused)
    assert told.until - time.time() < 61


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
    assert was_not_sent(_caused(NetworkError("x"), cause)) is not arrived


def test_an_edit_that_changes_nothing_is_recognised() -> None:
    assert kind_of(BadRequest("Bad Request: message is not modified: ...")) is Refusal.UNCHANGED

"""Which files of a message are photos that can be painted."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from telegram import (
    Chat,
    ExternalReplyInfo,
    Message,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginUser,
    PhotoSize,
    User,
)

from tasks.contract import PhotoRef

# Phones send HEIC as a document without a useful MIME type.
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp"}


def photos_of(message: Message, asker: str) -> tuple[PhotoRef, ...]:
    """Return the message's photo, its owner named where that is not the asker; empty without one."""
    found = _file_of(message)
    if found is None:
        return ()
    owner = _owner(message)
    return (PhotoRef(found, None if owner == asker else owner),)


def photos_elsewhere(reply: ExternalReplyInfo) -> tuple[PhotoRef, ...]:
    """Return the photo of a message in another chat that is replied to; empty without one."""
    found = _file_of(reply)
    return () if found is None else (PhotoRef(found, _of_origin(reply.origin)),)


def largest(sizes: Sequence[PhotoSize]) -> str:
    """Return the file of a photo in its largest size; Telegram promises no order."""
    return max(sizes, key=lambda size: size.width * size.height).file_id


def _file_of(message: Message | ExternalReplyInfo) -> str | None:
    sizes = message.photo or (message.live_photo.photo if message.live_photo else ())
    if sizes:
        return largest(sizes)
    if message.sticker and not (message.sticker.is_animated or message.sticker.is_video):
        return message.sticker.file_id
    document = message.document
    if (
        document is not None
        and not message.animation
        and _looks_like_a_photo(document.mime_type or "", document.file_name or "")
    ):
        return document.file_id
    return None


def _looks_like_a_photo(mime_type: str, file_name: str) -> bool:
    if mime_type == "image/svg+xml":
        return False
    if not (mime_type or file_name):
        return True  # both are optional; opening the file tells
    return mime_type.startswith("image/") or PurePath(file_name).suffix.lower() in _SUFFIXES


def _owner(message: Message) -> str | None:
    if message.forward_origin is not None:
        return _of_origin(message.forward_origin)
    sender: User | Chat | None = message.sender_chat or message.from_user
    return None if sender is None else str(sender.id)


def _of_origin(origin: object) -> str | None:
    match origin:
        case MessageOriginUser():
            return str(origin.sender_user.id)
        case MessageOriginChat():
            return str(origin.sender_chat.id)
        case MessageOriginChannel():
            return str(origin.chat.id)
        case _:
            return None

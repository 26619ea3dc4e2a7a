"""Parses updates of the Bot API into events. Pure functions: no network, no state."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePath

from telegram import (
    CallbackQuery,
    Chat,
    ExternalReplyInfo,
    Message,
    MessageEntity,
    MessageOriginChannel,
    MessageOriginChat,
    MessageOriginUser,
    Update,
    User,
)

from bots.telegram.events import (
    BotIdentity,
    ButtonEvent,
    ChatMigrated,
    Event,
    InlineQueryEvent,
    MessageEvent,
    Origin,
    Place,
    largest,
)
from tasks.models import PhotoRef

_MARKED = {
    MessageEntity.BOT_COMMAND: re.compile(r"\A/\w+(@\w+)?", re.ASCII),
    MessageEntity.MENTION: re.compile(r"(?<!\S)@\w+", re.ASCII),
}
_EDIT_COUNTS = timedelta(hours=1)
"""An edit counts for so long after its message; the ledger recognises requests for longer."""

# Phones send HEIC as a document without a useful MIME type.
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif", ".avif", ".tif", ".tiff", ".bmp"}


def parse_update(update: Update, me: BotIdentity) -> Event | None:
    """Parse an update; return None for one that does not concern the bot."""
    if update.message is not None:
        return _from_message(update.message, me)
    if update.edited_message is not None:
        return _from_edited_message(update.edited_message, me)
    if update.guest_message is not None:
        return _from_guest_message(update.guest_message, me)
    if update.callback_query is not None:
        return _button_event(update.callback_query)
    if update.inline_query is not None:
        query = update.inline_query
        return InlineQueryEvent(query.id, str(query.from_user.id))
    return None


@dataclass(frozen=True, slots=True)
class AddressedText:
    """The text of a message, and whom it addresses."""

    words: str
    command: str = ""
    named: bool = False
    """The message mentions the bot."""
    for_another: bool = False
    """The command names another bot."""


def parse_text(message: Message, me: BotIdentity) -> AddressedText:
    """Split the text or caption of a message into its command, the bot's name and the rest."""
    text = message.text or message.caption or ""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    # Entities are optional in the Bot API: without any, the text itself tells.
    entities = entities or dict(_entities_in(text))
    ours = [entity for entity, word in entities.items() if _is_mention(entity, word, me)]
    words = _without(text, ours)
    head = next((entity for entity in entities if _opens_with_command(entity)), None)
    if head is None:
        return AddressedText(words, named=bool(ours))
    command, _, name = entities[head].removeprefix("/").partition("@")
    if name and name.casefold() != me.username.casefold():
        return AddressedText(words, for_another=True)
    rest = _without(text, [*ours, head])
    return AddressedText(rest, command.casefold(), named=bool(ours) or bool(name))


def _entities_in(text: str) -> Iterator[tuple[MessageEntity, str]]:
    for kind, pattern in _MARKED.items():
        for found in pattern.finditer(text):
            offset, length = _units(text[: found.start()]), _units(found[0])
            yield MessageEntity(kind, offset, length), found[0]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _is_mention(entity: MessageEntity, word: str, me: BotIdentity) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    return (
        entity.type == MessageEntity.MENTION
        and word.removeprefix("@").casefold() == me.username.casefold()
    )


def _opens_with_command(entity: MessageEntity) -> bool:
    return entity.type == MessageEntity.BOT_COMMAND and entity.offset == 0


def _without(text: str, entities: list[MessageEntity]) -> str:
    # Telegram counts offsets in UTF-16 code units.
    units = text.encode("utf-16-le")
    for entity in sorted(entities, key=lambda each: each.offset, reverse=True):
        start, end = entity.offset * 2, (entity.offset + entity.length) * 2
        units = units[:start] + b" \x00" + units[end:]
    return " ".join(units.decode("utf-16-le", "replace").split())


def photos_of(message: Message, person: str) -> tuple[PhotoRef, ...]:
    """Return the message's photo, its owner named where that is somebody else; empty without one."""
    found = _file_of(message)
    if found is None:
        return ()
    owner = _owner(message)
    return (PhotoRef(found, None if owner == person else owner),)


def photos_of_external_reply(reply: ExternalReplyInfo) -> tuple[PhotoRef, ...]:
    """Return the photo of a message in another chat that is replied to; empty without one."""
    found = _file_of(reply)
    return () if found is None else (PhotoRef(found, _of_origin(reply.origin)),)


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


def _from_message(message: Message, me: BotIdentity) -> MessageEvent | ChatMigrated | None:
    if message.migrate_to_chat_id is not None:
        return ChatMigrated(message.chat.id, message.migrate_to_chat_id)
    if message.chat.type == Chat.CHANNEL or message.is_automatic_forward:
        return None
    # A photo that comes through another inline bot is a photo; what comes through ours is a painting.
    if (message.via_bot is not None and message.via_bot.id == me.id) or _is_service(message):
        return None
    place = Place.PRIVATE if message.chat.type == Chat.PRIVATE else Place.GROUP
    return _message_event(message, parse_text(message, me), place, me)


def _from_edited_message(message: Message, me: BotIdentity) -> MessageEvent | None:
    """Parse a message of a group whose mention of the bot may have been added just now.

    It has the same event as before the edit, so the ledger admits it once. The photos of an album are one
    request under another event: an edit of theirs counts for nothing.
    """
    age = message.edit_date - message.date if message.edit_date else _EDIT_COUNTS
    if message.chat.type == Chat.PRIVATE or message.media_group_id or age >= _EDIT_COUNTS:
        return None
    event = _from_message(message, me)
    if not isinstance(event, MessageEvent) or not event.addressed or event.command:
        return None
    return event if event.photos or event.replied_photos else None


def _from_guest_message(message: Message, me: BotIdentity) -> MessageEvent | None:
    if message.guest_query_id is None:
        return None
    return _message_event(message, parse_text(message, me), Place.GUEST, me)


def _message_event(
    message: Message, text: AddressedText, place: Place, me: BotIdentity
) -> MessageEvent | None:
    person = _person(message)
    if person is None or text.for_another:
        return None
    replied = _replied(message)
    to_bot = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return MessageEvent(
        origin=_origin(message, replied, person, place),
        words=text.words,
        # Forwarded text and text of another bot is not the person's own: it is not a command.
        command="" if message.forward_origin or message.via_bot else text.command,
        photos=photos_of(message, person),
        replied_photos=_photos_replied(message, replied, person, to_bot),
        replied_message=0 if replied is None else replied.message_id,
        replied_to_bot=to_bot,
        addressed=place is not Place.GROUP or text.named or to_bot,
        album=message.media_group_id or "",
    )


def _origin(message: Message, replied: Message | None, person: str, place: Place) -> Origin:
    user = message.guest_bot_caller_user or message.from_user
    return Origin(
        chat=message.chat.id,
        message=message.message_id,
        person=person,
        place=place,
        thread=message.message_thread_id if message.is_topic_message else None,
        guest_query=message.guest_query_id or "",
        language=(user.language_code or "") if user is not None else "",
        spoiler=any(
            each is not None and bool(each.has_media_spoiler)
            for each in (message, replied, message.external_reply)
        ),
    )


def _person(message: Message) -> str | None:
    caller = message.guest_bot_caller_user or message.guest_bot_caller_chat
    # A channel or an anonymous admin speaks as a chat; `from` is then a stand-in account.
    sender = caller or message.sender_chat or message.from_user
    if sender is None or (isinstance(sender, User) and sender.is_bot):
        return None
    return str(sender.id)


def _replied(message: Message) -> Message | None:
    replied = message.reply_to_message
    # In a forum every message "replies" to the one that opened the topic.
    if replied is None or replied.forum_topic_created is not None:
        return None
    return replied


def _photos_replied(
    message: Message, replied: Message | None, person: str, to_bot: bool
) -> tuple[PhotoRef, ...]:
    if to_bot:
        return ()
    if replied is not None:
        return photos_of(replied, person)
    if message.external_reply is not None:
        return photos_of_external_reply(message.external_reply)
    return ()


def _is_service(message: Message) -> bool:
    return bool(
        message.new_chat_members
        or message.left_chat_member
        or message.pinned_message
        or message.forum_topic_created
        or message.migrate_from_chat_id
        or message.new_chat_photo
        or message.new_chat_title
        or message.group_chat_created
        or message.supergroup_chat_created
    )


def _button_event(query: CallbackQuery) -> ButtonEvent | None:
    if not query.data:
        return None
    person, language = str(query.from_user.id), query.from_user.language_code or ""
    shown = query.message
    if shown is None:
        inline = query.inline_message_id or ""
        origin = Origin(
            query.from_user.id, 0, person, Place.GUEST, inline=inline, language=language
        )
        return ButtonEvent(origin, query.id, query.data)
    place = Place.PRIVATE if shown.chat.type == Chat.PRIVATE else Place.GROUP
    whole = shown if isinstance(shown, Message) else None
    replied = whole.reply_to_message if whole is not None else None
    origin = Origin(
        chat=shown.chat.id,
        message=replied.message_id if replied is not None else 0,
        person=person,
        place=place,
        thread=whole.message_thread_id if whole is not None and whole.is_topic_message else None,
        language=language,
        spoiler=whole is not None and bool(whole.has_media_spoiler),
    )
    photos = photos_of(replied, person) if replied is not None else ()
    return ButtonEvent(origin, query.id, query.data, shown.message_id, photos)

"""An update of the Bot API -> what was heard. Pure: the same update always means the same."""

from __future__ import annotations

from telegram import CallbackQuery, Chat, Message, Update, User

from bots.telegram.heard import Heard, Moved, News, Pressed, Typed
from bots.telegram.mentions import Me, Speech, speech_of
from bots.telegram.origin import Origin, Place
from bots.telegram.photos import photos_elsewhere, photos_of
from tasks.contract import PhotoRef


def understand(update: Update, me: Me) -> News | None:
    """Parse an update; None for what is no business of the bot."""
    if update.message is not None:
        return _message(update.message, me)
    if update.guest_message is not None:
        return _guest(update.guest_message, me)
    if update.callback_query is not None:
        return _press(update.callback_query)
    if update.inline_query is not None:
        query = update.inline_query
        return Typed(query.id, str(query.from_user.id))
    return None


def _message(message: Message, me: Me) -> Heard | Moved | None:
    if message.migrate_to_chat_id is not None:
        return Moved(message.chat.id, message.migrate_to_chat_id)
    if message.chat.type == Chat.CHANNEL or message.is_automatic_forward:
        return None
    if message.via_bot is not None or _is_service(message):
        return None
    place = Place.PRIVATE if message.chat.type == Chat.PRIVATE else Place.GROUP
    return _heard(message, speech_of(message, me), place, me)


def _guest(message: Message, me: Me) -> Heard | None:
    if message.guest_query_id is None:
        return None
    return _heard(message, speech_of(message, me), Place.GUEST, me)


def _heard(message: Message, speech: Speech, place: Place, me: Me) -> Heard | None:
    person = _person(message)
    if person is None or speech.for_another:
        return None
    replied = _replied(message)
    to_bot = replied is not None and replied.from_user is not None and replied.from_user.id == me.id
    return Heard(
        origin=_origin(message, person, place),
        words=speech.words,
        command=speech.command,
        photos=photos_of(message, person),
        replied_photos=_photos_replied(message, replied, person, to_bot),
        replied_message=0 if replied is None else replied.message_id,
        replied_to_bot=to_bot,
        addressed=place is not Place.GROUP or speech.named or to_bot,
        album=message.media_group_id or "",
    )


def _origin(message: Message, person: str, place: Place) -> Origin:
    user = message.guest_bot_caller_user or message.from_user
    return Origin(
        chat=message.chat.id,
        message=message.message_id,
        person=person,
        place=place,
        thread=message.message_thread_id if message.is_topic_message else None,
        guest_query=message.guest_query_id or "",
        language=(user.language_code or "") if user is not None else "",
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
        return photos_elsewhere(message.external_reply)
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


def _press(query: CallbackQuery) -> Pressed | None:
    if not query.data:
        return None
    person, language = str(query.from_user.id), query.from_user.language_code or ""
    shown = query.message
    if shown is None:
        inline = query.inline_message_id or ""
        origin = Origin(
            query.from_user.id, 0, person, Place.GUEST, inline=inline, language=language
        )
        return Pressed(origin, query.id, query.data)
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
    )
    photos = photos_of(replied, person) if replied is not None else ()
    return Pressed(origin, query.id, query.data, shown.message_id, photos)

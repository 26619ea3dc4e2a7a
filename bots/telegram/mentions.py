"""Whether a message is meant for the bot, and what it says besides the bot's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from telegram import Message, MessageEntity

_MARKED = {
    MessageEntity.BOT_COMMAND: re.compile(r"\A/\w+(@\w+)?", re.ASCII),
    MessageEntity.MENTION: re.compile(r"(?<!\S)@\w+", re.ASCII),
}


@dataclass(frozen=True, slots=True)
class Me:
    """The bot's own account."""

    id: int
    username: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A message's words, sorted."""

    words: str
    command: str = ""
    named: bool = False
    """The bot's name was said."""
    for_another: bool = False
    """The command names another bot."""


def speech_of(message: Message, me: Me) -> Speech:
    """Split the text or caption of a message into its command, the bot's name and the rest."""
    text = message.text or message.caption or ""
    entities = message.parse_entities() if message.text else message.parse_caption_entities()
    # Entities are optional in the Bot API: without any, the text itself tells.
    entities = entities or dict(_found_in(text))
    ours = [entity for entity, said in entities.items() if _is_mention(entity, said, me)]
    words = _without(text, ours)
    head = next((entity for entity in entities if _opens_with_command(entity)), None)
    if head is None:
        return Speech(words, named=bool(ours))
    command, _, name = entities[head].removeprefix("/").partition("@")
    if name and name.casefold() != me.username.casefold():
        return Speech(words, for_another=True)
    rest = _without(text, [*ours, head])
    return Speech(rest, command.casefold(), named=bool(ours) or bool(name))


def _found_in(text: str) -> Iterator[tuple[MessageEntity, str]]:
    for kind, pattern in _MARKED.items():
        for found in pattern.finditer(text):
            offset, length = _units(text[: found.start()]), _units(found[0])
            yield MessageEntity(kind, offset, length), found[0]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _is_mention(entity: MessageEntity, said: str, me: Me) -> bool:
    if entity.type == MessageEntity.TEXT_MENTION:
        return entity.user is not None and entity.user.id == me.id
    return (
        entity.type == MessageEntity.MENTION
        and said.removeprefix("@").casefold() == me.username.casefold()
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

"""Pictures on their way to a chat: one as a message, several as an album, as photos or as files."""

from __future__ import annotations

from dataclasses import dataclass

from telegram import Bot, InlineKeyboardMarkup, InputMediaDocument, InputMediaPhoto, Message

from bots.telegram.origin import Origin
from bots.telegram.speaker import Speaker, reply_to, thread_of

FILE_NAME = "painting.jpg"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent together."""

    pictures: tuple[bytes | str, ...]
    """Each a file, or the id of a file that Telegram has."""
    caption: str = ""
    keyboard: InlineKeyboardMarkup | None = None
    """Under a single picture; an album carries no buttons."""
    as_files: bool = False

    def media(self) -> list[InputMediaPhoto | InputMediaDocument]:
        """Return the pictures as the Bot API takes them, the caption under the first."""
        captions = [self.caption or None, *[None] * (len(self.pictures) - 1)]
        return [
            self._one(picture, caption)
            for picture, caption in zip(self.pictures, captions, strict=True)
        ]

    def _one(
        self, picture: bytes | str, caption: str | None
    ) -> InputMediaPhoto | InputMediaDocument:
        name = FILE_NAME if isinstance(picture, bytes) else None
        if self.as_files:
            return InputMediaDocument(
                picture, caption, filename=name, disable_content_type_detection=True
            )
        return InputMediaPhoto(picture, caption, filename=name)


async def send(speaker: Speaker, origin: Origin, chat: int, parcel: Parcel) -> tuple[Message, ...]:
    """Answer a message with pictures: the caller has waited for its turn in `chat`.

    What may have arrived is not sent again: such an error is raised at once.
    """
    call = _one if len(parcel.pictures) == 1 else _album
    return await speaker.carry(chat, lambda at: call(speaker.bot, origin, at, parcel), once=True)


async def _one(bot: Bot, origin: Origin, chat: int, parcel: Parcel) -> tuple[Message, ...]:
    picture = parcel.pictures[0]
    name = FILE_NAME if isinstance(picture, bytes) else None
    caption, reply, thread = parcel.caption or None, reply_to(origin, chat), thread_of(origin, chat)
    if parcel.as_files:
        sent = await bot.send_document(
            chat,
            picture,
            caption,
            filename=name,
            disable_content_type_detection=True,
            reply_markup=parcel.keyboard,
            reply_parameters=reply,
            message_thread_id=thread,
        )
    else:
        sent = await bot.send_photo(
            chat,
            picture,
            caption,
            filename=name,
            reply_markup=parcel.keyboard,
            reply_parameters=reply,
            message_thread_id=thread,
        )
    return (sent,)


async def _album(bot: Bot, origin: Origin, chat: int, parcel: Parcel) -> tuple[Message, ...]:
    return await bot.send_media_group(
        chat,
        parcel.media(),
        reply_parameters=reply_to(origin, chat),
        message_thread_id=thread_of(origin, chat),
    )

"""The Bot API methods that the bot uses, as documented by Telegram."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from PIL import Image, UnidentifiedImageError

from tests.fakes.telegram_world import BOT, Chat, Json, TelegramWorld, quoted


class CallRefused(Exception):
    """The call is answered with an error."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code, self.description, self.parameters = code, description, parameters


@dataclass(frozen=True)
class ApiCall:
    """One call: its fields, parsed, and its uploaded files."""

    world: TelegramWorld
    fields: Json
    files: dict[str, bytes]

    def chat(self) -> Chat:
        """Return the target chat. Raises `Refused` if the bot cannot write there."""
        chat = self.world.chats.get(int(self.fields["chat_id"]))
        if chat is None:
            raise CallRefused(400, "Bad Request: chat not found")
        if chat.barred:
            code = 403 if chat.barred.startswith("Forbidden") else 400
            raise CallRefused(code, chat.barred)
        if chat.moved_to is not None:
            sentence = "Bad Request: group chat was upgraded to a supergroup chat"
            raise CallRefused(400, sentence, migrate_to_chat_id=chat.moved_to)
        if self.fields.get("message_thread_id") in chat.closed_topics:
            raise CallRefused(400, "Bad Request: TOPIC_CLOSED")
        return chat

    def message(self, chat: Chat) -> Json:
        """Return the bot's message to edit. Raises `Refused` if there is none."""
        message = chat.messages.get(int(self.fields["message_id"]))
        if message is None or message["from"]["id"] != BOT["id"]:
            raise CallRefused(400, "Bad Request: message to edit not found")
        return message

    def file(self, named: str) -> bytes:
        """Return an uploaded or known file."""
        if named.startswith("attach://"):
            return self.files[named.removeprefix("attach://")]
        if named not in self.world.files:
            raise CallRefused(400, "Bad Request: wrong file identifier/HTTP URL specified")
        return self.world.files[named]


def send_message(call: ApiCall) -> Json:
    return _posted(call, {"text": call.fields["text"]})


def get_me(call: ApiCall) -> Json:
    return call.world.me


def send_photo(call: ApiCall) -> Json:
    named = call.fields.get("photo", "attach://photo")
    photo = {"photo": _photo(call, named), **_caption(call.fields), **_spoiler(call.fields)}
    return _posted(call, photo)


def send_document(call: ApiCall) -> Json:
    named = call.fields.get("document", "attach://document")
    return _posted(call, {"document": _document(call, named), **_caption(call.fields)})


def send_media_group(call: ApiCall) -> list[Json]:
    media = call.fields["media"]
    if not 2 <= len(media) <= 10:
        raise CallRefused(400, "Bad Request: there must be 2-10 items")
    chat = call.chat()
    contents = [_media(call, each) for each in media]
    _check_allowed(chat, contents[0])
    group = f"album-{id(call)}"
    return [_post(call, chat, {**content, "media_group_id": group}) for content in contents]


def edit_message_text(call: ApiCall) -> Json | bool:
    message = _edited(call)
    if "text" not in message:
        raise CallRefused(400, "Bad Request: there is no text in the message to edit")
    return _change(call, message, {"text": call.fields["text"]})


def edit_message_media(call: ApiCall) -> Json | bool:
    media = call.fields["media"]
    message = _edited(call)
    if "inline_message_id" in call.fields and media["media"].startswith("attach://"):
        raise CallRefused(400, "Bad Request: can't upload a file for an inline message")
    content = _media(call, media)
    if "chat_id" in call.fields:
        _check_allowed(call.chat(), content)
    for old in ("text", "photo", "document", "caption", "has_media_spoiler"):
        if old not in content:
            message.pop(old, None)
    return _change(call, message, content)


def delete_message(call: ApiCall) -> bool:
    chat = call.chat()
    if chat.messages.pop(int(call.fields["message_id"]), None) is None:
        raise CallRefused(400, "Bad Request: message to delete not found")
    return True


def set_message_reaction(call: ApiCall) -> bool:
    chat = call.chat()
    if chat.reactions_off:
        raise CallRefused(400, "Bad Request: REACTION_INVALID")
    message = int(call.fields["message_id"])
    if message not in chat.messages:
        raise CallRefused(400, "Bad Request: message to react not found")
    chat.reactions[message] = call.fields["reaction"][0]["emoji"]
    return True


def send_chat_action(call: ApiCall) -> bool:
    call.chat().actions.append(call.fields["action"])
    return True


def answer_query(name: str) -> Callable[[ApiCall], bool]:
    def answer(call: ApiCall) -> bool:
        call.world.answered[str(call.fields[name])] = call.fields
        return True

    return answer


def answer_guest_query(call: ApiCall) -> Json:
    result = call.fields["result"]
    inline = f"inline-{call.fields['guest_query_id']}"
    call.world.inline[inline] = {
        "inline_message_id": inline,
        "text": result["input_message_content"]["message_text"],
        "reply_markup": result.get("reply_markup", {}),
    }
    call.world.answered[str(call.fields["guest_query_id"])] = result
    return {"inline_message_id": inline}


def get_file(call: ApiCall) -> Json:
    file_id = str(call.fields["file_id"])
    if file_id not in call.world.files:
        raise CallRefused(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
    weight = len(call.world.files[file_id])
    if weight > 20 * 1024 * 1024:
        raise CallRefused(400, "Bad Request: file is too big")
    return {
        "file_id": file_id,
        "file_unique_id": f"u-{file_id}",
        "file_size": weight,
        "file_path": f"photos/{file_id}.jpg",
    }


def get_user_profile_photos(call: ApiCall) -> Json:
    face = call.world.faces.get(int(call.fields["user_id"]))
    photos = [] if face is None else [call.world.sizes(call.world.keep(face))]
    return {"total_count": len(photos), "photos": photos}


def get_chat_member(call: ApiCall) -> Json:
    chat, person = call.chat(), int(call.fields["user_id"])
    account = {"id": person, "is_bot": False, "first_name": f"Person {person}"}
    if person in chat.admins:
        return {"status": "creator", "user": account, "is_anonymous": False}
    return {"status": "member", "user": account}


def set_my_commands(call: ApiCall) -> bool:
    scope = call.fields.get("scope", {}).get("type", "default")
    names = [each["command"] for each in call.fields["commands"]]
    call.world.menus[scope, call.fields.get("language_code", "")] = names
    return True


def set_text(name: str) -> Callable[[ApiCall], bool]:
    def keep(call: ApiCall) -> bool:
        call.world.texts[name, call.fields.get("language_code", "")] = call.fields[name]
        return True

    return keep


METHODS: dict[str, Callable[[ApiCall], Any]] = {
    "getMe": get_me,
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "sendMediaGroup": send_media_group,
    "editMessageText": edit_message_text,
    "editMessageMedia": edit_message_media,
    "deleteMessage": delete_message,
    "setMessageReaction": set_message_reaction,
    "sendChatAction": send_chat_action,
    "answerCallbackQuery": answer_query("callback_query_id"),
    "answerInlineQuery": answer_query("inline_query_id"),
    "answerGuestQuery": answer_guest_query,
    "getFile": get_file,
    "getUserProfilePhotos": get_user_profile_photos,
    "getChatMember": get_chat_member,
    "setMyCommands": set_my_commands,
    "setMyDescription": set_text("description"),
    "setMyShortDescription": set_text("short_description"),
}


def parsed(fields: dict[str, str]) -> Json:
    """Return a form's fields with JSON values read; texts stay texts."""
    return {name: value if name in _TEXTS else _value(value) for name, value in fields.items()}


_TEXTS = {"text", "caption", "description", "short_description", "chat_id", "callback_query_id"}


def _value(written: str) -> Any:
    try:
        return json.loads(written)
    except ValueError:
        return written


_KINDS = {"text": "text messages", "photo": "photos", "document": "documents"}


def _check_allowed(chat: Chat, content: Json) -> None:
    """Raise `Refused` if the chat does not allow this kind of message. Applies to edits, too."""
    for kind, named in _KINDS.items():
        if kind in content and kind in chat.forbidden:
            raise CallRefused(400, f"Bad Request: not enough rights to send {named} to the chat")


def _posted(call: ApiCall, content: Json) -> Json:
    chat = call.chat()
    _check_allowed(chat, content)
    return _post(call, chat, content)


def _post(call: ApiCall, chat: Chat, content: Json) -> Json:
    reply = call.fields.get("reply_parameters")
    answered = chat.messages.get(reply["message_id"]) if reply else None
    if reply and answered is None and not reply.get("allow_sending_without_reply"):
        raise CallRefused(400, "Bad Request: message to be replied not found")
    thread = call.fields.get("message_thread_id")
    return call.world.post(
        chat,
        BOT,
        content,
        reply_to_message=None if answered is None else quoted(answered),
        reply_markup=call.fields.get("reply_markup"),
        message_thread_id=thread,
        is_topic_message=True if thread is not None else None,
    )


def _edited(call: ApiCall) -> Json:
    inline = call.fields.get("inline_message_id")
    if inline is None:
        return call.message(call.chat())
    if inline not in call.world.inline:
        raise CallRefused(400, "Bad Request: MESSAGE_ID_INVALID")
    return call.world.inline[inline]


def _change(call: ApiCall, message: Json, content: Json) -> Json | bool:
    markup = call.fields.get("reply_markup")
    after = {**message, **content}
    after.pop("reply_markup", None)
    if markup is not None:
        after["reply_markup"] = markup
    if after == {k: v for k, v in message.items() if k != "edit_date"}:
        sentence = (
            "Bad Request: message is not modified: specified new message content and reply markup "
            "are exactly the same as a current content and reply markup of the message"
        )
        raise CallRefused(400, sentence)
    message.clear()
    message.update(after)
    return True if "inline_message_id" in call.fields else message


def _media(call: ApiCall, media: Json) -> Json:
    kind = media["type"]
    content = {"photo": _photo, "document": _document}[kind](call, media["media"])
    return {kind: content, **_caption(media), **_spoiler(media)}


def _spoiler(fields: Json) -> Json:
    return {"has_media_spoiler": True} if fields.get("has_spoiler") else {}


def _caption(fields: Json) -> Json:
    return {"caption": fields["caption"]} if fields.get("caption") else {}


def _photo(call: ApiCall, named: str) -> list[Json]:
    data = call.file(named)
    if len(data) > 10 * 1024 * 1024:
        raise CallRefused(400, "Bad Request: file of size 11000000 bytes is too big for a photo")
    try:
        width, height = Image.open(BytesIO(data)).size
    except UnidentifiedImageError:
        raise CallRefused(400, "Bad Request: IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise CallRefused(400, "Bad Request: PHOTO_INVALID_DIMENSIONS")
    file_id = call.world.keep(data) if named.startswith("attach://") else named
    return call.world.sizes(file_id)


def _document(call: ApiCall, named: str) -> Json:
    data = call.file(named)
    file_id = call.world.keep(data) if named.startswith("attach://") else named
    return {
        "file_id": file_id,
        "file_unique_id": f"u-{file_id}",
        "file_name": "painting.jpg",
        "file_size": len(data),
    }

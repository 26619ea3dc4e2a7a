from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.telegram.events import (
    ButtonEvent,
    ChatMigrated,
    InlineQueryEvent,
    MessageEvent,
    Origin,
    Place,
    origin_from_address,
)
from tasks.models import PhotoRef
from tests.bots.telegram.updates import (
    ANN,
    BEN,
    GROUP,
    THE_BOT,
    entities,
    heard,
    message,
    news,
    sizes,
)


def test_a_photo_in_private_is_for_the_bot_in_its_largest_size() -> None:
    found = heard(photo=sizes("whole"), caption="watercolor 80%")
    assert found.photos == (PhotoRef("whole"),)
    assert found.words == "watercolor 80%"
    assert found.addressed
    assert found.origin == Origin(11, 5, "11", Place.PRIVATE, language="ja")


@pytest.mark.parametrize(
    ("mime", "name", "is_photo"),
    [
        ("image/png", "a.png", True),
        ("application/octet-stream", "IMG_1.HEIC", True),
        ("image/svg+xml", "a.svg", False),
        ("application/pdf", "a.pdf", False),
        ("video/mp4", "a.mp4", False),
        ("", "", True),
    ],
)
def test_files_that_look_like_photos_are_photos(mime: str, name: str, is_photo: bool) -> None:
    document = {"file_id": "d", "file_unique_id": "u", "mime_type": mime, "file_name": name}
    assert bool(heard(document=document).photos) is is_photo


@pytest.mark.parametrize(("animated", "is_photo"), [(False, True), (True, False)])
def test_only_stickers_that_stand_still_are_photos(animated: bool, is_photo: bool) -> None:
    sticker = {
        "file_id": "s",
        "file_unique_id": "u",
        "type": "regular",
        "width": 512,
        "height": 512,
        "is_animated": animated,
        "is_video": False,
    }
    assert bool(heard(sticker=sticker).photos) is is_photo


def test_a_forwarded_photo_keeps_its_owner() -> None:
    origin = {"type": "user", "date": 1, "sender_user": BEN}
    assert heard(photo=sizes(), forward_origin=origin).photos == (PhotoRef("big", owner="12"),)


def test_a_reply_brings_the_photo_it_replies_to_and_whose_it_is() -> None:
    found = heard(text="film", reply_to_message=message(BEN, photo=sizes(), message_id=3))
    assert found.photos == ()
    assert found.replied_photos == (PhotoRef("big", owner="12"),)
    assert found.replied_message == 3


def test_in_a_group_only_the_bots_name_makes_it_listen() -> None:
    plain = heard(chat=GROUP, photo=sizes(), caption="look")
    caption = "look @Suisai_Bot film"
    named = heard(
        chat=GROUP,
        photo=sizes(),
        caption=caption,
        caption_entities=entities(caption, ("mention", "@Suisai_Bot")),
    )
    assert not plain.addressed
    assert named.addressed
    assert named.words == "look film"


def test_a_mention_after_emoji_is_removed_completely() -> None:
    text = "😀👩‍👩‍👧 @suisai_bot 水彩"
    found = heard(chat=GROUP, text=text, entities=entities(text, ("mention", "@suisai_bot")))
    assert found.words == "😀👩‍👩‍👧 水彩"


def test_a_reply_to_the_bot_is_for_the_bot_but_its_picture_is_no_photo() -> None:
    painting = message(THE_BOT, chat=GROUP, photo=sizes(), message_id=9)
    found = heard(chat=GROUP, text="stronger", reply_to_message=painting)
    assert found.addressed
    assert found.replied_to_bot
    assert found.replied_photos == ()


@pytest.mark.parametrize(
    ("text", "command", "addressed"),
    [
        ("/style@suisai_bot film", "style", True),
        ("/style film", "style", False),
    ],
)
def test_a_command_in_a_group_needs_the_bots_name(text: str, command: str, addressed: bool) -> None:
    found = heard(chat=GROUP, text=text, entities=entities(text, ("bot_command", text.split()[0])))
    assert (found.command, found.words, found.addressed) == (command, "film", addressed)


@pytest.mark.parametrize(
    ("text", "command", "words", "addressed"),
    [
        ("/style film", "style", "film", False),
        ("/style@suisai_bot film", "style", "film", True),
        ("🦊🦊 @Suisai_Bot film", "", "🦊🦊 film", True),
        ("a/style film and me@suisai_bot", "", "a/style film and me@suisai_bot", False),
    ],
)
def test_what_no_entity_marks_is_found_in_the_text(
    text: str, command: str, words: str, addressed: bool
) -> None:
    found = heard(chat=GROUP, text=text)
    assert (found.command, found.words, found.addressed) == (command, words, addressed)


def test_what_is_optional_may_be_absent() -> None:
    person = {"id": 11, "is_bot": False, "first_name": "Ann"}
    quoted = {
        "message_id": 4,
        "date": 1,
        "chat": {"id": 11, "type": "private"},
        "photo": sizes("theirs"),
    }
    found = heard(sender=person, text="film", reply_to_message=quoted, message_thread_id=4)
    assert (found.origin.language, found.origin.thread) == ("", None)
    assert found.replied_photos == (PhotoRef("theirs"),)
    assert not found.replied_to_bot


def test_a_command_for_another_bot_is_ignored() -> None:
    text = "/style@other_bot film"
    marked = entities(text, ("bot_command", "/style@other_bot"))
    assert news(message=message(chat=GROUP, text=text, entities=marked)) is None


def test_in_a_topic_the_answer_goes_to_the_topic() -> None:
    opening = message(chat=GROUP, message_id=2, forum_topic_created={"name": "t", "icon_color": 1})
    found = heard(
        chat={**GROUP, "is_forum": True},
        photo=sizes(),
        message_thread_id=2,
        is_topic_message=True,
        reply_to_message=opening,
    )
    assert found.origin.thread == 2
    assert found.replied_message == 0


def test_an_anonymous_admin_is_the_group_itself() -> None:
    stand_in = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
    assert heard(sender=stand_in, sender_chat=GROUP, chat=GROUP).origin.person == str(GROUP["id"])


def test_a_guest_query_is_heard_with_its_caller() -> None:
    found = news(
        guest_message=message(
            BEN, chat=GROUP, photo=sizes(), guest_query_id="q", guest_bot_caller_user=ANN
        )
    )
    assert isinstance(found, MessageEvent)
    assert (found.origin.place, found.origin.guest_query) == (Place.GUEST, "q")
    assert (found.origin.person, found.origin.language) == ("11", "ja")
    assert found.addressed


def test_a_press_knows_the_photo_under_which_its_button_stands() -> None:
    shown = message(
        THE_BOT, message_id=9, photo=sizes("p"), reply_to_message=message(photo=sizes("before"))
    )
    found = news(
        callback_query={"id": "q", "from": ANN, "chat_instance": "1", "data": "x", "message": shown}
    )
    assert isinstance(found, ButtonEvent)
    assert found.answered_photos == (PhotoRef("before"),)
    assert (found.origin.message, found.shown) == (5, 9)


def test_a_press_under_a_message_too_old_to_be_shown_still_counts() -> None:
    shown = {"chat": {"id": 11, "type": "private"}, "message_id": 9, "date": 0}
    found = news(
        callback_query={"id": "q", "from": ANN, "chat_instance": "1", "data": "x", "message": shown}
    )
    assert isinstance(found, ButtonEvent)
    assert (found.origin.chat, found.shown, found.answered_photos) == (11, 9, ())


def test_inline_queries_and_moves_are_understood() -> None:
    typed = news(inline_query={"id": "q", "from": ANN, "query": "film", "offset": ""})
    moved = news(message=message(chat={"id": -5, "type": "group"}, migrate_to_chat_id=-1_005))
    assert typed == InlineQueryEvent("q", "11")
    assert moved == ChatMigrated(-5, -1_005)


@pytest.mark.parametrize(
    "content",
    [
        {"channel_post": message(text="hi", chat={"id": -7, "type": "channel"})},
        {"edited_message": message(photo=sizes())},
        {"message": {"message_id": 5, "date": 1, "chat": GROUP, "text": "from nobody"}},
        {"something_of_next_year": {"id": 1}},
        {},
        {"message": message(new_chat_members=[THE_BOT], chat=GROUP)},
        {"message": message(THE_BOT, text="I am the bot", chat=GROUP)},
    ],
)
def test_updates_that_do_not_concern_the_bot_are_ignored(content: dict[str, object]) -> None:
    assert news(**content) is None


@given(
    chat=st.integers(),
    answered=st.integers(min_value=0),
    thread=st.none() | st.integers(min_value=1),
    place=st.sampled_from(Place),
    inline=st.text(max_size=30),
)
def test_an_address_reads_back(
    chat: int, answered: int, thread: int | None, place: Place, inline: str
) -> None:
    origin = Origin(chat, answered, "11", place, thread, inline=inline, language="ja")
    assert origin_from_address(origin.address(), "11", "ja") == origin


def edited(after_s: int = 60, **content: Any) -> MessageEvent | None:
    """Return the event of a group message that was edited later."""
    content = message(chat=GROUP, **content)
    found = news(edited_message={**content, "edit_date": content["date"] + after_s})
    assert found is None or isinstance(found, MessageEvent)
    return found


def test_a_mention_that_an_edit_adds_counts_as_that_of_the_message() -> None:
    caption = "@suisai_bot ink"
    named: dict[str, Any] = {
        "caption": caption,
        "caption_entities": entities(caption, ("mention", "@suisai_bot")),
    }
    asked = edited(photo=sizes(), **named)
    assert asked is not None
    assert asked.event == heard(chat=GROUP, photo=sizes(), **named).event
    assert edited(photo=sizes()) is None, "still not meant for the bot"
    assert edited(photo=sizes(), media_group_id="7", **named) is None, "an album is another event"
    assert edited(3_601, photo=sizes(), **named) is None
    assert news(edited_message=message(photo=sizes(), edit_date=1_760_000_001)) is None, "private"

"""Groups: the bot answers only when it is addressed, and briefly."""

from __future__ import annotations

import pytest

from bots.telegram.listener.placeholders import NEVER, NOT_NOW, PUZZLED, SEEN
from tests.bots.telegram.harness import ADMIN, TelegramHarness, snapshot
from tests.stack import eventually

NAME = "@suisai_bot"


def test_a_mention_with_a_photo_is_answered_there(harness: TelegramHarness) -> None:
    group, ann = harness.group(), harness.person()
    sent = harness.api.people.photo(ann, snapshot(101), chat=group.id, caption=f"{NAME} watercolor")
    assert harness.painting(sent)["caption"] == "Watercolour · painted by a machine"
    assert group.reactions[sent["message_id"]] == SEEN


def test_a_mention_under_somebodys_photo_paints_that_photo(harness: TelegramHarness) -> None:
    group, ann, ben = harness.group(), harness.person(), harness.person()
    photo = harness.api.people.photo(ben, snapshot(102), chat=group.id)
    asked = harness.api.people.say(ben, f"{NAME} please", chat=group.id, reply_to=photo)
    by_ann = harness.api.people.say(ann, f"/style{NAME} film", chat=group.id, reply_to=photo)
    assert harness.painting(asked)
    assert harness.painting(by_ann)


def test_what_is_said_beside_the_bot_is_left_alone(harness: TelegramHarness) -> None:
    group, ann = harness.group(), harness.person()
    harness.api.people.photo(ann, snapshot(103), chat=group.id, caption="/style film")
    sent = harness.api.people.photo(ann, snapshot(104), chat=group.id, caption=NAME)
    harness.painting(sent)
    assert len(group.paintings()) == 1


def test_in_a_topic_the_painting_stays_in_the_topic(harness: TelegramHarness) -> None:
    forum, ann = harness.group(), harness.person()
    forum.is_forum = True
    sent = harness.api.people.photo(ann, snapshot(105), chat=forum.id, caption=NAME, thread=77)
    assert harness.painting(sent)["message_thread_id"] == 77


def test_refusals_are_reactions_without_words(harness: TelegramHarness) -> None:
    group, ann, ben = harness.group(), harness.person(), harness.person()
    harness.services.users.forget("telegram", str(ben), opt_out=True)
    photo = harness.api.people.photo(ben, snapshot(106), chat=group.id)
    asked = harness.api.people.say(ann, NAME, chat=group.id, reply_to=photo)
    puzzling = harness.api.people.say(ann, f"{NAME} hello?", chat=group.id)

    harness.api.world.wait(lambda: len(group.reactions) == 2)

    assert group.reactions == {asked["message_id"]: NEVER, puzzling["message_id"]: PUZZLED}
    assert group.of_bot() == []


def test_admins_set_style_cooldown_and_whose_photos(harness: TelegramHarness) -> None:
    group, ann, boss = harness.group(), harness.person(), harness.person()
    group.admins.add(boss)
    people = harness.api.people
    people.say(boss, f"/style{NAME} watercolor", chat=group.id)
    harness.words(group.id, "In this group I now paint in Watercolour")
    people.say(boss, f"/others{NAME} off", chat=group.id)
    harness.words(group.id, "only their own photos")
    people.say(boss, f"/cooldown{NAME} 600", chat=group.id)
    harness.words(group.id, "wait 10 minutes")

    sent = people.photo(ann, snapshot(107), chat=group.id, caption=NAME)
    too_soon = people.photo(ann, snapshot(108), chat=group.id, caption=NAME)
    not_hers = people.say(boss, NAME, chat=group.id, reply_to=sent)

    assert harness.painting(sent)["caption"] == "Watercolour · painted by a machine"
    harness.api.world.wait(lambda: group.reactions.get(too_soon["message_id"]) == NOT_NOW)
    harness.api.world.wait(lambda: group.reactions.get(not_hers["message_id"]) == NEVER)


@pytest.mark.parametrize("command", ["style", "cooldown", "others"])
def test_members_cannot_change_a_groups_rules(harness: TelegramHarness, command: str) -> None:
    group, ann = harness.group(), harness.person()
    value = {"style": "watercolor", "cooldown": "60", "others": "off"}[command]
    harness.api.people.say(ann, f"/{command}{NAME} {value}", chat=group.id)
    assert harness.words(group.id, "Only admins")


def test_a_reply_to_a_painting_with_a_style_paints_its_photo_again(
    harness: TelegramHarness,
) -> None:
    group, ann = harness.group(), harness.person()
    sent = harness.api.people.photo(ann, snapshot(109), chat=group.id, caption=NAME)
    painting = harness.painting(sent)
    chatter = harness.api.people.say(ann, "how nice!", chat=group.id, reply_to=painting)
    wish = harness.api.people.say(ann, "watercolor", chat=group.id, reply_to=painting)
    assert harness.painting(wish)["caption"] == "Watercolour · painted by a machine"
    assert chatter["message_id"] not in group.reactions


def test_the_answer_follows_a_group_that_became_a_supergroup(harness: TelegramHarness) -> None:
    old, ann = harness.api.world.chat(-50), harness.person()
    old.type = "group"
    new = harness.group()
    harness.services.controls.pause("deliver", "telegram")
    sent = harness.api.people.photo(ann, snapshot(110), chat=old.id, caption=NAME)
    harness.api.world.wait(lambda: sent["message_id"] in old.reactions)
    old.moved_to = new.id
    harness.services.controls.resume("deliver", "telegram")
    harness.api.world.wait(new.paintings, what="the painting in the supergroup")


def test_a_guest_answers_where_it_is_no_member(harness: TelegramHarness) -> None:
    ann, world = harness.person(), harness.api.world
    harness.api.people.say(ann, "/start")
    query = harness.api.people.guest(ann, snapshot(111), f"{NAME} watercolor")
    shown = world.wait(lambda: world.inline.get(f"inline-{query}"))
    world.wait(lambda: "photo" in shown, what="the painting in the guest's message")
    assert shown["caption"] == "Watercolour · painted by a machine"
    eventually(lambda: not world.chat(ann).paintings(), what="the upload is taken away again")


def test_a_guest_asks_for_a_chat_where_it_has_none_to_upload_to(harness: TelegramHarness) -> None:
    ann, world = harness.person(), harness.api.world
    query = harness.api.people.guest(ann, snapshot(115), NAME)
    shown = world.wait(lambda: world.inline.get(f"inline-{query}"))
    world.wait(lambda: "https://t.me/suisai_bot" in shown["text"])


def test_a_button_under_a_guests_painting_repaints_it_in_place(harness: TelegramHarness) -> None:
    ann, world = harness.person(), harness.api.world
    harness.api.people.say(ann, "/start")
    query = harness.api.people.guest(ann, snapshot(112), NAME)
    shown = world.wait(lambda: world.inline.get(f"inline-{query}"))
    world.wait(lambda: "photo" in shown)
    harness.api.people.press(ann, shown, "Watercolour")
    world.wait(lambda: shown.get("caption") == "Watercolour · painted by a machine")


def test_operators_command_in_private_and_nobody_else_can(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.people.say(ADMIN, f"/ban {ann}")
    harness.words(ADMIN, "Done.")
    harness.api.people.photo(ann, snapshot(113))
    harness.words(ann, "can no longer take photos")
    harness.api.people.say(ADMIN, f"/unban {ann}")
    eventually(lambda: len(harness.api.world.chat(ADMIN).of_bot()) == 2)
    assert harness.painting(harness.api.people.photo(ann, snapshot(114)))
    harness.api.people.say(ADMIN, "/stats")
    assert "admitted:telegram" in harness.words(ADMIN, "overload level: normal")["text"]
    harness.api.people.say(ADMIN, "/pause")
    assert "/resume STAGE" in harness.words(ADMIN, "/resume STAGE")["text"]

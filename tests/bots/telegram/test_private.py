"""Private chats, with all processes of the bot running."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.bots.telegram.harness import TelegramHarness, snapshot
from tests.fakes.telegram_people import button, labels
from tests.stack import eventually


def test_a_photo_gets_a_reaction_a_placeholder_and_then_its_painting(
    harness: TelegramHarness,
) -> None:
    ann = harness.person()
    sent = harness.api.people.photo(ann, snapshot(1), caption="film")

    painting = harness.painting(sent)

    chat = harness.api.world.chat(ann)
    assert chat.reactions[sent["message_id"]] == "👀"
    assert [m["message_id"] for m in chat.of_bot()] == [painting["message_id"]]
    assert painting["caption"] == "Film · painted by a machine"
    assert {"Softer", "Stronger", "Again", "Full quality"} <= set(labels(painting))


def test_a_file_is_painted_like_a_photo(harness: TelegramHarness) -> None:
    sent = harness.api.people.document(harness.person(), snapshot(2), "IMG_7.jpg", "image/jpeg")
    assert harness.painting(sent)


def test_a_sticker_is_painted(harness: TelegramHarness) -> None:
    file = BytesIO()
    Image.fromarray(np.full((512, 512, 3), 120, np.uint8)).save(file, "WEBP")
    assert harness.painting(harness.api.people.sticker(harness.person(), file.getvalue()))


def test_a_reply_with_a_style_paints_the_photo_replied_to(harness: TelegramHarness) -> None:
    ann = harness.person()
    photo = harness.api.people.photo(ann, snapshot(3))
    harness.painting(photo)

    reply = harness.api.people.say(ann, "watercolor please", reply_to=photo)

    assert harness.painting(reply)["caption"] == "Watercolour · painted by a machine"


def test_words_about_a_painting_paint_its_photo_again(harness: TelegramHarness) -> None:
    ann = harness.person()
    painting = harness.painting(harness.api.people.photo(ann, snapshot(4)))

    reply = harness.api.people.say(ann, "watercolor", reply_to=painting)

    assert harness.painting(reply)["caption"] == "Watercolour · painted by a machine"


def test_a_pressed_style_paints_the_same_photo_in_it(harness: TelegramHarness) -> None:
    ann = harness.person()
    sent = harness.api.people.photo(ann, snapshot(5))
    painting = harness.painting(sent)

    query = harness.api.people.press(ann, painting, "Watercolour")

    chat = harness.api.world.chat(ann)
    harness.api.world.wait(lambda: len(chat.paintings(sent["message_id"])) == 2)
    assert query in harness.api.world.answered
    assert chat.paintings()[-1]["caption"] == "Watercolour · painted by a machine"


def test_the_original_comes_as_a_file_and_the_comparison_as_a_photo(
    harness: TelegramHarness,
) -> None:
    ann = harness.person()
    painting = harness.painting(harness.api.people.photo(ann, snapshot(6)))
    chat = harness.api.world.chat(ann)

    harness.api.people.press(ann, painting, "Full quality")
    harness.api.world.wait(lambda: any("document" in m for m in chat.of_bot()))
    harness.api.people.press(ann, painting, "Before and after")

    harness.api.world.wait(
        lambda: chat.paintings()[-1].get("caption") == "The photo and its painting"
    )
    width, height = (chat.paintings()[-1]["photo"][-1][side] for side in ("width", "height"))
    assert width > 1.9 * painting["photo"][-1]["width"] * height / painting["photo"][-1]["height"]


def test_a_file_that_is_no_photo_gets_one_sentence(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.people.document(ann, b"%PDF-1.7 not a photo at all" * 20, "a.jpg", "image/jpeg")
    assert "PDF" in harness.words(ann, "PDF")["text"]
    assert len(harness.api.world.chat(ann).of_bot()) == 1


def test_other_messages_get_a_hint(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.people.say(ann, "what is this?")
    assert "/help" in harness.words(ann, "Send me a photo")["text"]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("/start", "Hello"),
        ("/help", "/styles shows"),
        ("/styles", "Watercolour (watercolor)"),
        ("/style", "Which style"),
        ("/style nonsense", "don't know that style"),
        ("/style watercolor", "From now on I paint in Watercolour"),
        ("/status", "None of your photos is waiting"),
        ("/cancel", "None of your photos is waiting"),
        ("/privacy", "deleted as soon as"),
        ("/forget", "Shall I delete"),
        ("/language", "Which language"),
        ("/me", "can't see your profile photo"),
        ("/again", "Send me a photo"),
        ("/cooldown 5", "setting is for groups"),
        ("/nonsense", "Send me a photo"),
        ("/stats", "Send me a photo"),
    ],
)
def test_a_command_is_answered(harness: TelegramHarness, command: str, part: str) -> None:
    ann = harness.person()
    harness.api.people.say(ann, command)
    assert harness.words(ann, part)


def test_the_usual_style_is_used_where_none_is_named(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.people.say(ann, "/style watercolor")
    harness.words(ann, "From now on")
    sent = harness.api.people.photo(ann, snapshot(7))
    assert harness.painting(sent)["caption"] == "Watercolour · painted by a machine"


def test_again_paints_the_last_photo_with_another_seed(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.painting(harness.api.people.photo(ann, snapshot(8)))
    again = harness.api.people.say(ann, "/again")

    painting = harness.painting(again)

    ledger = harness.services.ledger
    eventually(lambda: len(ledger.past_jobs("telegram", str(ann))) == 2)
    jobs = [ledger.job(job_id) for job_id in ledger.past_jobs("telegram", str(ann))]
    assert painting["caption"] == "Film · painted by a machine"
    assert len({job.request.seed for job in jobs}) == 2
    assert len({job.request.photos for job in jobs}) == 1


def test_me_paints_the_profile_photo(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.world.faces[ann] = snapshot(9)
    assert harness.painting(harness.api.people.say(ann, "/me"))


@pytest.mark.parametrize(
    ("language", "part"),
    [("ja", "写真を送って"), ("hi", "एक फ़ोटो भेजिए"), ("pt-BR", "Envie"), ("xx", "Send me")],
)
def test_people_are_answered_in_their_language(
    harness: TelegramHarness, language: str, part: str
) -> None:
    ann = harness.person()
    harness.api.people.say(ann, "?", language=language)
    assert harness.words(ann, part)


def test_a_chosen_language_stays(harness: TelegramHarness) -> None:
    ann = harness.person()
    harness.api.people.say(ann, "/language")
    question = harness.words(ann, "Which language")
    harness.api.people.press(ann, question, "日本語")
    harness.words(ann, "これからは日本語")
    harness.api.people.say(ann, "/status")
    assert harness.words(ann, "お待ちの写真はありません")


def test_forgetting_leaves_no_data(harness: TelegramHarness) -> None:
    ann = harness.person()
    painting = harness.painting(harness.api.people.photo(ann, snapshot(10)))
    harness.api.people.say(ann, "/forget")
    harness.api.people.press(ann, harness.words(ann, "Shall I delete"), "Delete everything")
    harness.words(ann, "Everything I had stored about you is deleted")

    assert harness.services.ledger.past_jobs("telegram", str(ann)) == ()

    query = harness.api.people.press(ann, painting, "Full quality")
    answer = harness.api.world.wait(lambda: harness.api.world.answered.get(query))
    assert "no longer have that photo" in answer["text"]


def test_a_button_of_a_deleted_job_takes_the_photo_from_the_replied_message(
    harness: TelegramHarness,
) -> None:
    ann = harness.person()
    sent = harness.api.people.photo(ann, snapshot(11))
    painting = harness.painting(sent)
    harness.services.users.forget("telegram", str(ann))

    harness.api.people.press(ann, painting, "Watercolour")

    chat = harness.api.world.chat(ann)
    # What a forgotten person was answered is taken back; the new painting is another message.
    old, asked = painting["message_id"], sent["message_id"]
    harness.api.world.wait(lambda: any(p["message_id"] != old for p in chat.paintings(asked)))


def test_inline_mode_offers_ones_own_paintings(harness: TelegramHarness) -> None:
    ann = harness.person()
    painting = harness.painting(harness.api.people.photo(ann, snapshot(12)))
    harness.api.world.wait(lambda: harness.services.ledger.past_jobs("telegram", str(ann)) or None)

    mine = harness.api.people.type_inline(ann)
    others = harness.api.people.type_inline(harness.person())

    world = harness.api.world
    offered = world.wait(lambda: world.answered.get(mine))["results"]
    assert [r["photo_file_id"] for r in offered] == [painting["photo"][-1]["file_id"]]
    assert world.wait(lambda: world.answered.get(others))["results"] == []


def test_menus_and_texts_stand_in_every_language(harness: TelegramHarness) -> None:
    world = harness.api.world
    world.wait(lambda: world.texts.get(("short_description", "pt")))
    codes = {"", "es", "hi", "id", "ja", "pt"}
    assert {code for _, code in world.menus} == codes
    assert {code for name, code in world.texts if name == "description"} == codes
    assert "forget" in world.menus["all_private_chats", "hi"]
    assert "cooldown" not in world.menus["all_group_chats", ""]


def test_forged_button_data_brings_nobody_anothers_painting(harness: TelegramHarness) -> None:
    ann, eve = harness.person(), harness.person()
    painting = harness.painting(harness.api.people.photo(ann, snapshot(13)))
    hers = harness.painting(harness.api.people.photo(eve, snapshot(14)))
    data = button(painting, "Full quality")
    assert data is not None

    query = harness.api.people.press_data(eve, hers, data)

    answer = harness.api.world.wait(lambda: harness.api.world.answered.get(query))
    assert "no longer have that photo" in answer["text"]
    assert len(harness.api.world.chat(eve).paintings()) == 1

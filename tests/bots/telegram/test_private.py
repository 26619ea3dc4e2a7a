"""Stories of people in a private chat, with every process of the bot at work."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tests.bots.telegram.town import Town, snapshot
from tests.fakes.telegram_people import button, labels
from tests.stack import eventually


def test_a_photo_gets_a_reaction_a_placeholder_and_then_its_painting(town: Town) -> None:
    ann = town.person()
    sent = town.api.people.photo(ann, snapshot(1), caption="film")

    painting = town.painting(sent)

    chat = town.api.world.chat(ann)
    assert chat.reactions[sent["message_id"]] == "👀"
    assert [m["message_id"] for m in chat.of_bot()] == [painting["message_id"]]
    assert painting["caption"] == "Film · painted by a machine"
    assert {"Softer", "Stronger", "Again", "Full quality"} <= set(labels(painting))


def test_a_file_is_painted_like_a_photo(town: Town) -> None:
    sent = town.api.people.document(town.person(), snapshot(2), "IMG_7.jpg", "image/jpeg")
    assert town.painting(sent)


def test_a_sticker_is_painted(town: Town) -> None:
    file = BytesIO()
    Image.fromarray(np.full((512, 512, 3), 120, np.uint8)).save(file, "WEBP")
    assert town.painting(town.api.people.sticker(town.person(), file.getvalue()))


def test_a_reply_with_a_style_paints_the_photo_replied_to(town: Town) -> None:
    ann = town.person()
    photo = town.api.people.photo(ann, snapshot(3))
    town.painting(photo)

    reply = town.api.people.say(ann, "watercolor please", reply_to=photo)

    assert town.painting(reply)["caption"] == "Watercolour · painted by a machine"


def test_words_about_a_painting_paint_its_photo_again(town: Town) -> None:
    ann = town.person()
    painting = town.painting(town.api.people.photo(ann, snapshot(4)))

    reply = town.api.people.say(ann, "watercolor", reply_to=painting)

    assert town.painting(reply)["caption"] == "Watercolour · painted by a machine"


def test_a_pressed_style_paints_the_same_photo_in_it(town: Town) -> None:
    ann = town.person()
    sent = town.api.people.photo(ann, snapshot(5))
    painting = town.painting(sent)

    query = town.api.people.press(ann, painting, "Watercolour")

    chat = town.api.world.chat(ann)
    town.api.world.wait(lambda: len(chat.paintings(sent["message_id"])) == 2)
    assert query in town.api.world.answered
    assert chat.paintings()[-1]["caption"] == "Watercolour · painted by a machine"


def test_the_original_comes_as_a_file_and_the_comparison_as_a_photo(town: Town) -> None:
    ann = town.person()
    painting = town.painting(town.api.people.photo(ann, snapshot(6)))
    chat = town.api.world.chat(ann)

    town.api.people.press(ann, painting, "Full quality")
    town.api.world.wait(lambda: any("document" in m for m in chat.of_bot()))
    town.api.people.press(ann, painting, "Before and after")

    town.api.world.wait(lambda: chat.paintings()[-1].get("caption") == "The photo and its painting")
    width, height = (chat.paintings()[-1]["photo"][-1][side] for side in ("width", "height"))
    assert width > 1.9 * painting["photo"][-1]["width"] * height / painting["photo"][-1]["height"]


def test_a_file_that_is_no_photo_gets_one_honest_sentence(town: Town) -> None:
    ann = town.person()
    town.api.people.document(ann, b"%PDF-1.7 not a photo at all" * 20, "a.jpg", "image/jpeg")
    assert "PDF" in town.words(ann, "PDF")["text"]
    assert len(town.api.world.chat(ann).of_bot()) == 1


def test_anything_else_gets_one_friendly_line(town: Town) -> None:
    ann = town.person()
    town.api.people.say(ann, "what is this?")
    assert "/help" in town.words(ann, "Send me a photo")["text"]


@pytest.mark.parametrize(
    ("command", "part"),
    [
        ("/start", "Hello"),
        ("/help", "/styles shows"),
        ("/styles", "Watercolour (watercolor)"),
        ("/style", "Which style"),
        ("/style nonsense", "don't know that style"),
        ("/style watercolor", "From now on I paint in Watercolour"),
        ("/status", "Nothing of yours is waiting"),
        ("/cancel", "Nothing of yours is waiting"),
        ("/privacy", "deleted as soon as"),
        ("/forget", "Shall I delete"),
        ("/language", "Which language"),
        ("/me", "can't see a profile photo"),
        ("/again", "Send me a photo"),
        ("/cooldown 5", "setting of groups"),
        ("/nonsense", "Send me a photo"),
        ("/stats", "Send me a photo"),
    ],
)
def test_a_command_is_answered(town: Town, command: str, part: str) -> None:
    ann = town.person()
    town.api.people.say(ann, command)
    assert town.words(ann, part)


def test_the_usual_style_is_used_where_none_is_named(town: Town) -> None:
    ann = town.person()
    town.api.people.say(ann, "/style watercolor")
    town.words(ann, "From now on")
    sent = town.api.people.photo(ann, snapshot(7))
    assert town.painting(sent)["caption"] == "Watercolour · painted by a machine"


def test_again_paints_the_last_photo_with_another_seed(town: Town) -> None:
    ann = town.person()
    town.painting(town.api.people.photo(ann, snapshot(8)))
    again = town.api.people.say(ann, "/again")

    painting = town.painting(again)

    ledger = town.services.ledger
    eventually(lambda: len(ledger.past_jobs("telegram", str(ann))) == 2)
    jobs = [ledger.job(job_id) for job_id in ledger.past_jobs("telegram", str(ann))]
    assert painting["caption"] == "Film · painted by a machine"
    assert len({job.request.seed for job in jobs}) == 2
    assert len({job.request.photos for job in jobs}) == 1


def test_me_paints_the_profile_photo(town: Town) -> None:
    ann = town.person()
    town.api.world.faces[ann] = snapshot(9)
    assert town.painting(town.api.people.say(ann, "/me"))


@pytest.mark.parametrize(
    ("language", "part"),
    [("ja", "写真を送って"), ("hi", "एक फ़ोटो भेजिए"), ("pt-BR", "Envie"), ("xx", "Send me")],
)
def test_people_are_spoken_to_in_their_language(town: Town, language: str, part: str) -> None:
    ann = town.person()
    town.api.people.say(ann, "?", language=language)
    assert town.words(ann, part)


def test_a_chosen_language_stays(town: Town) -> None:
    ann = town.person()
    town.api.people.say(ann, "/language")
    question = town.words(ann, "Which language")
    town.api.people.press(ann, question, "日本語")
    town.words(ann, "これからは日本語")
    town.api.people.say(ann, "/status")
    assert town.words(ann, "お待ちの写真はありません")


def test_to_be_forgotten_leaves_nothing(town: Town) -> None:
    ann = town.person()
    painting = town.painting(town.api.people.photo(ann, snapshot(10)))
    town.api.people.say(ann, "/forget")
    town.api.people.press(ann, town.words(ann, "Shall I delete"), "Delete everything")
    town.words(ann, "Everything of yours is deleted")

    assert town.services.ledger.past_jobs("telegram", str(ann)) == ()

    query = town.api.people.press(ann, painting, "Full quality")
    answer = town.api.world.wait(lambda: town.api.world.answered.get(query))
    assert "not kept any more" in answer["text"]


def test_a_button_without_its_job_takes_the_photo_from_the_message_it_answered(town: Town) -> None:
    ann = town.person()
    sent = town.api.people.photo(ann, snapshot(11))
    painting = town.painting(sent)
    town.services.users.forget("telegram", str(ann))

    town.api.people.press(ann, painting, "Watercolour")

    chat = town.api.world.chat(ann)
    town.api.world.wait(lambda: len(chat.paintings(sent["message_id"])) == 2)


def test_inline_mode_offers_ones_own_paintings(town: Town) -> None:
    ann = town.person()
    painting = town.painting(town.api.people.photo(ann, snapshot(12)))
    town.api.world.wait(lambda: town.services.ledger.past_jobs("telegram", str(ann)) or None)

    mine = town.api.people.type_inline(ann)
    others = town.api.people.type_inline(town.person())

    world = town.api.world
    offered = world.wait(lambda: world.answered.get(mine))["results"]
    assert [r["photo_file_id"] for r in offered] == [painting["photo"][-1]["file_id"]]
    assert world.wait(lambda: world.answered.get(others))["results"] == []


def test_menus_and_texts_stand_in_every_language(town: Town) -> None:
    world = town.api.world
    world.wait(lambda: world.texts.get(("short_description", "pt")))
    codes = {"", "es", "hi", "id", "ja", "pt"}
    assert {code for _, code in world.menus} == codes
    assert {code for name, code in world.texts if name == "description"} == codes
    assert "forget" in world.menus["all_private_chats", "hi"]
    assert "cooldown" not in world.menus["all_group_chats", ""]


def test_forged_button_data_brings_nobody_anothers_painting(town: Town) -> None:
    ann, eve = town.person(), town.person()
    painting = town.painting(town.api.people.photo(ann, snapshot(13)))
    hers = town.painting(town.api.people.photo(eve, snapshot(14)))
    data = button(painting, "Full quality")
    assert data is not None

    query = town.api.people.press_data(eve, hers, data)

    answer = town.api.world.wait(lambda: town.api.world.answered.get(query))
    assert "not kept any more" in answer["text"]
    assert len(town.api.world.chat(eve).paintings()) == 1

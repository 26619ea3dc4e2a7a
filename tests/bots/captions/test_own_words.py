"""Checks of own words before admission: who may use them, what is refused, how refusals count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from bots.captions.own_words import checked
from bots.captions.parser import PaintOptions, parse
from pipeline.styles import load_styles
from tasks.models import WORDS_MAX, PaintRequest, PhotoRef, Refused
from tasks.services import Services, open_services
from tasks.settings import Settings

STYLES = load_styles()
REQUEST = PaintRequest("telegram", "e1", "ana", "c1", (PhotoRef("p"),))


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    """Open services in which everybody may use own words."""
    worded = settings.model_copy(update={"own_words": ("everybody",)})
    opened = open_services(worded, lambda _: None)
    yield opened
    opened.redis.close()


def asked(words: str, event: str = "e1") -> PaintRequest:
    return replace(REQUEST, words=words, event=event)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "make us a scene at a summer festival, keep the dog #ghibli",
            "make us a scene at a summer festival, keep the dog",
        ),
        ("in watercolor style: add Lanterns 🎉 @suisai_bot https://x.com/a", "add Lanterns"),
        ("もう一度、夜の祭りにして", "夜の祭りにして"),
        ("फिर से, बारिश में छाते के साथ", "बारिश में छाते के साथ"),
        ("strength 80 but keep my hat", "but keep my hat"),
        ("ghibli please", ""),
        ("stronger", ""),
        ("#anime 80%", ""),
        ("🎉🎉", ""),
        ("", ""),
    ],
)
def test_what_remains_of_a_caption_is_the_instruction(text: str, words: str) -> None:
    assert parse(text, PaintOptions(), STYLES).words == words


def test_a_follow_up_appends_words_up_to_the_maximum() -> None:
    before = PaintOptions(words="at a summer festival")

    added = parse("again, with snow falling", before, STYLES)
    unchanged = parse("again", before, STYLES)
    many = PaintOptions()
    for number in range(40):
        many = parse(f"again with {number} more lanterns", many, STYLES)

    assert added.words == "at a summer festival; with snow falling"
    assert added.reroll
    assert unchanged.words == before.words
    assert len(many.words) <= WORDS_MAX
    assert many.words.endswith("with 39 more lanterns")


def test_again_followed_by_many_words_is_a_follow_up() -> None:
    text = "again with fireworks over the harbour and a big moon above the old town"
    assert parse(text, PaintOptions(), STYLES).reroll


def test_harmless_words_pass(services: Services) -> None:
    request = asked("at a summer festival")
    assert checked(services, request) == request


@pytest.mark.parametrize(
    ("allowed", "tier", "kept"),
    [
        ((), None, False),
        (("telegram",), None, True),
        (("web",), None, False),
        (("subscriber",), None, False),
        (("subscriber",), "subscriber", True),
        (("telegram:subscriber",), "subscriber", True),
        (("web:subscriber",), "subscriber", False),
        (("everybody",), None, True),
    ],
)
def test_words_of_those_who_may_not_use_any_are_dropped(
    allowed: tuple[str, ...], tier: str | None, kept: bool, settings: Settings
) -> None:
    services = open_services(settings.model_copy(update={"own_words": allowed}), lambda _: None)
    services.users.set_tier("telegram", "ana", tier)

    request = checked(services, asked("at night" if kept else "make her nude"))
    services.redis.close()

    assert isinstance(request, PaintRequest)
    assert request.words == ("at night" if kept else "")


def test_a_refusal_costs_nothing_and_repetition_pauses_the_person(services: Services) -> None:
    refused = [checked(services, asked("make her nude", f"e{number}")) for number in range(4)]

    assert [each.reason for each in refused if isinstance(each, Refused)] == ["own-words"] * 4
    paused = services.ledger.admit(asked("", "e9"))
    assert isinstance(paused, Refused)
    assert paused.reason == "strikes"


def test_one_refusal_that_comes_again_counts_once(services: Services) -> None:
    for _ in range(9):
        assert isinstance(checked(services, asked("make her nude")), Refused)

    assert not isinstance(services.ledger.admit(asked("", "e2")), Refused)


def test_a_refusal_is_said_once_in_the_silence_window(services: Services) -> None:
    said = [checked(services, asked("make her nude", f"e{n}")) for n in range(3)]
    assert [each.notify for each in said if isinstance(each, Refused)] == [True, False, False]


def test_a_script_without_lists_is_refused_without_a_strike(services: Services) -> None:
    for number in range(9):
        refused = checked(services, asked("сделай красиво", f"e{number}"))
        assert isinstance(refused, Refused)
        assert refused.reason == "own-words-script"

    assert not isinstance(services.ledger.admit(asked("", "e99")), Refused)


def test_own_words_are_stored_in_the_ledger(services: Services) -> None:
    services.ledger.admit(asked("at a summer festival"))

    job = services.ledger.latest_job("telegram", "ana")

    assert job is not None
    assert job.request.words == "at a summer festival"

"""The policy against a second list of phrases; the figures are in docs/safety.md."""

from __future__ import annotations

from collections import Counter

import pytest

from bots.captions.policy import review
from tests.bots.captions.independent import LANGUAGES, harmless, held_out, refused

_MISSED_AT_MOST = 0.025
_FALSE_AT_MOST = 0.01


@pytest.mark.parametrize("language", LANGUAGES)
def test_phrases_of_another_list_are_refused(language: str) -> None:
    phrases = refused(language)
    missed = [phrase for phrase in phrases if review(phrase.text) is None]

    assert len(phrases) >= 300
    assert len(missed) <= _MISSED_AT_MOST * len(phrases), missed


def test_every_way_of_writing_is_used() -> None:
    kinds = Counter(phrase.kind for language in LANGUAGES for phrase in refused(language))

    assert len(kinds) > 30
    assert min(kinds.values()) >= 3, kinds


def test_harmless_phrases_that_sound_close_pass() -> None:
    phrases = [text for language in LANGUAGES for text in harmless(language)]
    wrong = [(review(text), text) for text in phrases if review(text) is not None]

    assert len(phrases) >= 800
    assert len(wrong) < _FALSE_AT_MOST * len(phrases), wrong


def test_phrases_that_nothing_was_mended_by_are_mostly_told_apart() -> None:
    """These figures say what to expect of people: free speech escapes lists more often than disguise does."""
    bad, good = zip(*(held_out(language) for language in LANGUAGES), strict=True)
    missed = [text for texts in bad for text in texts if review(text) is None]
    wrong = [text for texts in good for text in texts if review(text) is not None]

    assert len(missed) <= 0.16 * sum(map(len, bad)), missed
    assert len(wrong) <= 0.025 * sum(map(len, good)), wrong


@pytest.mark.parametrize(
    "text",
    [
        "🇳🇺🇩🇪",
        "bigger 7!7$",
        "nudeにして",
        "KKKの頭巾",
        "1.8.禁",
        "K u   K l u x   K l a n",
        "#birthdaysuit",
        "ecchi",
        "echci",
        "kiss Taylor Sw*ft",
        "str*p her",
        "take her clothes off",
        "a transparent blouse",
        "slit his throat",
    ],
)
def test_known_evasions_of_the_lists_are_refused(text: str) -> None:
    assert review(text) is not None


@pytest.mark.parametrize(
    "text",
    [
        "a see-through glass roof",
        "a naked mole rat",
        "breast of chicken",
        "shoot a photo",
        "kill the lights",
        "a Nazi-free town",
        "blue tits at the feeder",
        "white power lines",
        "an assassin's creed rooftop",
        "🇯🇵🇺🇸",
        "sarapan nasi goreng",
        "a white tower, white powder snow",
        "Bill rates the film",
    ],
)
def test_a_neighbour_of_a_listed_phrase_passes(text: str) -> None:
    assert review(text) is None

from __future__ import annotations

import pytest

from bots.i18n import NoSuchPhrase, languages, negotiate, t


def test_the_bot_speaks_six_languages() -> None:
    assert {"en", "hi", "ja", "es", "pt", "id"} <= set(languages())


@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        ("de, ja;q=0.5", "ja"),
        ("en;q=0.1, hi-IN;q=0.9", "hi"),
        ("es_MX", "es"),
        ("ja;q=0, id", "id"),
        ("tlh", "en"),
        ("", "en"),
        ("*;q=0.1", "en"),
        (";;;q=,,,", "en"),
    ],
)
def test_the_best_language_of_accept_language_is_used(wanted: str, language: str) -> None:
    assert negotiate(wanted) == language


@pytest.mark.parametrize(
    ("language", "seconds", "words"),
    [
        ("en", 0.2, "1 second"),
        ("en", 11, "15 seconds"),
        ("en", 91, "2 minutes"),
        ("en", 3_700, "65 minutes"),
        ("en", 5_500, "2 hours"),
        ("en", 200_000, "3 days"),
        ("ja", 20, "20秒"),
        ("hi", 20, "20 सेकंड"),
        ("es", 120, "2 minutos"),
        ("pt", 3_700 * 3, "4 horas"),
        ("id", 20, "20 detik"),
    ],
)
def test_a_wait_is_rounded_to_one_unit(language: str, seconds: float, words: str) -> None:
    assert words in t(language, "status-next", wait_s=seconds)


@pytest.mark.parametrize(
    ("position", "words"), [(2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (1_021, "1,021st")]
)
def test_english_places_have_their_endings(position: int, words: str) -> None:
    assert t("en", "status-queued", position=position, wait_s=20).startswith(f"{words} in line")


def test_an_unknown_language_is_answered_in_english() -> None:
    assert t("tlh", "status-fetch") == t("en", "status-fetch")


@pytest.mark.parametrize("key", ["no-such-key", "status-next"])
def test_a_sentence_with_missing_variables_raises(key: str) -> None:
    with pytest.raises(NoSuchPhrase):
        t("en", key)

from __future__ import annotations

import pytest

from bots import i18n
from tasks.models import Apology, QueueStatus, Refused, Stage


def test_a_refusal_names_the_wait_and_nothing_to_blame() -> None:
    refused = Refused("too-busy", until=1_000 + 1_740)
    assert i18n.refusal("en", refused, now=1_000.0).endswith("come back in 30 minutes.")


def test_a_refusal_without_a_time_names_none() -> None:
    words = i18n.refusal("en", Refused("paused", until=0), now=1_000.0)
    assert not any(character.isdigit() for character in words)


@pytest.mark.parametrize("language", i18n.languages())
def test_an_apology_says_what_the_file_was(language: str) -> None:
    kinds = ("audio", "document", "program", "text", "unknown", "video", "PDF", "ZIP")
    said = [
        i18n.apology(language, Apology("not-a-photo", {"kind": kind}, refunded=False))
        for kind in kinds
    ]
    assert len(set(said)) == len(kinds)
    assert "PDF" in said[-2]
    assert all("HEIC" in words for words in said)


def test_an_apology_says_that_it_did_not_count() -> None:
    kept = i18n.apology("en", Apology("empty", refunded=False))
    given_back = i18n.apology("en", Apology("empty", refunded=True))
    assert given_back.startswith(kept)
    assert "didn't count" in given_back


@pytest.mark.parametrize("reason", ["lease-expired", "a-reason-from-the-future", "too-small"])
def test_a_reason_without_words_or_facts_becomes_our_fault(reason: str) -> None:
    assert "on my side" in i18n.apology("en", Apology(reason))


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (QueueStatus(Stage.FETCH, None, 1, 2.0), "Looking at your photo…"),
        (QueueStatus(Stage.FETCH, None, 3, 18.0), "3rd in line, about 20 seconds"),
        (QueueStatus(Stage.RENDER, None, 1, 4.0), "Next in line, about 4 seconds"),
        (QueueStatus(Stage.RENDER, None, 0, 1.0, 0.003), "Painting…"),
        (QueueStatus(Stage.RENDER, None, 0, 1.0, 0.42), "Painting… 42%"),
        (
            QueueStatus(Stage.DELIVER, None, 1, 0.1),
            "The paint is drying, your picture is on its way…",
        ),
    ],
)
def test_a_queue_status_is_one_line(status: QueueStatus, words: str) -> None:
    assert i18n.describe_status("en", status) == words


def test_notes_are_said_in_their_order() -> None:
    assert i18n.notes("en", ["first-frame"]) == (
        "That was an animation, so I painted its first frame.",
    )

"""Every sentence that the program says to people can be looked up."""

from __future__ import annotations

from tests.docs.errors import ROOT, fragments, sentences


def test_every_error_is_in_the_book() -> None:
    book = " ".join((ROOT / "docs" / "troubleshooting.md").read_text("utf-8").split())

    missing = [
        f"{path}: {sentence}"
        for path, sentence in sentences()
        if not all(fragment in book for fragment in fragments(sentence))
    ]

    assert missing == []


def test_the_search_finds_sentences_with_values_in_them() -> None:
    found = {said: path for path, said in sentences()}

    assert found["There is no platform '…'; there are: …."] == "bots/doors.py"
    assert len(found) > 75


def test_the_search_finds_sentences_that_functions_and_constants_hold() -> None:
    files = {path for path, _ in sentences()}

    assert "bots/web/serve.py" in files  # a function finds the words
    assert "pipeline/engines/diffusion/device.py" in files  # a constant holds them
    assert "bots/telegram/settings.py" in files  # a validator

"""A line of level warning or above leaves nobody wondering what happens next."""

from __future__ import annotations

import pytest

from tests.docs.log_lines import Line, loud_lines


def test_every_loud_line_says_what_happens_next() -> None:
    silent = [
        f"{line.where}: {line.event}" for line in loud_lines() if not line.says_what_comes_next
    ]

    assert silent == []


def test_the_search_finds_them_in_every_room() -> None:
    rooms = [line.where.partition("/")[0] for line in loud_lines()]

    assert {room: rooms.count(room) > 0 for room in ("bots", "tasks", "pipeline")} == {
        "bots": True,
        "tasks": True,
        "pipeline": True,
    }
    assert len(rooms) > 40


@pytest.mark.parametrize(
    "event", ["surge ladder", "X needs the operator", "something could not be said", "…", "…, …"]
)
def test_a_line_that_says_only_what_happened_would_be_found(event: str) -> None:
    assert not Line("bots/somewhere.py:1", event).says_what_comes_next

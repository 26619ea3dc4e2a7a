"""Tests of the checks against X's own description."""

from __future__ import annotations

from typing import Any

import pytest

from bots.x.login import SCOPES
from tests.bots.x.spec import XSpec
from tests.fakes.x_asked import Asked


@pytest.fixture
def spec() -> XSpec:
    """X's API as X describes it."""
    return XSpec()


def asked(method: str, path: str, json: Any = None, **query: str) -> Asked:
    return Asked(
        method, path, {name.replace("_fields", ".fields"): v for name, v in query.items()}, {}, json
    )


REPLY = {"in_reply_to_tweet_id": "1"}


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (asked("GET", "/2/nothing"), "no such call"),
        (asked("GET", "/2/tweets"), "ids is missing"),
        (asked("GET", "/2/tweets", ids="1", tweet_fields="id"), "tweet.fields is not known"),
        (asked("GET", "/2/tweets", ids="1", post_fields="id,id"), "twice"),
        (asked("GET", "/2/tweets", ids="one"), "is no id"),
        (asked("GET", "/2/users/1/mentions", max_results="200"), "not within 5 and 100"),
        (asked("POST", "/2/tweets", {"text": "hi", "loud": True}), "loud is not known"),
        (
            asked("POST", "/2/tweets", {"text": "hi", "reply": {}}),
            "in_reply_to_tweet_id is missing",
        ),
        (asked("POST", "/2/tweets", {"text": "hi", "media": {"media_ids": []}}), "has 0 items"),
        (asked("POST", "/2/tweets", {"text": 1, "reply": REPLY}), "is no text"),
    ],
)
def test_a_wrong_request_is_complained_about(spec: XSpec, request_: Asked, complaint: str) -> None:
    assert any(complaint in each for each in spec.of_request(request_))


def test_a_right_request_is_not(spec: XSpec) -> None:
    right = asked("POST", "/2/tweets", {"text": "hi", "reply": REPLY, "made_with_ai": True})
    assert list(spec.of_request(right)) == []


def test_a_wrong_answer_is_complained_about(spec: XSpec) -> None:
    request = asked("GET", "/2/tweets", ids="1")
    wrong = {"data": [{"id": 1, "loudness": 3, "note_post": {}}], "meta": {}, "more": []}

    told = " / ".join(spec.of_answer(request, wrong))

    for complaint in (
        "1 is no text",
        "loudness is not known",
        "text is missing",
        "more is not known",
    ):
        assert complaint in told


def test_the_login_asks_for_the_scopes_that_the_calls_need(spec: XSpec) -> None:
    calls = (
        asked("GET", "/2/users/1/mentions"),
        asked("POST", "/2/tweets"),
        asked("POST", "/2/media/metadata"),
        asked("GET", "/2/dm_events"),
        asked("POST", "/2/dm_conversations/with/1/messages"),
    )
    needed = frozenset().union(*(spec.scopes(call) for call in calls))
    assert needed == set(SCOPES) - {"offline.access"}

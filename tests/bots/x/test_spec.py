"""The check of requests against X's own description is itself checked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.bots.x.spec import VARIABLE, Spec
from tests.fakes.x_asked import Asked


@pytest.fixture
def spec() -> Spec:
    """X's OpenAPI description, where this machine has it."""
    found = Spec.find()
    if found is None:
        pytest.skip(f"{VARIABLE} names no file with X's OpenAPI description")
    return found


def asked(method: str, path: str, json: Any = None, **query: str) -> Asked:
    return Asked(
        method, path, {name.replace("_fields", ".fields"): v for name, v in query.items()}, {}, json
    )


REPLY = {"in_reply_to_tweet_id": "1"}


@pytest.mark.parametrize(
    ("request_", "complaint"),
    [
        (asked("GET", "/2/nothing"), "no such operation"),
        (asked("GET", "/2/tweets"), "missing parameter ids"),
        (asked("GET", "/2/tweets", ids="1", tweet_fields="id"), "unknown parameter tweet.fields"),
        (asked("GET", "/2/tweets", ids="1", post_fields="id,id"), "twice"),
        (asked("GET", "/2/tweets", ids="one"), "does not match"),
        (asked("GET", "/2/users/1/mentions", max_results="200"), "not within 5 and 100"),
        (asked("POST", "/2/tweets", {"text": "hi", "loud": True}), "loud is not known"),
        (
            asked("POST", "/2/tweets", {"text": "hi", "reply": {}}),
            "in_reply_to_tweet_id is missing",
        ),
        (asked("POST", "/2/tweets", {"text": "hi", "media": {"media_ids": []}}), "has 0 items"),
        (asked("POST", "/2/tweets", {"text": 1, "reply": REPLY}), "no string"),
    ],
)
def test_a_wrong_request_is_complained_about(spec: Spec, request_: Asked, complaint: str) -> None:
    assert any(complaint in each for each in spec.of_request(request_))


def test_a_right_request_is_not(spec: Spec) -> None:
    right = asked("POST", "/2/tweets", {"text": "hi", "reply": REPLY, "made_with_ai": True})
    assert list(spec.of_request(right)) == []

from __future__ import annotations

import json
from typing import Any

import pytest

from bots.telegram.client import as_described

RESULT = {"ok": True, "result": []}


def read(status: int, body: object) -> tuple[int, Any]:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    status, answer = as_described(status, raw)
    return status, json.loads(answer)


def test_an_answer_as_described_stays_as_it_is() -> None:
    assert as_described(200, json.dumps(RESULT).encode()) == (200, json.dumps(RESULT).encode())
    status, answer = read(403, {"ok": False, "error_code": 403, "description": "Forbidden: kicked"})
    assert (status, answer["description"]) == (403, "Forbidden: kicked")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"ok": False, "error_code": 403, "description": "Forbidden"}, 403),
        ({"ok": False, "error_code": 200, "description": "Bad Request: no"}, 400),
        ({"ok": False}, 400),
        ({"ok": True}, 502),
        ({}, 502),
        ([], 502),
        (b"<html>log in first</html>", 502),
        (b"", 502),
    ],
)
def test_a_200_without_a_result_is_an_error(body: object, status: int) -> None:
    assert read(200, body)[0] == status


@pytest.mark.parametrize("status", [301, 401, 403, 404, 500, 502, 504])
def test_a_proxys_html_page_counts_as_unreachable_and_is_not_quoted(status: int) -> None:
    told, answer = read(status, b"<p>no such page: /bot777:SECRET/getMe</p>")
    assert told == 502
    assert "SECRET" not in json.dumps(answer)


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"ok": False, "description": "Too Many Requests", "parameters": {"retry_after": 9}}, 9),
        ({"ok": False, "description": "Too Many Requests: retry after 17"}, 17),
        ({"ok": False, "description": "slow down", "parameters": None}, 5),
        (b"<h1>slow down</h1>", 5),
        ({"ok": False, "description": "slow", "parameters": {"retry_after": "7"}}, 7),
        ({"ok": False, "description": "slow", "parameters": {"retry_after": 2.2}}, 3),
        ({"ok": False, "description": "slow", "parameters": {"retry_after": -1}}, 5),
    ],
)
def test_a_flood_limit_always_names_a_time(body: object, seconds: int) -> None:
    status, answer = read(429, body)
    assert (status, answer["parameters"]["retry_after"]) == (429, seconds)


@pytest.mark.parametrize("status", [200, 400, 420, 429])
def test_a_flood_is_one_whatever_the_status(status: int) -> None:
    answer = {"ok": False, "error_code": 420, "description": "FLOOD_WAIT_31"}
    told, answer = read(status, answer)
    assert (told, answer["parameters"]["retry_after"]) == (429, 31)


@pytest.mark.parametrize("status", [404, 405, 501])
def test_an_unknown_method_is_a_refusal_in_any_status(status: int) -> None:
    body = json.dumps({"ok": False, "error_code": status, "description": "Nope"}).encode()
    told, answer = as_described(status, body, "setMyCommands")
    assert told == 400
    assert "method not found" in json.loads(answer)["description"]


def test_other_parameters_are_kept() -> None:
    moved = {"ok": False, "description": "moved", "parameters": {"migrate_to_chat_id": -100}}
    assert read(400, moved)[1]["parameters"] == {"migrate_to_chat_id": -100}

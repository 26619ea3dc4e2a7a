"""X's keys and tokens are in no log line and no error, even before redaction."""

from __future__ import annotations

import traceback
from collections.abc import Callable

import pytest

from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.oauth import LoginNeeded
from tests.fakes.x_api import ACCESS, CONSUMER_SECRET, REFRESH, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, Words

SECRETS = (ACCESS, REFRESH, "access-1", "refresh-1", CONSUMER_SECRET, TOKEN_SECRET)
KEYS = {
    "client_id": None,
    "consumer_key": "consumer",
    "consumer_secret": CONSUMER_SECRET,
    "access_token": "1000-token",
    "access_token_secret": TOKEN_SECRET,
}
CALLS: dict[str, Callable[[XClient], object]] = {
    "GET /2/users": lambda x: x.renewed_me(),
    "GET /2/users/": lambda x: x.mentions(None, None),
    "GET /2/tweets": lambda x: x.posts(["1"]),
    "POST /2/tweets": lambda x: x.reply("1", "hello"),
    "DELETE /2/tweets": lambda x: x.delete("1"),
    "GET /2/dm_events": lambda x: x.messages(None, 10),
    "POST /2/dm_conversations": lambda x: x.send_message("7", "hello"),
}


def faults(where: str) -> list[XFault]:
    """Return what can go wrong with one route; each happens until it is over."""
    echo = {"detail": "you sent", "title": "problem"}
    statuses = (400, 401, 402, 403, 404, 409, 413, 429, 500, 503)
    return [
        *(XFault(where, status, echo, times=3) for status in statuses),
        XFault(where, 200, raw=b"<html>no JSON</html>", times=3),
        XFault(where, times=3),
        XFault("POST /2/oauth2/token", 500),
    ]


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here."""
    return POST


@pytest.mark.parametrize("keys", [{}, KEYS], ids=["oauth2", "oauth1"])
@pytest.mark.parametrize("where", CALLS)
def test_no_error_message_contains_a_secret(
    fake: FakeX,
    connect: Callable[..., XClient],
    caplog: pytest.LogCaptureFixture,
    where: str,
    keys: dict[str, str | None],
) -> None:
    caplog.set_level("DEBUG")
    x = connect(**keys)
    told = []
    for fault in faults(where):
        fake.faults.add(fault)
        try:
            CALLS[where](x)
        except (XError, LoginNeeded) as error:
            told += traceback.format_exception(error)

    assert told
    written = caplog.text + "".join(told)
    assert [secret for secret in SECRETS if secret in written] == []

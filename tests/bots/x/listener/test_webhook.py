from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from starlette.routing import Route

from bots.web.app import build_app
from bots.x.listener.webhook import PATH, routes, signature
from tasks.models import Admitted
from tasks.services import Services
from tests.fakes.x_api import CONSUMER_SECRET, FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import TWEET, Words, Writer
from tests.stack import eventually


@pytest.fixture
def words() -> Words:
    """Deliveries use the older vocabulary, whichever one the API understands."""
    return TWEET


@pytest.fixture
def deliver(fake: FakeX, web: httpx.Client) -> Callable[..., int]:
    """Delivers an event as X does and returns the status."""
    return partial(fake.deliver, f"{web.base_url}{PATH}")


def described(fake: FakeX, words: Words, post: str) -> dict[str, Any]:
    """Describe a post the way deliveries do: all fields, with what belongs to it."""
    every = {words.fields_name: ",".join(words.fields), "expansions": ",".join(words.expansions)}
    page = Writer(fake.world, words, every).page([fake.world.posts[post]])
    return {"payload": page["data"][0], "includes": page["includes"]}


def test_x_is_shown_that_the_secret_is_known(web: httpx.Client) -> None:
    for token in ("abc", "MjE1NzE4NGUtYjNhNS00", "abc+/==", "a" * 256, "4f2c-9b_1.0~"):
        answer = web.get("/x/webhook", params={"crc_token": token})
        assert answer.json() == {"response_token": signature(CONSUMER_SECRET, token.encode())}
    # printf token | openssl dgst -sha256 -hmac secret -binary | base64
    assert signature("secret", b"token") == "sha256=6UERDj0r/oJiHw4+FDRzDXMF0QbF9oyHFl0LJ6RhGko="
    assert web.get("/x/webhook").status_code == 400


def test_a_delivered_mention_becomes_the_same_job_as_a_read_one(
    fake: FakeX, words: Words, deliver: Callable[..., int], services: Services
) -> None:
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    mention = fake.world.post("ann", "@suisai", media=[photo])

    told = described(fake, words, mention)
    assert deliver("post.mention.create", **told) == 200
    assert deliver("post.mention.create", **told) == 200

    (job_id,) = services.ledger.open_jobs("x", fake.world.person("ann"))
    ask = services.ledger.job(job_id).request
    assert ask.event == mention
    again = services.ledger.admit(ask)
    assert isinstance(again, Admitted)
    assert again.duplicate


def test_a_bot_that_x_labels_is_ignored(
    fake: FakeX, words: Words, deliver: Callable[..., int], services: Services
) -> None:
    robot = fake.world.person("robot")
    fake.world.automated.add(robot)
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    mention = fake.world.post("robot", "@suisai", media=[photo])

    deliver("post.mention.create", **described(fake, words, mention))

    assert services.ledger.open_jobs("x", robot) == ()


def test_a_delivered_message_is_parsed_in_the_format_of_api_1_1(
    fake: FakeX, deliver: Callable[..., int], services: Services
) -> None:
    ann = fake.world.person("ann")
    media = {
        "id_str": "88",
        "type": "photo",
        "media_url_https": "https://ton.twitter.com/1.1/ton/data/dm/77/88/cat.jpg",
    }
    event = {
        "type": "message_create",
        "id": "2080765901528535096",
        "message_create": {
            "target": {"recipient_id": fake.world.bot},
            "sender_id": ann,
            "message_data": {"text": "as ink", "attachment": {"type": "media", "media": media}},
        },
    }

    assert deliver("dm.received", {"direct_message_events": [event], "users": {}}) == 200

    (job_id,) = services.ledger.open_jobs("x-dm", ann)
    ask = services.ledger.job(job_id).request
    assert ask.photos[0].ref == media["media_url_https"]
    assert ask.private


def test_deliveries_without_content_are_confirmed(deliver: Callable[..., int]) -> None:
    events = ("like.create", "post.mention.create", "dm.received", "")
    payloads: tuple[object, ...] = (None, [], {}, {"id": "1"}, {"direct_message_events": [{}]})
    assert {deliver(event, each) for event in events for each in payloads} == {200}


def test_every_delivery_is_counted_also_one_that_is_dropped(
    fake: FakeX, words: Words, deliver: Callable[..., int], services: Services
) -> None:
    hold = threading.Event()
    fake.hold("GET /2/tweets", hold)
    parent = fake.world.post("ben", "look", media=[fake.world.picture("https://pbs.twimg.com/a")])
    told = [
        described(fake, words, fake.world.post(f"fan{n}", "@suisai", under=parent))
        for n in range(12)
    ]
    other = fake.world.post("zoe", "no business of the bot's")

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda each: deliver("post.mention.create", **each), told)) == {200}
    assert deliver("post.create", **described(fake, words, other)) == 200
    hold.set()

    # The fixture compares what was counted with what was billed.
    assert fake.bill.charged["post"] >= 13
    eventually(lambda: services.ledger.open_count("x") == 8)


def test_a_delivery_that_x_did_not_sign_is_refused(web: httpx.Client) -> None:
    body = b'{"data": {}}'
    for signed in ({}, {"x-twitter-webhooks-signature": signature("other", body)}):
        answer = web.post("/x/webhook", content=body, headers=signed)
        assert answer.status_code == 403


FORGERIES = [
    b'{"data": {"event_type": "dm.received", "payload": {}}}',
    b' \r\n\t{"data":{}}',
    b'\xef\xbb\xbf{"data": {}}',
    '{"data": {}}'.encode("utf-16-le"),
    b'[{"data": {}}]',
    b'"data"',
    b"0",
    b"null",
    b"MTIz",
    b"abc=",
    b"",
]
"""What a stranger may want to have signed: objects in every coding of JSON, and texts that are no object."""


def test_no_answer_of_any_page_signs_a_delivery(web: httpx.Client, services: Services) -> None:
    # What a page says whatever it is asked is no signature of the text: these are compared, not sent.
    pages = [
        each.path
        for each in build_app(services).routes
        if isinstance(each, Route) and "GET" in (each.methods or ()) and "events" not in each.path
    ]
    assert PATH in pages
    constant = answers_to(b"suisai", web, pages)
    assert constant.isdisjoint(signature(CONSUMER_SECRET, body) for body in FORGERIES)
    for body in FORGERIES:
        for text in answers_to(body, web, pages) - constant:
            signed = {"x-twitter-webhooks-signature": text}
            assert web.post(PATH, content=body, headers=signed).status_code == 403, body


def answers_to(body: bytes, web: httpx.Client, pages: list[str]) -> set[str]:
    """Return all that may be a signature in what the web process says about this text."""
    said = quote(body)
    paths = [each.replace("{id}", said or "x").replace("{n:int}", "0") for each in pages]
    texts = [""]
    for path in paths:
        for query in (f"crc_token={said}", f"token={said}&nonce={said}", said):
            answer = web.get(f"{path}?{query}")
            texts += [answer.text, *answer.headers.values()]
    # Whatever looks like a SHA-256 digest in base64, as X signs.
    digests = set(re.findall(r"[\w+/-]{43}=?", " ".join(texts)))
    return {f"sha256={digest}" for digest in digests} | digests


def test_what_can_be_no_challenge_token_is_not_signed(web: httpx.Client) -> None:
    for token in ["", "a" * 257, "two words", '{"a":1}', "[1]", '"a"', "ü", "a\nb"]:
        assert web.get("/x/webhook", params={"crc_token": token}).status_code == 400, token


def test_a_signature_that_is_no_text_of_ours_is_refused(web: httpx.Client) -> None:
    signed = {b"x-twitter-webhooks-signature": "sha256=\xfc".encode("latin-1")}
    assert web.post("/x/webhook", content=b"{}", headers=signed).status_code == 403


def test_a_body_that_is_too_large_or_no_json_is_refused(web: httpx.Client) -> None:
    deep = b'{"data":' * 100_000
    for body, status in (
        (b"x" * 1_500_000, 403),
        (b"no json", 403),
        (b"{no json", 400),
        (deep, 400),
    ):
        signed = {"x-twitter-webhooks-signature": signature(CONSUMER_SECRET, body)}
        answer = web.post("/x/webhook", content=body, headers=signed)
        assert answer.status_code == status


def test_what_cannot_be_dealt_with_is_left_to_polling(
    fake: FakeX, words: Words, deliver: Callable[..., int], services: Services
) -> None:
    parent = fake.world.post("ben", "look", media=[fake.world.picture("https://pbs.twimg.com/a")])
    mention = fake.world.post("ann", "@suisai", under=parent)
    fake.faults.add(XFault("GET /2/tweets", 503))

    assert deliver("post.mention.create", **described(fake, words, mention)) == 200

    assert services.ledger.open_jobs("x", fake.world.person("ann")) == ()
    assert services.kv("x").get(f"handled:{mention}") is None


def test_without_webhooks_nothing_is_mounted(services: Services, fake: FakeX) -> None:
    assert routes(services) == []

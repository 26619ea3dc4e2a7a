from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bots.x.client import XClient
from bots.x.errors import (
    XCreditsSpent,
    XError,
    XForbidden,
    XRateLimited,
    XRefused,
    XUnauthorised,
    XUnknownOutcome,
    XUnreachable,
)
from bots.x.oauth import LoginNeeded, Tokens
from tasks.services import Services
from tests.fakes.x_api import ACCESS, CONSUMER_SECRET, REFRESH, TOKEN_SECRET, FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, TWEET, Words

OAUTH1 = {
    "consumer_key": "consumer",
    "consumer_secret": CONSUMER_SECRET,
    "access_token": "1000-token",
    "access_token_secret": TOKEN_SECRET,
}


@pytest.fixture(params=[TWEET, POST], ids=["tweet", "post"])
def words(request: pytest.FixtureRequest) -> Words:
    """Both of X's vocabularies."""
    found: Words = request.param
    return found


def test_a_mention_reads_the_same_in_both_vocabularies(fake: FakeX, x: XClient) -> None:
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    parent = fake.world.post("ann", "my cat", media=[photo])
    mention = fake.world.post("ben", "@suisai as watercolor please &amp; thanks", under=parent)

    (glimpse,) = x.mentions(None, None).posts
    (post,) = x.posts([mention]).posts

    assert glimpse.id == post.id == post.first_id == mention
    assert post.author == fake.world.person("ben")
    assert post.replies_to == parent
    assert post.replies_to_author == fake.world.person("ann")
    assert post.text[post.shown_from or 0 :] == "@suisai as watercolor please &amp; thanks"
    assert [mention.username for mention in post.mentions] == ["ann", "suisai"]
    assert (glimpse.text, glimpse.mentions) == (post.text, post.mentions)


def test_a_long_post_is_read_whole(fake: FakeX, x: XClient) -> None:
    long = "@suisai " + "please " * 60 + "in pastel"
    fake.world.post("ann", long, note=long)

    (post,) = x.mentions(None, None).posts

    assert post.text.endswith("in pastel")


def test_languages_are_named_as_everybody_names_them(fake: FakeX, x: XClient) -> None:
    fake.world.post("ann", "@suisai tolong", lang="in")
    assert [post.language for post in x.mentions(None, None).posts] == ["id"]


def test_the_vocabulary_is_found_by_the_first_call_and_remembered(
    fake: FakeX, connect: Callable[..., XClient], words: Words
) -> None:
    fake.world.post("ann", "@suisai hello")
    connect().mentions(None, None)
    calls = fake.count("GET /2/users/1000/mentions")

    connect().mentions(None, None)

    assert calls == (1 if words is TWEET else 2)
    assert fake.count("GET /2/users/1000/mentions") == calls + 1


def test_a_vocabulary_that_the_operator_chose_is_kept(
    connect: Callable[..., XClient], words: Words
) -> None:
    wrong = "post" if words is TWEET else "tweet"
    with pytest.raises(XRefused):
        connect(vocabulary=wrong).mentions(None, None)


def test_posts_that_cannot_be_shown_are_left_out(fake: FakeX, x: XClient) -> None:
    seen, gone = fake.world.post("ann", "here"), fake.world.post("ben", "not here")
    fake.world.posts[gone].deleted = True

    page = x.posts([seen, gone])

    assert [post.id for post in page.posts] == [seen]


def test_oauth1_signs_for_the_host_that_is_really_asked(
    fake: FakeX, connect: Callable[..., XClient]
) -> None:
    x = connect(client_id=None, **OAUTH1)

    assert x.me().username == "suisai"
    assert fake.asked[0].headers["authorization"].startswith("OAuth ")


def test_oauth1_signs_replies_and_uploads_too(fake: FakeX, connect: Callable[..., XClient]) -> None:
    x = connect(client_id=None, **OAUTH1)
    mention = fake.world.post("ann", "@suisai")

    x.reply(mention, "hello there")
    x.send("POST", "/2/media/upload/initialize", json={"media_category": "tweet_image"})

    assert [said.text for said in fake.world.made] == ["@ann hello there"]


@pytest.mark.parametrize(
    ("status", "fault"),
    [
        (400, XRefused),
        (402, XCreditsSpent),
        (403, XForbidden),
        (404, XRefused),
        (429, XRateLimited),
        (500, XUnknownOutcome),
        (503, XUnknownOutcome),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        {"title": "T", "detail": "what X said"},
        {"errors": [{"code": 1, "message": "what X said"}]},
        [{"message": "what X said"}],
        {"error": "what X said"},
    ],
)
def test_errors_of_any_shape_become_faults(
    fake: FakeX, x: XClient, status: int, fault: type[XError], body: object
) -> None:
    x.me()
    fake.faults.add(XFault("GET /2/tweets", status, body))

    with pytest.raises(fault, match="what X said"):
        x.posts(["1"])


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ({"type": "https://api.x.com/2/problems/resource-not-found"}, {"resource-not-found"}),
        ({"type": "about:blank", "title": "Forbidden"}, set()),
        ({"type": "about:blank", "title": "SpendCapReached"}, {"SpendCapReached"}),
        ({"errors": [{"code": 187, "message": "Status is a duplicate."}]}, {"187"}),
        ({"reason": "client-not-enrolled", "type": 7}, {"client-not-enrolled"}),
        ([{"code": 64}, "odd", None], {"64"}),
        ("odd", set()),
    ],
)
def test_the_names_that_x_gives_a_fault_are_kept(
    fake: FakeX, x: XClient, body: object, kinds: set[str]
) -> None:
    x.me()
    fake.faults.add(XFault("GET /2/tweets", 403, body))

    with pytest.raises(XForbidden) as fault:
        x.posts(["1"])

    assert fault.value.kinds == kinds


@pytest.mark.parametrize("status", [200, 502])
def test_an_answer_without_json_has_an_unknown_outcome(
    fake: FakeX, x: XClient, status: int
) -> None:
    fake.faults.add(XFault("GET /2/tweets", status, raw=b"<html>oops</html>"))
    with pytest.raises(XUnknownOutcome):
        x.posts(["1"])


def test_an_answer_that_does_not_end_is_given_up(fake: FakeX, x: XClient) -> None:
    fake.faults.add(XFault("GET /2/tweets", 200, raw=b"[" + b" " * 21_000_000))
    with pytest.raises(XUnknownOutcome, match="does not end"):
        x.posts(["1"])


def test_a_429_names_the_reset_of_the_limit_that_is_used_up(fake: FakeX, x: XClient) -> None:
    window = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": "2000000000"}
    day = {"x-app-limit-24hour-remaining": "0", "x-app-limit-24hour-reset": "2000009999"}
    for headers in ({}, window, window | day):
        fake.faults.add(XFault("GET /2/tweets", 429, {}, headers))

    resets = []
    for _ in range(3):
        with pytest.raises(XRateLimited) as paused:
            x.posts(["1"])
        resets.append(paused.value.reset)

    assert resets == [None, 2_000_000_000.0, 2_000_009_999.0]


def test_a_cut_connection_has_an_unknown_outcome(fake: FakeX, x: XClient) -> None:
    mention = fake.world.post("ann", "@suisai")
    fake.faults.add(XFault("POST /2/tweets", after=True))

    with pytest.raises(XUnknownOutcome):
        x.reply(mention, "hello")

    assert len(fake.world.made) == 1


def test_a_closed_port_means_that_nothing_was_sent(connect: Callable[..., XClient]) -> None:
    x = connect(api_url="http://127.0.0.1:9")
    with pytest.raises(XUnreachable):
        x.posts(["1"])


def test_an_expired_token_is_renewed_once_and_kept(
    fake: FakeX, x: XClient, services: Services
) -> None:
    x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 7200))
    fake.access = {"something-else"}

    x.posts(["1"])
    x.posts(["2"])

    assert fake.renewals == 1
    kept = XClient(x.settings, services.kv("x")).tokens.known()
    assert kept is not None
    assert (kept.access, kept.refresh) == ("access-1", "refresh-1")


def test_many_calls_at_once_renew_a_token_once(fake: FakeX, x: XClient, services: Services) -> None:
    x.me()
    fake.access = {"something-else"}
    ports = [XClient(x.settings, services.kv("x")) for _ in range(6)]

    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda port: port.posts(["1"]), ports))

    assert fake.renewals == 1


def test_a_token_that_is_about_to_expire_is_renewed_before_it_fails(
    fake: FakeX, x: XClient
) -> None:
    x.tokens.store(Tokens(ACCESS, REFRESH, time.time() + 5))

    x.posts(["1"])

    assert fake.renewals == 1
    assert fake.asked[0].path == "/2/oauth2/token"
    assert fake.asked[1].headers["authorization"] == "Bearer access-1"


def test_a_token_that_cannot_be_renewed_needs_the_operator(fake: FakeX, x: XClient) -> None:
    fake.access, fake.refresh = set(), "rotated-by-somebody-else"

    with pytest.raises(LoginNeeded, match="suisai x login"):
        x.posts(["1"])


def test_a_401_after_a_refresh_is_not_retried_endlessly(fake: FakeX, x: XClient) -> None:
    fake.faults.add(XFault("GET /2/tweets", 401, {"detail": "no"}, times=10))

    with pytest.raises(XUnauthorised):
        x.posts(["1"])

    assert fake.count("GET /2/tweets") == 2


def test_no_secret_is_logged(
    fake: FakeX, x: XClient, caplog: pytest.LogCaptureFixture, connect: Callable[..., XClient]
) -> None:
    caplog.set_level("DEBUG")
    mention = fake.world.post("ann", "@suisai")

    x.reply(mention, "hello")
    fake.access = {"another"}
    x.posts(["1"])
    connect(client_id=None, **OAUTH1).authorization("https://ton.twitter.com/1.1/ton/data/dm/1/2/3")

    said = caplog.text
    for secret in (ACCESS, REFRESH, "access-1", "refresh-1", CONSUMER_SECRET, TOKEN_SECRET):
        assert secret not in said
    assert "oauth_signature" not in said


def test_requests_in_the_new_vocabulary_hold_no_old_word(
    fake: FakeX, x: XClient, words: Words
) -> None:
    fake.world.post("ann", "@suisai hello")
    x.mentions(None, None)
    x.messages(None, 5)

    last = [asked for asked in fake.asked if asked.method == "GET"][-1]
    assert ("sender_id" in last.query["dm_event.fields"]) == (words is TWEET)
    if words is POST:
        assert "tweet" not in str([asked.query for asked in fake.asked[-2:]])

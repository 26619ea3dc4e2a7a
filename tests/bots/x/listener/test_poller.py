from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import pytest

from bots.x.client import XClient
from bots.x.errors import XError, XRateLimited
from bots.x.listener.cursors import MentionCursor, MessageCursor, Unread, id_at
from bots.x.listener.poller import Listener, Poll
from bots.x.models import MessagePage, PostPage
from bots.x.store import ReadingState, notice
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import XFault
from tests.stack import eventually


class SeenPosts:
    """Takes what a cursor reads."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def posts(self, pages: Iterable[PostPage]) -> int:
        self.ids += [post.id for page in pages for post in page.posts]
        return len(self.ids)

    def messages(self, pages: Iterable[MessagePage]) -> int:
        self.ids += [message.id for page in pages for message in page.messages]
        return len(self.ids)


@pytest.fixture
def seen() -> SeenPosts:
    return SeenPosts()


@pytest.fixture
def mentions(x: XClient, services: Services) -> MentionCursor:
    return MentionCursor(x, services.kv("x"), services.ledger.now)


@pytest.fixture
def messages(x: XClient, services: Services) -> MessageCursor:
    return MessageCursor(x, services.kv("x"))


def test_the_first_look_answers_nothing_of_the_past(
    fake: FakeX, mentions: MentionCursor, messages: MessageCursor, seen: SeenPosts
) -> None:
    fake.world.post("ann", "@suisai")
    fake.world.message("ann", "hi")
    mentions.advance(seen.posts)
    messages.advance(seen.messages)
    assert seen.ids == []

    later = [fake.world.post("ben", "@suisai"), fake.world.message("ben", "hi")]
    mentions.advance(seen.posts)
    messages.advance(seen.messages)
    assert seen.ids == later


def test_the_first_look_works_where_nothing_was_ever_said(
    fake: FakeX, mentions: MentionCursor, messages: MessageCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    messages.advance(seen.messages)
    later = [fake.world.post("ben", "@suisai"), fake.world.message("ben", "hi")]

    mentions.advance(seen.posts)
    messages.advance(seen.messages)

    assert seen.ids == later


def test_all_pages_are_read_and_each_post_once(
    fake: FakeX, mentions: MentionCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    posted = [fake.world.post("ann", f"@suisai {n}") for n in range(230)]

    assert mentions.advance(seen.posts) == 230
    assert mentions.advance(seen.posts) == 0

    assert sorted(seen.ids) == posted


def test_a_burst_after_a_silence_takes_few_calls(
    fake: FakeX, x: XClient, services: Services, seen: SeenPosts
) -> None:
    now = services.ledger.now()
    MentionCursor(x, services.kv("x"), lambda: now - 3600.0).advance(seen.posts)
    mentions = MentionCursor(x, services.kv("x"), lambda: now)
    posted = [
        fake.world.post("ann", f"@suisai {n}", id_=str(id_at(now - 30.0 + n / 10)))
        for n in range(230)
    ]
    calls = fake.count("GET /2/users/1000/mentions")

    assert mentions.advance(seen.posts) == 230

    # Where the burst begins is found through empty pages: they are free, and X allows 300 calls.
    assert fake.count("GET /2/users/1000/mentions") - calls <= 60
    assert sorted(seen.ids) == posted


def test_a_long_silence_after_a_burst_does_not_disturb_reading(
    fake: FakeX, services: Services, mentions: MentionCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    posted = [fake.world.post("ann", f"@suisai {n}") for n in range(130)]
    mentions.advance(seen.posts)
    before = stored(services)

    for _ in range(30):
        assert mentions.advance(seen.posts) == 0

    # What is stored would grow with each empty look, past the largest number in half a day.
    assert stored(services).model_copy(update={"looked_at": before.looked_at}) == before
    posted += [fake.world.post("ben", f"@suisai {n}") for n in range(130)]
    mentions.advance(seen.posts)
    assert sorted(seen.ids) == posted


def stored(services: Services) -> Unread:
    return Unread.model_validate_json(services.kv("x").get("mentions:unread") or "")


def test_a_page_that_fails_is_read_again_and_those_before_it_are_not(
    fake: FakeX, mentions: MentionCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    posted = [fake.world.post("ann", f"@suisai {n}") for n in range(150)]
    fake.faults.add(XFault("GET /2/users/1000/mentions", 503, skip=1))

    with pytest.raises(XError):
        mentions.advance(seen.posts)
    first = list(seen.ids)

    mentions.advance(seen.posts)
    assert sorted(seen.ids) == posted
    assert seen.ids[: len(first)] == first


def test_what_could_not_be_stored_is_read_again(
    fake: FakeX, mentions: MentionCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    mention = fake.world.post("ann", "@suisai")

    def full(_: Iterable[PostPage]) -> int:
        raise XRateLimited("full", None)

    with pytest.raises(XRateLimited):
        mentions.advance(full)
    mentions.advance(seen.posts)

    assert seen.ids == [mention]


def test_the_end_of_what_x_shows_is_warned_of(
    fake: FakeX,
    x: XClient,
    services: Services,
    seen: SeenPosts,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    mentions = MentionCursor(x, services.kv("x"), services.ledger.now)
    mentions.advance(seen.posts)
    base = int(fake.world.new_id())
    for n in range(900):
        fake.world.post("ann", f"@suisai {n}", id_=str(base + n))

    for _ in range(8):
        mentions.advance(seen.posts)
    # Where the line goes depends on whether a test before has set the logs up.
    assert "mentions_beyond_horizon" in capsys.readouterr().out + caplog.text


@pytest.mark.parametrize("far", [lambda n: n, lambda n: n**3, lambda n: 10**9 - (1000 - n) ** 3])
def test_all_unread_are_read_once_however_close_together_they_are(
    fake: FakeX, mentions: MentionCursor, seen: SeenPosts, far: Callable[[int], int]
) -> None:
    mentions.advance(seen.posts)
    base = int(fake.world.new_id())
    posted = [
        fake.world.post("ann", f"@suisai {n}", id_=str(base + far(n) + 1)) for n in range(330)
    ]

    looks = 0
    while len(seen.ids) < 330 and looks < 5:
        mentions.advance(seen.posts)
        looks += 1

    assert sorted(seen.ids, key=int) == posted
    assert fake.count("GET /2/users/1000/mentions") < 150


def test_late_listed_mentions_are_found_within_the_look_back(
    fake: FakeX, x: XClient, services: Services, seen: SeenPosts
) -> None:
    now = services.ledger.now()
    mentions = MentionCursor(x, services.kv("x"), lambda: now, look_back_s=1800)
    mentions.advance(seen.posts)
    late = fake.world.post("ann", "@suisai late")
    fake.world.late.add(late)
    fake.world.post("ben", "@suisai in time")
    mentions.advance(seen.posts)
    fake.world.late.clear()

    mentions.advance(seen.posts)
    assert late not in seen.ids
    now += 301
    mentions.advance(seen.posts)
    assert late in seen.ids


def test_a_page_that_names_itself_as_next_ends_the_poll(
    fake: FakeX, mentions: MentionCursor, messages: MessageCursor, seen: SeenPosts
) -> None:
    mentions.advance(seen.posts)
    fake.world.repeats_tokens = True
    posted = [fake.world.post("ann", f"@suisai {n}") for n in range(5)]

    for _ in range(3):
        mentions.advance(seen.posts)

    assert set(posted) <= set(seen.ids)
    # A look at an endless list ends, and the next one does not begin at its start again.
    assert fake.count("GET /2/users/1000/mentions") < 70


def test_messages_are_read_in_small_pages_until_known_ones_come(
    fake: FakeX, messages: MessageCursor, seen: SeenPosts
) -> None:
    fake.world.message("ann", "old")
    assert messages.advance(seen.messages) == 1
    sent = [fake.world.message("ann", f"new {n}") for n in range(25)]

    assert messages.advance(seen.messages) == 2
    assert sorted(seen.ids) == sent


@pytest.fixture
def listener(services: Services, x: XClient, fake: FakeX) -> Listener:
    """A listener that has looked once."""
    found = Listener(services, x)
    found.look_at_mentions()
    return found


def test_polls_get_rarer_while_nothing_arrives(fake: FakeX, listener: Listener) -> None:
    rests = [listener.look_at_mentions() for _ in range(6)]
    assert rests == sorted(rests)
    assert rests[-1] == 60.0

    fake.world.post("ann", "@suisai")
    assert listener.look_at_mentions() == 30.0


def test_messages_are_asked_for_within_their_limit(fake: FakeX, listener: Listener) -> None:
    listener.look_at_messages()
    assert 15 * listener.look_at_messages() > 900


def test_webhooks_make_polling_rare(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    found = Listener(services, connect(webhooks=True))
    found.look_at_mentions()
    assert found.look_at_mentions() == found.look_at_messages() == 600.0


def test_a_paused_intake_leaves_mentions_where_they_are(
    fake: FakeX, services: Services, listener: Listener
) -> None:
    services.controls.pause("intake", "x")
    asked = len(fake.asked)
    listener.look_at_mentions()
    assert len(fake.asked) == asked


@pytest.mark.parametrize(
    ("fault", "least_s", "most_s"),
    [
        (XFault("GET", 429, {}, {"x-rate-limit-reset": "RESET"}), 100, 122),
        (XFault("GET", 429, {}), 5, 5),
        (XFault("GET", 503), 5, 5),
        (XFault("GET", 402), 300, 300),
        (XFault("GET", 401, times=2), 300, 300),
    ],
)
def test_the_listener_rests_as_long_as_the_trouble_asks_for(
    fake: FakeX, listener: Listener, fault: XFault, least_s: int, most_s: int
) -> None:
    headers = {k: v.replace("RESET", str(int(time.time()) + 120)) for k, v in fault.headers.items()}
    fake.faults.add(XFault(fault.where, fault.status, {}, headers, fault.times))

    assert (
        least_s <= listener.rest_after_look(Poll("mentions", listener.look_at_mentions)) <= most_s
    )


def test_repeated_rate_limits_are_reported(
    fake: FakeX, services: Services, listener: Listener
) -> None:
    reset = {"x-rate-limit-reset": str(int(time.time()) + 600)}
    fake.faults.add(XFault("GET", 429, {"detail": "Too Many Requests"}, reset, times=5))
    each = Poll("mentions", listener.look_at_mentions)

    for _ in range(3):
        assert listener.rest_after_look(each) > 500

    assert "Too Many Requests" in (notice(services.kv("x")) or "")
    assert ReadingState.load(services.kv("x"), "mentions").failures == 3


def test_a_list_that_x_refuses_inside_of_a_success_is_not_read_as_empty(
    fake: FakeX, services: Services, listener: Listener
) -> None:
    hidden = {"errors": [{"title": "Authorization Error", "detail": "Sorry, you may not see it."}]}
    fake.faults.add(XFault("GET /2/users/1000/mentions", 200, hidden, times=3))
    each = Poll("mentions", listener.look_at_mentions)

    for _ in range(3):
        listener.rest_after_look(each)

    assert "Sorry, you may not see it." in (notice(services.kv("x")) or "")


def test_an_unexpected_error_is_reported_and_polling_continues(
    fake: FakeX, services: Services, listener: Listener
) -> None:
    def look() -> float:
        raise ValueError("a post of next year")

    for _ in range(3):
        assert listener.rest_after_look(Poll("mentions", look)) > 0

    assert "a post of next year" in (notice(services.kv("x")) or "")


def test_repeated_failures_are_retried_more_and_more_rarely(
    fake: FakeX, listener: Listener
) -> None:
    fake.faults.add(XFault("GET", 503, times=12))
    each = Poll("mentions", listener.look_at_mentions)
    rests = [listener.rest_after_look(each) for _ in range(9)]
    assert rests[:3] == [5.0, 10.0, 20.0]
    assert rests[-1] == 300.0


def test_a_spent_budget_pauses_until_the_next_period(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    found = Listener(services, connect(daily_budget_usd=0.001))
    rest_s = found.rest_after_look(Poll("mentions", found.look_at_mentions))
    assert 0 < rest_s <= 86_400
    assert fake.count("GET /2/users/1000/mentions") == 0


def test_the_listener_runs_until_it_is_told_to_stop(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    x = connect(poll_fastest_s=0.01, poll_slowest_s=0.01, direct_messages=False)
    stop = threading.Event()
    thread = threading.Thread(target=Listener(services, x).run, args=(stop,))
    thread.start()
    eventually(lambda: services.kv("x").get("mentions:unread"))
    photo = fake.world.picture("https://pbs.twimg.com/media/cat.jpg")
    fake.world.post("ann", "@suisai", media=[photo])

    eventually(lambda: services.ledger.open_jobs("x", fake.world.person("ann")))
    stop.set()
    thread.join(10)

    assert not thread.is_alive()

from __future__ import annotations

from collections.abc import Callable

import pytest

from bots.x.client import XClient
from bots.x.errors import XError
from bots.x.listener.mentions import Mentions
from tasks.models import Job, Outcome
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_faults import XFault
from tests.fakes.x_words import POST, Words
from tests.tasks.delivery_worker import Answered, DeliveryWorker


def test_a_mention_becomes_a_job_to_be_answered_there(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], job_of: Callable[[str], Job]
) -> None:
    mention = fake.world.post("ann", "@suisai in watercolor", media=[photo()], lang="ja")

    assert read() == 1

    ask = job_of(mention).request
    assert (ask.person, ask.style, ask.language) == (fake.world.person("ann"), "watercolor", "ja")
    assert ask.photos[0].ref == "https://pbs.twimg.com/media/cat.jpg"
    assert ask.address["post"] == mention
    assert "unsummoned" not in ask.address
    assert not ask.private
    assert fake.world.made == []


def test_a_post_without_text_is_answered_in_the_persons_last_language(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], job_of: Callable[[str], Job]
) -> None:
    fake.world.post("ann", "@suisai お願い", media=[photo()], lang="ja")
    read()
    bare = [fake.world.post(who, "@suisai", media=[photo()], lang="qme") for who in ("ann", "ben")]
    read()

    assert [job_of(each).request.language for each in bare] == ["ja", "qme"]


def test_a_mention_that_is_read_again_is_one_job(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    services: Services,
) -> None:
    fake.world.post("ann", "@suisai", media=[photo()])
    assert [read(), read()] == [1, 0]
    assert services.ledger.open_count("x") == 1


def test_an_edited_mention_is_one_job(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], job_of: Callable[[str], Job]
) -> None:
    first = fake.world.post("ann", "@suisai", media=[photo()])
    assert read() == 1

    fake.world.edit(first, "@suisai in ink style")

    assert read() == 0
    assert job_of(first).request.style == "film"


def test_50_mentions_under_one_photo_look_it_up_once(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], words: Words
) -> None:
    viral = fake.world.post("ann", "look", media=[photo()])
    for n in range(50):
        fake.world.post(f"fan{n}", "@suisai", under=viral)

    assert read() == 50

    looked_up = [asked.query["ids"] for asked in fake.asked if asked.path == "/2/tweets"]
    if words is POST:
        # One more call tells who they are; it costs nothing for the posts, which were read today.
        assert len(looked_up.pop(0).split(",")) == 50
    assert looked_up in ([], [viral])


def test_a_photo_of_somebody_else_is_painted_unless_they_opted_out(
    fake: FakeX,
    photo: Callable[[], str],
    read: Callable[[], int],
    services: Services,
    job_of: Callable[[str], Job],
) -> None:
    anns = fake.world.post("ann", "look", media=[photo()])
    bens = fake.world.post("ben", "look", media=[photo()])
    services.users.forget("x", fake.world.person("ben"), opt_out=True)
    wanted = fake.world.post("cleo", "@suisai", under=anns)
    unwanted = fake.world.post("cleo", "@suisai", under=bens)

    assert read() == 1

    assert job_of(wanted).request.photos[0].owner == fake.world.person("ann")
    (refusal,) = fake.world.replies_to(unwanted)
    assert "asked me not to" in refusal.text


def test_no_photo_is_said_once_a_day(fake: FakeX, read: Callable[[], int]) -> None:
    first = fake.world.post("ann", "hello @suisai")
    assert read() == 0
    fake.world.post("ann", "@suisai are you there")
    assert read() == 0

    assert [said.replies_to for said in fake.world.made] == [first]
    assert "a photo here" in fake.world.made[0].text


def test_refusals_can_be_turned_off(
    fake: FakeX, services: Services, connect: Callable[..., XClient]
) -> None:
    fake.world.post("ann", "hello @suisai")
    x = connect(say_refusals=False)

    Mentions(services, x).take([x.mentions(None, None)])

    assert fake.world.made == []


def test_again_paints_the_first_photo_anew(
    fake: FakeX,
    read: Callable[[], int],
    job_of: Callable[[str], Job],
    answered: Callable[..., Answered],
) -> None:
    mention, painting = answered("@suisai in pastel style")

    more = fake.world.post("ann", "@suisai again", under=painting)
    read()
    stronger = fake.world.post("ann", "@suisai stronger", under=painting)
    read()

    asks = [job_of(each).request for each in (mention, more, stronger)]
    assert {ask.photos for ask in asks} == {asks[0].photos}
    assert [ask.style for ask in asks] == ["pastel"] * 3
    assert asks[1].seed is not None
    assert asks[2].strength > asks[0].strength
    assert asks[1].address["post"] == more


def test_a_stranger_can_ask_for_another_and_the_owner_is_known(
    fake: FakeX,
    read: Callable[[], int],
    job_of: Callable[[str], Job],
    answered: Callable[..., Answered],
) -> None:
    painting = answered().painting

    strangers = fake.world.post("ben", "@suisai in ink style", under=painting)
    read()

    assert job_of(strangers).request.photos[0].owner == fake.world.person("ann")


def test_without_the_bots_name_nothing_is_painted_that_x_would_not_let_be_posted(
    fake: FakeX, read: Callable[[], int], answered: Callable[..., Answered]
) -> None:
    painting = answered().painting
    asked = len(fake.asked)

    for words in ("again", "stronger", "in ink style", "#watercolor"):
        fake.world.post("ben", words, under=painting)

    assert read() == 0
    # Only the look at the mentions: not even who said so is looked up at a price.
    assert [each.name for each in fake.asked[asked:]] == ["GET /2/users/1000/mentions"]


def test_who_quotes_a_painting_may_be_answered(
    fake: FakeX,
    read: Callable[[], int],
    job_of: Callable[[str], Job],
    answered: Callable[..., Answered],
) -> None:
    painting = answered().painting
    quoting = fake.world.post("ben", "@suisai in ink style", quotes=painting)
    read()
    assert job_of(quoting).request.style == "ink"


def test_an_app_with_other_rights_answers_without_its_name(
    fake: FakeX,
    services: Services,
    connect: Callable[..., XClient],
    answered: Callable[..., Answered],
    job_of: Callable[[str], Job],
) -> None:
    painting = answered().painting
    more = fake.world.post("ann", "again", under=painting)
    x = connect(replies_without_mention=True)

    assert Mentions(services, x).take([x.mentions(None, None)]) == 1
    assert job_of(more).request.seed is not None


def test_a_reply_that_nobody_asked_for_by_name_has_its_own_price(
    fake: FakeX,
    services: Services,
    connect: Callable[..., XClient],
    answered: Callable[..., Answered],
    job_of: Callable[[str], Job],
    worker: DeliveryWorker,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    painting = answered().painting
    fake.world.may_reply_to_all = True
    worker.finish_open()
    monkeypatch.setenv("SUISAI_X_REPLIES_WITHOUT_MENTION", "true")
    more = fake.world.post("ann", "again", under=painting)
    Mentions(services, connect()).take([connect().mentions(None, None)])
    fake.faults.add(XFault("POST /2/tweets", after=True))

    worker.finish_open()
    assert job_of(more).outcome is None
    services.controls.resume("deliver", "x")
    assert worker.deliver(job_of(more).id).outcome is Outcome.ANSWERED

    # The fixture compares what was counted with what was billed.
    assert fake.bill.charged["unsummoned_reply"] == 1


def test_stop_needs_no_name(
    fake: FakeX, services: Services, read: Callable[[], int], answered: Callable[..., Answered]
) -> None:
    painting = answered().painting
    fake.world.post("ann", "stop", under=painting)
    read()
    assert services.users.opted_out("x", fake.world.person("ann"))


def test_conversation_under_a_painting_is_ignored(
    fake: FakeX, read: Callable[[], int], answered: Callable[..., Answered]
) -> None:
    painting = answered().painting
    made = len(fake.world.made)

    fake.world.post("ben", "what a lovely film, thank you so much for this one", under=painting)

    assert read() == 0
    assert len(fake.world.made) == made


def test_the_bot_does_not_answer_itself_or_another_bot(
    fake: FakeX, photo: Callable[[], str], services: Services, connect: Callable[..., XClient]
) -> None:
    robot = fake.world.person("robot")
    fake.world.post("suisai", "@suisai me", media=[photo()])
    fake.world.post("robot", "@suisai beep", media=[photo()])
    x = connect(ignored_accounts=(robot,))

    assert Mentions(services, x).take([x.mentions(None, None)]) == 0
    assert fake.world.made == []


def test_in_a_long_thread_only_explicit_mentions_count(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], services: Services
) -> None:
    last = fake.world.post("ann", "@suisai look", media=[photo()])
    for n in range(40):
        last = fake.world.post(f"fan{n % 5}", "so nice", under=last)
    called = fake.world.post("zoe", "@suisai mine too", media=[photo()], under=last)

    assert read() == 2

    assert len(services.ledger.open_jobs("x", fake.world.person("zoe"))) == 1
    assert fake.world.posts[called].text.count("@suisai") == 2
    assert fake.world.made == []


def test_answers_to_one_person_in_a_thread_are_limited(
    fake: FakeX, photo: Callable[[], str], services: Services, connect: Callable[..., XClient]
) -> None:
    x = connect(answers_per_thread=3)
    inbox = Mentions(services, x)
    last = fake.world.post("ann", "@suisai", media=[photo()])
    taken = 0
    for _ in range(8):
        taken += inbox.take([x.mentions(None, None)])
        reply = fake.world.reply_from_bot(last, f"painted {taken}", [], made_with_ai=True)
        last = fake.world.post("ann", "@suisai again!", media=[photo()], under=reply.id)

    assert taken == 3


@pytest.mark.parametrize("where", ["GET /2/tweets", "GET /2/users"])
def test_nothing_is_forgotten_when_x_fails_in_between(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], where: str
) -> None:
    for n in range(3):
        parent = fake.world.post("ann", f"look {n}", media=[photo()])
        fake.world.post(f"fan{n}", "@suisai", under=parent)
    fake.faults.add(XFault(where, 503))

    with pytest.raises(XError):
        read()

    assert read() == 3


def test_a_refusal_of_the_ledger_is_told_and_costs_nothing(
    fake: FakeX, photo: Callable[[], str], read: Callable[[], int], services: Services
) -> None:
    services.controls.pause("intake")
    mention = fake.world.post("ann", "@suisai", media=[photo()])

    assert read() == 0

    (refusal,) = fake.world.replies_to(mention)
    assert "brushes" in refusal.text

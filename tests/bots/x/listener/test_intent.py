from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.x.listener.intent import (
    AboutAnswer,
    Ignored,
    Intent,
    NeedsPost,
    NothingToPaint,
    PaintThese,
    ParentPhotos,
    ThreadContext,
    intent_of,
)
from bots.x.models import Account, Media, Mention, Post
from tasks.models import PhotoRef

ME = Account("1", "suisai")
PHOTO = Media("3_1", "photo", "https://pbs.twimg.com/media/a.jpg")
VIDEO = Media("7_1", "video", None)
STILL = Media("7_2", "animated_gif", "https://pbs.twimg.com/tweet_video_thumb/b.jpg")


def post(text: str = "@suisai", **more: object) -> Post:
    """Write a post; names are found in its text, as X finds them."""
    usual: dict[str, object] = {
        "id": "100",
        "author": "2",
        "text": text,
        "conversation": "100",
        "first_id": "100",
        "mentions": mentions(text),
        "shown_from": 0,
    }
    return Post(**(usual | more))  # type: ignore[arg-type] # tests name the fields


def mentions(text: str) -> tuple[Mention, ...]:
    ids = {"suisai": "1", "ann": "2", "ben": "3", "cleo": "4"}
    found = []
    for word in {word for word in text.split() if word.startswith("@")}:
        start = text.index(word)
        found.append(Mention(start, start + len(word), ids.get(word[1:].lower(), "9"), word[1:]))
    return tuple(found)


def around(*others: Post | str, **more: object) -> ThreadContext:
    """Return a thread context; a string is the id of a post that cannot be seen."""
    posts = {each if isinstance(each, str) else each.id: each for each in others}
    known = {id_: None if isinstance(each, str) else each for id_, each in posts.items()}
    return ThreadContext(ME, known, **more)  # type: ignore[arg-type] # tests name the fields


def photos(understood: Intent) -> tuple[PhotoRef, ...]:
    assert isinstance(understood, PaintThese), understood
    return understood.photos


def test_a_mention_with_photos_is_painted_up_to_four() -> None:
    media = tuple(Media(str(n), "photo", f"https://pbs.twimg.com/{n}") for n in range(5))
    wished = intent_of(post("@suisai as film", media=media), around())
    assert [photo.ref[-1] for photo in photos(wished)] == ["0", "1", "2", "3"]
    assert isinstance(wished, PaintThese)
    assert wished.words == "@suisai as film"


def test_a_mention_under_a_photo_needs_that_post_and_paints_it() -> None:
    parent = post("look", id="90", author="3", media=(PHOTO,))
    reply = post("@ben @suisai please", replies_to="90", shown_from=5)

    assert intent_of(reply, around()) == NeedsPost("90")
    assert photos(intent_of(reply, around(parent))) == (PhotoRef(PHOTO.picture or "", "3"),)


def test_ones_own_photo_has_no_other_owner() -> None:
    parent = post("look", id="90", author="2", media=(PHOTO,))
    reply = post("@suisai", replies_to="90")
    assert photos(intent_of(reply, around(parent))) == (PhotoRef(PHOTO.picture or ""),)


def test_the_mention_goes_before_the_parent_and_the_parent_before_the_quoted() -> None:
    parent = post("look", id="90", author="3", media=(STILL,))
    quoted = post("look", id="80", author="4", media=(PHOTO,))
    both = post("@suisai", replies_to="90", quotes="80")

    own = post("@suisai", media=(PHOTO,), replies_to="90", quotes="80")
    assert photos(intent_of(own, around()))[0].owner is None
    assert photos(intent_of(both, around(parent, quoted)))[0].owner == "3"
    assert intent_of(both, around(post(id="90"))) == NeedsPost("80")
    assert photos(intent_of(both, around(post(id="90"), quoted)))[0].owner == "4"


def test_a_video_is_painted_by_its_still_picture_or_named() -> None:
    assert photos(intent_of(post(media=(STILL,)), around()))[0].ref == STILL.picture
    assert intent_of(post(media=(VIDEO,)), around()) == NothingToPaint("no-still", "@suisai")


@pytest.mark.parametrize(
    ("rule", "author", "painted"),
    [
        ("anyone", "3", True),
        ("same-author", "3", False),
        ("same-author", "2", True),
        ("never", "2", False),
    ],
)
def test_whose_photos_may_be_painted_is_a_setting(
    rule: ParentPhotos, author: str, painted: bool
) -> None:
    parent = post("look", id="90", author=author, media=(PHOTO,))
    asked = intent_of(post("@suisai", replies_to="90"), around(parent, parent_photos=rule))
    assert asked == NothingToPaint("parent-photos", "@suisai") or painted
    assert isinstance(asked, PaintThese) == painted


def test_a_post_that_cannot_be_seen_is_named() -> None:
    asked = intent_of(post("@suisai", replies_to="90"), around("90"))
    assert asked == NothingToPaint("photo-gone", "@suisai")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (post(author="1", media=(PHOTO,)), "own"),
        (post(reposts="90", media=(PHOTO,)), "repost"),
        (post(author="7", media=(PHOTO,)), "bot"),
        (post("@ben @suisai nice", replies_to="90", shown_from=13), "inherited"),
        (post("no name at all", media=(PHOTO,)), "inherited"),
    ],
)
def test_what_is_not_meant_for_the_bot_is_ignored(said: Post, why: str) -> None:
    assert intent_of(said, around(ignored=frozenset({"7"}))) == Ignored(why)


def test_inherited_names_are_no_mention_even_40_replies_deep() -> None:
    chain = "@ben @suisai @cleo "
    for depth in range(40):
        reply = post(chain + "lovely", id=str(101 + depth), replies_to="90", shown_from=len(chain))
        assert intent_of(reply, around()) == Ignored("inherited")


def test_a_name_that_is_written_again_calls_the_bot() -> None:
    text = "@ben @suisai me too, @suisai"
    names = (*mentions("@ben @suisai"), Mention(21, 28, "1", "suisai"))
    reply = post(text, replies_to="90", shown_from=13, mentions=names, media=(PHOTO,))
    assert isinstance(intent_of(reply, around()), PaintThese)


def test_without_a_visible_range_the_parent_tells_whether_the_name_was_inherited() -> None:
    reply = post("@ben @suisai please", replies_to="90", shown_from=None)
    named = post("hi @suisai", id="90", author="3", media=(PHOTO,))
    plain = post("hi", id="90", author="3", mentions=(), media=(PHOTO,))

    assert intent_of(reply, around()) == NeedsPost("90")
    assert intent_of(reply, around(named)) == Ignored("inherited")
    assert isinstance(intent_of(reply, around(plain)), PaintThese)


def test_without_a_visible_range_a_name_further_on_calls_the_bot() -> None:
    reply = post("@ben look @suisai", replies_to="90", shown_from=None, media=(PHOTO,))
    assert isinstance(intent_of(reply, around()), PaintThese)


def test_a_reply_to_the_bots_answer_is_about_that_painting() -> None:
    by_author = post("@suisai again", replies_to="90", replies_to_author="1", shown_from=8)
    by_memory = post("@suisai again", replies_to="90", shown_from=8)

    assert intent_of(by_author, around()) == AboutAnswer("90", "again")
    assert intent_of(by_memory, around(answers=frozenset({"90"}))) == AboutAnswer("90", "again")


def test_a_reply_to_the_bot_with_a_new_photo_is_painted_only_when_it_is_called() -> None:
    inherited = post(
        "@suisai look", replies_to="90", replies_to_author="1", shown_from=8, media=(PHOTO,)
    )
    called = replace(inherited, shown_from=0)

    assert intent_of(inherited, around()) == Ignored("inherited")
    assert isinstance(intent_of(called, around()), PaintThese)


def test_a_quote_of_a_painting_is_about_that_painting() -> None:
    painting = post("painted", id="80", author="1", media=(PHOTO,))
    shown = post("look what @suisai made", quotes="80")
    assert intent_of(shown, around(painting)) == AboutAnswer("80", "look what @suisai made")


def test_media_that_x_did_not_describe_is_looked_up_once() -> None:
    bare = post(media_missing=True)
    whole = post(media=(PHOTO,))
    assert intent_of(bare, around()) == NeedsPost("100")
    assert isinstance(intent_of(bare, around(whole)), PaintThese)
    assert intent_of(bare, around(bare)) == NothingToPaint("no-photo", "@suisai")


def test_words_are_read_as_they_were_written() -> None:
    wished = intent_of(post("@ben @suisai a &amp; b", shown_from=5, media=(PHOTO,)), around())
    assert isinstance(wished, PaintThese)
    assert wished.words == "@suisai a & b"


@given(
    text=st.text(max_size=60),
    shown_from=st.none() | st.integers(0, 80),
    starts=st.lists(st.integers(0, 80), max_size=4),
    author=st.sampled_from("123"),
    parent=st.none() | st.sampled_from(["90", "gone"]),
)
def test_no_post_of_a_stranger_breaks_understanding(
    text: str, shown_from: int | None, starts: list[int], author: str, parent: str | None
) -> None:
    names = tuple(Mention(start, start + 7, "1", "suisai") for start in starts)
    said = post(text, mentions=names, shown_from=shown_from, author=author, replies_to=parent)
    known = around(post(id="90", author="3", media=(PHOTO,)), "gone")
    assert not isinstance(intent_of(said, known), NeedsPost)

from __future__ import annotations

import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bots.x.listener.intent import ThreadContext, intent_of
from bots.x.models import Account, PostPage
from bots.x.parser import read_delivered_messages, read_messages, read_page
from bots.x.session import Vocabulary, blames_vocabulary, translated_params

OLD: dict[str, Any] = {
    "data": [
        {
            "id": "100",
            "author_id": "2",
            "text": "@ann @suisai look",
            "edit_history_tweet_ids": ["90", "100"],
            "in_reply_to_user_id": "3",
            "conversation_id": "70",
            "lang": "in",
            "display_text_range": [5, 17],
            "referenced_tweets": [
                {"type": "replied_to", "id": "80"},
                {"type": "quoted", "id": "60"},
            ],
            "entities": {
                "mentions": [{"start": 5, "end": 12, "username": "suisai", "id": "1"}],
                "urls": [{"start": 13, "end": 17}],
            },
            "attachments": {"media_keys": ["3_1", "7_2", "3_9"]},
            "note_tweet": {"text": "@ann @suisai look at all this"},
        }
    ],
    "includes": {
        "media": [
            {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/media/a.jpg"},
            {"media_key": "7_2", "type": "video", "preview_image_url": "https://pbs.twimg.com/b"},
        ],
        "tweets": [{"id": "80", "author_id": "3", "text": "hm"}],
        "users": [{"id": "2", "affiliation": {"description": "Automated by @ann"}}],
    },
    "errors": [{"resource_id": "60", "title": "Not Found Error"}],
    "meta": {"next_token": "more"},
}
RENAMED = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
    "tweets": "posts",
}


def renamed(value: Any) -> Any:
    """Return the same JSON in X's new vocabulary."""
    if isinstance(value, dict):
        return {RENAMED.get(key, key): renamed(each) for key, each in value.items()}
    return [renamed(each) for each in value] if isinstance(value, list) else value


@pytest.fixture(params=["old", "new"])
def page(request: pytest.FixtureRequest) -> PostPage:
    """One page, in the old and in the new vocabulary."""
    return read_page(OLD if request.param == "old" else renamed(OLD))


def test_a_post_is_read_with_all_that_belongs_to_it(page: PostPage) -> None:
    (post,) = page.posts
    assert (post.id, post.first_id, post.conversation) == ("100", "90", "70")
    assert (post.replies_to, post.replies_to_author, post.quotes) == ("80", "3", "60")
    assert post.text == "@ann @suisai look at all this"
    assert post.language == "id"
    assert post.shown_from == 5
    assert [mention.username for mention in post.mentions] == ["suisai"]
    assert [media.picture for media in post.media] == [
        "https://pbs.twimg.com/media/a.jpg",
        "https://pbs.twimg.com/b",
    ]
    assert post.media_missing


def test_what_surrounds_a_page_is_read(page: PostPage) -> None:
    assert list(page.around) == ["80"]
    assert page.automated == page.expanded_accounts == {"2"}
    assert page.next_token == "more"


def test_the_author_of_the_parent_is_known_by_the_parent_where_x_does_not_say() -> None:
    data = {key: value for key, value in OLD["data"][0].items() if key != "in_reply_to_user_id"}
    (post,) = read_page({**OLD, "data": data}).posts
    assert post.replies_to_author == "3"


def test_an_empty_page_is_a_page() -> None:
    assert read_page({"meta": {"result_count": 0}}).posts == ()


@pytest.mark.parametrize("id_", ["", "no-number", None, 5.5, "１２３"])
def test_an_id_that_is_none_of_xs_is_left_out(id_: object) -> None:
    assert read_page({"data": [{"id": id_, "author_id": "2"}]}).posts == ()
    event = {"id": id_, "event_type": "MessageCreate", "sender_id": "2"}
    assert read_messages({"data": [event]}).messages == ()


def test_other_events_of_a_conversation_are_no_messages() -> None:
    joined = {"id": "5", "event_type": "ParticipantsJoin", "sender_id": "2"}
    page = read_messages({"data": [joined]})
    assert page.messages == ()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(string.printable, max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@st.composite
def broken(draw: st.DrawFn, whole: Any = OLD) -> Any:
    """Replace some parts of a valid answer by arbitrary values."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(whole, dict):
        return {key: draw(broken(each)) for key, each in whole.items()}
    if isinstance(whole, list):
        return [draw(broken(each)) for each in whole]
    return whole


@given(broken())
def test_no_answer_of_x_breaks_reading_or_understanding(answer: Any) -> None:
    page = read_page(answer if isinstance(answer, dict) else {})
    around = ThreadContext(Account("1", "suisai"), dict(page.around))
    for post in page.posts:
        int(post.id)
        intent_of(post, around)


MESSAGE = {
    "direct_message_events": [
        {
            "id": "5",
            "message_create": {
                "sender_id": "2",
                "target": {"recipient_id": "1"},
                "message_data": {
                    "text": "hi",
                    "attachment": {"media": {"id_str": "8", "type": "photo", "media_url": "u"}},
                },
            },
        }
    ],
    "users": {"2": {"data": {"id": "2", "affiliation": {"description": "Automated"}}}},
}


def test_a_delivered_message_is_read() -> None:
    page = read_delivered_messages(MESSAGE)
    (message,) = page.messages
    assert (message.conversation, message.text, message.media_keys) == ("1-2", "hi", ("8",))
    assert page.automated == {"2"}


@given(broken(MESSAGE), broken({"data": [{"id": "5", "sender_id": "2", "attachments": {}}]}))
def test_no_message_breaks_reading(delivered: Any, listed: Any) -> None:
    for page in (
        read_delivered_messages(delivered if isinstance(delivered, dict) else {}),
        read_messages(listed if isinstance(listed, dict) else {}),
    ):
        assert all(int(message.id) >= 0 for message in page.messages)


def test_a_request_is_said_in_either_vocabulary() -> None:
    asked = {
        "tweet.fields": "author_id,lang,note_tweet,referenced_tweets,in_reply_to_user_id",
        "expansions": "attachments.media_keys",
        "max_results": 5,
    }
    assert translated_params(asked, Vocabulary.TWEET) == asked
    assert translated_params(asked, Vocabulary.POST) == {
        "post.fields": "lang,note_post",
        "expansions": "attachments.media_keys,author_id,referenced_posts",
        "max_results": 5,
    }


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        ("400 The query parameter [tweet.fields] is not one of [id]", True),
        ("400 The `expansions` query parameter value [x] is not one of", True),
        ("400 'since_id' must be a tweet id", False),
    ],
)
def test_errors_about_words_are_told_from_others(detail: str, words: bool) -> None:
    assert blames_vocabulary(detail) == words

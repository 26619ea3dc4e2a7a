"""X's two vocabularies for requests: `tweet.fields`, which tweepy sends, and `post.fields`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

POST_FIELDS = (
    "attachments",
    "author_id",
    "conversation_id",
    "display_text_range",
    "edit_history_tweet_ids",
    "entities",
    "in_reply_to_user_id",
    "lang",
    "note_tweet",
    "referenced_tweets",
)
"""What the bot reads of a post, in tweepy's words."""
PRICED_FIELDS = frozenset({"author_id", "in_reply_to_user_id", "referenced_tweets"})
"""Fields that `post` words only tell together with what they name, an account or a post, at its price."""
SOURCE_FIELDS = ("attachments", "author_id", "entities", "note_tweet")
"""What it reads of a post for the photo in it, or for the names in it; not what that one replies to."""
MESSAGE_FIELDS = ("attachments", "dm_conversation_id", "event_type", "id", "sender_id", "text")
MEDIA_FIELDS = ("media_key", "preview_image_url", "type", "url")
MEDIA_EXPANSION = "attachments.media_keys"

_FIELDS = MappingProxyType({"note_tweet": "note_post"})
# in_reply_to_user_id is an expansion too, but a billed account more for each reply; the parent
# post, which comes along anyway, names its author.
_EXPANSIONS = MappingProxyType(
    {
        "author_id": "author_id",
        "edit_history_tweet_ids": "edit_history_post_ids",
        "in_reply_to_user_id": None,
        "referenced_tweets": "referenced_posts",
        "sender_id": "sender_id",
    }
)


class Vocabulary(StrEnum):
    """Which words a request uses."""

    TWEET = "tweet"
    POST = "post"

    def spare(self, fields: Iterable[str]) -> list[str]:
        """Leave out the fields that have a price in this vocabulary."""
        free = self is Vocabulary.TWEET
        return [field for field in fields if free or field not in PRICED_FIELDS]

    @property
    def other(self) -> Vocabulary:
        """The other one of the two."""
        return Vocabulary.POST if self is Vocabulary.TWEET else Vocabulary.TWEET


def spoken(params: Mapping[str, object], vocabulary: Vocabulary) -> dict[str, object]:
    """Say the parameters of a request, given in tweepy's words, in this vocabulary."""
    said = dict(params)
    if vocabulary is Vocabulary.TWEET:
        return said
    expansions = _items(said.pop("expansions", ""))
    for ours, theirs in (("tweet.fields", "post.fields"), ("dm_event.fields", "dm_event.fields")):
        fields = _items(said.pop(ours, ""))
        if fields:
            said[theirs] = ",".join(_FIELDS.get(f, f) for f in fields if f not in _EXPANSIONS)
            expansions += [moved for f in fields if (moved := _EXPANSIONS.get(f))]
    if expansions:
        said["expansions"] = ",".join(dict.fromkeys(expansions))
    return said


def blames_words(detail: str) -> bool:
    """Tell whether an error of X is about parameters that it does not know."""
    said = detail.lower()
    return any(name in said for name in (".fields", "expansions", "query parameter"))


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return [item for item in value.split(",") if item]
    return [str(item) for item in value] if isinstance(value, Iterable) else []

"""The HTTP session of all calls to X: sets host, deadlines, size limit and vocabulary; parses errors.

X's two vocabularies for requests: `tweet.fields`, which tweepy sends, and `post.fields`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from http.cookiejar import DefaultCookiePolicy
from types import MappingProxyType
from typing import Any

import requests
from urllib3.exceptions import NameResolutionError, NewConnectionError

from bots.x.errors import XUnknownOutcome, XUnreachable, error_of

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
"""The fields that the bot reads of a post, by tweepy's names."""

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
    """Which of X's two sets of parameter names a request uses."""

    TWEET = "tweet"
    POST = "post"

    def without_priced(self, fields: Iterable[str]) -> list[str]:
        """Return the fields without those that have a price in this vocabulary."""
        free = self is Vocabulary.TWEET
        return [field for field in fields if free or field not in PRICED_FIELDS]

    @property
    def alternative(self) -> Vocabulary:
        """Return the other vocabulary."""
        return Vocabulary.POST if self is Vocabulary.TWEET else Vocabulary.TWEET


def translated_params(params: Mapping[str, object], vocabulary: Vocabulary) -> dict[str, object]:
    """Return the parameters of a request, given by tweepy's names, in this vocabulary."""
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


def blames_vocabulary(detail: str) -> bool:
    """Return whether an error of X is about parameters that it does not know."""
    said = detail.lower()
    return any(name in said for name in (".fields", "expansions", "query parameter"))


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return [item for item in value.split(",") if item]
    return [str(item) for item in value] if isinstance(value, Iterable) else []


_BODY_MAX = 20_000_000
"""Maximum size of a response; a page of 100 posts with its included objects takes less than a tenth."""
_BODY_TIMEOUTS = 3
"""Total duration of a call, in multiples of its timeout."""
TWEEPY_HOST = "https://api.twitter.com"

# Their DEBUG lines print Authorization headers, signatures and tokens.
_LOGGERS_OF_SECRETS = ("tweepy", "oauthlib", "requests_oauthlib")


class XSession(requests.Session):
    """Sends tweepy's requests to the configured host, translated and with deadlines.

    The host is changed before a request is signed: an OAuth1 signature covers it. Answers that are
    no success raise `XError`s, before tweepy can trip over their bodies.
    """

    def __init__(self, api_url: str, timeout_s: float) -> None:
        super().__init__()
        self.vocabulary = Vocabulary.TWEET
        self._api_url = api_url.rstrip("/")
        self._timeout_s = timeout_s
        # A .netrc would replace the Authorization header.
        self.trust_env = False
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        for name in _LOGGERS_OF_SECRETS:
            logging.getLogger(name).setLevel(logging.INFO)

    def request(
        self,
        method: str,
        url: str | bytes,
        *args: Any,  # noqa: ANN401 - the base class says so
        **kwargs: Any,  # noqa: ANN401 - the base class says so
    ) -> requests.Response:
        """Send one request. Raises `XError`."""
        target = str(url)
        if target.startswith(TWEEPY_HOST):
            target = self._api_url + target.removeprefix(TWEEPY_HOST)
        if kwargs.get("params"):
            kwargs["params"] = translated_params(kwargs["params"], self.vocabulary)
        kwargs.setdefault("timeout", self._timeout_s)
        kwargs["allow_redirects"] = False
        kwargs["stream"] = True
        ends_at = time.monotonic() + _BODY_TIMEOUTS * self._timeout_s
        try:
            response = super().request(method, target, *args, **kwargs)
            _read_whole(response, ends_at)
        except requests.RequestException as error:
            raise _network_error(error) from error
        if not 200 <= response.status_code < 300:
            with response:
                raise error_of(response)
        if response.content and not _is_json(response):
            raise XUnknownOutcome(f"{response.status_code} without JSON")
        return response


class _BoundedBody:
    """The body of a response, limited in size and time."""

    def __init__(self, raw: Any, ends_at: float) -> None:  # noqa: ANN401 - urllib3's, which requests does not type
        self._raw = raw
        self._ends_at = ends_at

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any attribute of the raw body
        return getattr(self._raw, name)

    def stream(self, size: int, decode_content: bool | None = None) -> Iterator[bytes]:
        """Yield the body in pieces. Raises `XUnknownOutcome` at a limit."""
        total = 0
        for piece in self._raw.stream(size, decode_content=decode_content):
            total += len(piece)
            if total > _BODY_MAX or time.monotonic() > self._ends_at:
                raise XUnknownOutcome("X's answer does not end")
            yield piece


def _read_whole(response: requests.Response, ends_at: float) -> None:
    """Read the body, which the response then keeps."""
    response.raw = _BoundedBody(response.raw, ends_at)
    try:
        _ = response.content
    except BaseException:
        response.close()
        raise


def _is_json(response: requests.Response) -> bool:
    try:
        response.json()
    except requests.JSONDecodeError:
        return False
    return True


def _network_error(error: requests.RequestException) -> XUnreachable | XUnknownOutcome:
    """Return `XUnreachable` if the request was certainly not sent, else `XUnknownOutcome`."""
    cause = getattr(error.args[0], "reason", error.args[0]) if error.args else None
    if isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError):
        return XUnreachable(type(error).__name__)
    if isinstance(cause, NewConnectionError | NameResolutionError):
        return XUnreachable(type(cause).__name__)
    return XUnknownOutcome(type(error).__name__)

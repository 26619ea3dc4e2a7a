"""The client of X's API: every call that the bot makes, typed, charged, signed and parsed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

import tweepy
from requests import Request
from requests.auth import AuthBase

from bots.x.budget import Budget, Purchase, price_table
from bots.x.errors import XRefused, XUnauthorised, XUnknownOutcome, refusal_in
from bots.x.models import Account, MessagePage, PostPage
from bots.x.oauth import LoginNeeded, TokenStore
from bots.x.parser import read_messages, read_page
from bots.x.session import (
    MEDIA_EXPANSION,
    MEDIA_FIELDS,
    MESSAGE_FIELDS,
    POST_FIELDS,
    SOURCE_FIELDS,
    TWEEPY_HOST,
    Vocabulary,
    XSession,
    blames_vocabulary,
)
from bots.x.settings import XSettings
from tasks.kv import KeyValueStore
from tasks.services import Services

Answer: TypeAlias = Mapping[str, Any]

MENTIONS_LEAST, MENTIONS_MOST = 5, 100
"""The smallest and largest page of mentions or posts that X returns."""
_CLOCK_GOOD_S = 60.0
_VOCABULARY_KEY = "vocabulary"
_ACCOUNT_KEY = "account"

_MEDIA: dict[str, Any] = {"expansions": [MEDIA_EXPANSION], "media_fields": list(MEDIA_FIELDS)}


class XClient:
    """Calls X as the bot's account. Methods raise `XError` and may be called from any thread."""

    def __init__(
        self,
        settings: XSettings,
        store: KeyValueStore,
        clock: Callable[[], float] = time.time,
        committed: Callable[[XClient], int] = lambda _: 0,
    ) -> None:
        """`clock` decides the day of the budget; `committed` tells what admitted requests will cost."""
        self.settings = settings
        self.session = XSession(settings.api_url, settings.timeout_s)
        self.tokens = TokenStore(settings, store, self.session, clock)
        self.budget = Budget(
            store,
            price_table(settings.prices, settings.owns_app),
            settings.daily_budget_usd,
            settings.monthly_budget_usd,
            clock,
            lambda: committed(self),
        )
        self._store = store
        self._client = tweepy.Client(**_oauth1_keys(settings), return_type=dict)
        # tweepy keeps its session public: this is the one seam that it offers.
        self._client.session = self.session
        self.session.vocabulary = self._vocabulary()

    @classmethod
    def open(cls, services: Services, settings: XSettings | None = None) -> XClient:
        """Open the client with the ledger's clock and a budget that reserves for its open jobs."""
        ledger = services.ledger

        def committed(x: XClient) -> int:
            return (
                ledger.open_count("x") * x.answer_price()
                + ledger.open_count("x-dm") * x.message_price()
            )

        store = services.kv("x")
        return cls(settings or XSettings(), store, _SharedClock(ledger.now), committed)

    def answer_price(self) -> int:
        """Return what a painting as a reply costs, in millionths of a dollar."""
        rules = self.settings.replies_without_mention
        return self.budget.price(reply_kind(not rules)) + self.budget.price("alt_text")

    def message_price(self) -> int:
        """Return what a painting as a direct message costs, in millionths of a dollar."""
        return self.budget.price("message_sent") + self.budget.price("alt_text")

    def mention_price(self) -> int:
        """Return what a mention may cost after it was read: looked up, its photo's post, the answer."""
        return self._lookup_price(POST_FIELDS) + self._source_price() + self.answer_price()

    def _lookup_price(self, fields: Iterable[str]) -> int:
        along = self._along(fields)
        return self.budget.price("post") + sum(self.budget.price(w) * n for w, n in along.items())

    def _source_price(self) -> int:
        """Return what the post costs that holds the photo which a mention is about."""
        return self._lookup_price(SOURCE_FIELDS)

    @property
    def by_oauth1(self) -> bool:
        """Return whether calls are signed with OAuth1 keys, because there was no OAuth2 login."""
        return self.settings.has_oauth1 and self.tokens.known() is None

    def me(self) -> Account:
        """Return the bot's account; X is asked once, then the answer is stored."""
        if known := self._store.get(_ACCOUNT_KEY):
            id_, username = known.split(" ", 1)
            return Account(id_, username)
        return self.renewed_me()

    def renewed_me(self) -> Account:
        """Ask X which account the keys belong to, and store it."""
        with self.budget.reading("account", 1) as purchase:
            answer = self._read(self._client.get_me)
            account = Account(data_field(answer, "id"), data_field(answer, "username"))
            purchase.received("account", [account.id])
        self._store.put(_ACCOUNT_KEY, f"{account.id} {account.username}")
        return account

    def mentions(
        self,
        since_id: str | None,
        token: str | None,
        at_most: int = MENTIONS_MOST,
        until_id: str | None = None,
    ) -> PostPage:
        """Return one page of the mentions between two ids, newest first.

        No more are asked for than the budget can answer. Where authors have a price they are left out: most
        mentions only inherit the bot's name, and `posts` returns those that do not with their authors.
        """
        price = self.mention_price()
        with self.budget.reading(
            "mention", at_most, MENTIONS_LEAST, follow_up=price, keep=price
        ) as purchase:
            answer = self._read(
                self._client.get_users_mentions,
                self.me().id,
                since_id=since_id,
                until_id=until_id,
                pagination_token=token,
                max_results=purchase.count,
                tweet_fields=POST_FIELDS,
                sparing=True,
                **_MEDIA,
            )
            page = read_page(_listed(answer))
            _charge(purchase, "mention", page)
        return page

    def least_budget(self) -> int:
        """Return what must be free, in millionths of a dollar, to read the smallest page and answer one."""
        return MENTIONS_LEAST * self.budget.price("mention") + self.mention_price()

    def mentions_affordable(self) -> int:
        """Return how many mentions the budget can read and answer at once; 0: `mentions` would be refused."""
        price = self.mention_price()
        return self.budget.affordable("mention", MENTIONS_MOST, MENTIONS_LEAST, price, price)

    def posts(self, ids: Iterable[str], fields: Iterable[str] = POST_FIELDS) -> PostPage:
        """Return these posts, at most 100, without those that X cannot show.

        Raises `BudgetSpent` unless an answer for each could be paid afterwards.
        """
        wanted, fields = list(ids), tuple(fields)
        count, along = len(wanted), self._along(fields)
        source = self._source_price() if "referenced_tweets" in fields else 0
        keep = count * (source + self.answer_price())
        with self.budget.reading("post", count, count, along, keep=keep) as purchase:
            page = read_page(
                self._read(self._client.get_tweets, wanted, tweet_fields=fields, **_MEDIA)
            )
            _charge(purchase, "post", page)
        return page

    def own_posts(self, since_id: str, start_time: str | None, token: str | None) -> PostPage:
        """Return one page of the bot's own posts, replies among them, newest first."""
        with self.budget.reading("own_post", MENTIONS_MOST, MENTIONS_LEAST) as purchase:
            answer = self._read(
                self._client.get_users_tweets,
                self.me().id,
                since_id=since_id,
                start_time=start_time,
                pagination_token=token,
                exclude=["retweets"],
                max_results=purchase.count,
                tweet_fields=["referenced_tweets"],
            )
            page = read_page(_listed(answer))
            _charge(purchase, "own_post", page)
        return page

    def messages(self, token: str | None, at_most: int, person: str | None = None) -> MessagePage:
        """Return one page of direct messages, newest first, with one person or with all."""
        follow_up = 0 if person else self.message_price()
        along = {"account": 1} if self.session.vocabulary is Vocabulary.POST else {}
        with self.budget.reading(
            "message", at_most, 1, along, follow_up, keep=follow_up
        ) as purchase:
            answer = self._read(
                self._client.get_direct_message_events,
                participant_id=person,
                pagination_token=token,
                event_types=["MessageCreate"],
                max_results=purchase.count,
                dm_event_fields=list(MESSAGE_FIELDS),
                **_MEDIA,
            )
            page = read_messages(_listed(answer))
            purchase.received("message", (message.id for message in page.messages))
            purchase.received("account", page.expanded_accounts)
        return page

    def reply(
        self,
        to: str,
        text: str,
        media_ids: Iterable[str] = (),
        key: str | None = None,
        spare: bool = False,
        is_summoned: bool = True,
    ) -> str:
        """Reply to a post and return the id of the reply. `key`, `spare`: see `Budget.writing`.

        `is_summoned`: the author of that post mentioned or quoted the bot.
        """
        body: dict[str, Any] = {"text": text, "reply": {"in_reply_to_tweet_id": to}}
        # A reply without a picture was not made with AI.
        if media := list(media_ids):
            body |= {"media": {"media_ids": media}, "made_with_ai": self.settings.made_with_ai}
        with self.budget.writing(reply_kind(is_summoned), key, spare):
            return data_field(self.send("POST", "/2/tweets", json=body), "id")

    def delete(self, post_id: str) -> None:
        """Delete a post of the bot."""
        with self.budget.writing("deletion"):
            self._asked(self._client.delete_tweet, post_id)

    def send_message(
        self,
        to: str,
        text: str | None,
        media_id: str | None = None,
        key: str | None = None,
        spare: bool = False,
    ) -> str:
        """Send a direct message and return the id of its event. `key`, `spare`: see `Budget.writing`."""
        with self.budget.writing("message_sent", key, spare):
            answer = self._asked(
                self._client.create_direct_message,
                participant_id=to,
                text=text,
                media_id=media_id,
            )
            return data_field(answer, "dm_event_id")

    def send(self, method: str, route: str, **request: object) -> Answer:
        """Make a call that tweepy has no method for."""
        return _object(self._with_fresh_token(lambda: self._send(method, route, request)))

    def authorization(self, url: str) -> str:
        """Return the Authorization header of a GET of `url`."""
        headers, auth = self._signature()
        return str(
            Request("GET", url, headers=headers, auth=auth).prepare().headers["Authorization"]
        )

    def _send(self, method: str, route: str, request: Mapping[str, Any]) -> object:
        headers, auth = self._signature()
        with self.session.request(
            method, TWEEPY_HOST + route, headers=headers, auth=auth, **request
        ) as response:
            return response.json() if response.content else {}

    def _signature(self) -> tuple[dict[str, str], AuthBase | None]:
        if not self.by_oauth1:
            return {"Authorization": f"Bearer {self.tokens.current()}"}, None
        keys = _oauth1_keys(self.settings)
        return {}, tweepy.OAuth1UserHandler(*keys.values()).apply_auth()

    def _read(
        self,
        ask: Callable[..., object],
        *args: object,
        tweet_fields: Iterable[str] = (),
        sparing: bool = False,
        **params: object,
    ) -> Answer:
        """Make the call; if X rejects the vocabulary, retry once with the other one."""

        def asked() -> Answer:
            fields = (
                self.session.vocabulary.without_priced(tweet_fields)
                if sparing
                else list(tweet_fields)
            )
            if fields:
                params["tweet_fields"] = fields
            return self._asked(ask, *args, **params)

        try:
            return asked()
        except XRefused as fault:
            if self.settings.vocabulary != "auto" or not blames_vocabulary(fault.detail):
                raise
        tried = self.session.vocabulary
        self.session.vocabulary = tried.alternative
        try:
            answer = asked()
        except XRefused:
            self.session.vocabulary = tried
            raise
        self._store.put(_VOCABULARY_KEY, self.session.vocabulary.value)
        return answer

    def _asked(self, ask: Callable[..., object], *args: object, **params: object) -> Answer:
        return _object(
            self._with_fresh_token(lambda: ask(*args, user_auth=self.by_oauth1, **params))
        )

    def _with_fresh_token(self, call: Callable[[], object]) -> object:
        if self.by_oauth1:
            return call()
        token = self._client.bearer_token = self.tokens.current()
        try:
            return call()
        except XUnauthorised as fault:
            if isinstance(fault, LoginNeeded):
                raise
            self._client.bearer_token = self.tokens.renewed(token)
            return call()

    def _vocabulary(self) -> Vocabulary:
        chosen = self.settings.vocabulary
        if chosen == "auto":
            return Vocabulary(self._store.get(_VOCABULARY_KEY) or Vocabulary.TWEET)
        return Vocabulary(chosen)

    def _along(self, fields: Iterable[str]) -> dict[str, int]:
        """Return what X sends along with a post that is looked up, at its price.

        A post that both replies and quotes brings one post and one account more.
        """
        if self.session.vocabulary is Vocabulary.TWEET:
            return {}
        return {"account": 2, "post": 1} if "referenced_tweets" in fields else {"account": 1}


class _SharedClock:
    """The ledger's clock, the same for all machines; asked once a minute."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._ahead_s = 0.0
        self._ask_at = 0.0

    def __call__(self) -> float:
        if time.monotonic() >= self._ask_at:
            self._ahead_s = self._now() - time.time()
            self._ask_at = time.monotonic() + _CLOCK_GOOD_S
        return time.time() + self._ahead_s


def _charge(purchase: Purchase, what: str, page: PostPage) -> None:
    """Charge for a page and for what came along with it."""
    purchase.received(what, (post.id for post in page.posts))
    purchase.received("post", page.around)
    purchase.received("account", page.expanded_accounts)


def reply_kind(is_summoned: bool) -> str:
    """Return what X charges for a reply to a post whose author mentioned or quoted the bot, or did not."""
    return "reply" if is_summoned else "unsummoned_reply"


def _listed(answer: Answer) -> Answer:
    """Return an answer that lists something. Raises `XRefused` where X lists errors instead."""
    if refusal := refusal_in(answer):
        raise refusal
    return answer


def data_field(answer: Answer, name: str) -> str:
    """Return a field of `data`. Raises `XUnknownOutcome` where a success does not name it."""
    data = answer.get("data")
    if not isinstance(data, Mapping) or not data.get(name):
        raise XUnknownOutcome(f"X answered without {name}")
    return str(data[name])


def _object(answer: object) -> Answer:
    return answer if isinstance(answer, Mapping) else {}


def _oauth1_keys(settings: XSettings) -> dict[str, str | None]:
    names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    found = {name: getattr(settings, name) for name in names}
    return {name: secret and secret.get_secret_value() for name, secret in found.items()}

"""Implements `Platform` for X and its direct messages: fetches photos, sends and finds answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bots.download import DownloadSource, download
from bots.x.client import XClient, reply_kind
from bots.x.error_mapping import is_about_media, is_duplicate, mapped_for_workers, note_success
from bots.x.errors import XError, XForbidden
from bots.x.listener.context import delete_answer, owners_of
from bots.x.listener.cursors import pages, time_of
from bots.x.media import upload
from bots.x.models import Message
from bots.x.store import Memory, notify_operator
from bots.x.text import alt_text_of, text_of
from pipeline.styles import load_styles
from tasks.errors import PhotoUnavailable, PlatformPaused, TransientError, Undeliverable
from tasks.ledger.ledger import UnknownJob
from tasks.models import Answer, Apology, Job, Painting, PhotoRef, RateLimit
from tasks.services import Services

TON_HOST = "ton.twitter.com"
"""Where X keeps the media of messages; links to it stand for the path that OAuth2 can read."""
PICTURES_MAX = 4
_MEDIA_VALID_S = 20 * 3600.0
"""X keeps an upload for a day."""
_MEDIA_TRIES = 5
"""How often pictures are uploaded for one answer where X then refuses them."""
_SKEW_S = 120.0
"""How far X's clock and the ledger's may be apart."""
_RECENT_MESSAGES = 20


class XPlatform:
    """Mentions on X. Each gets one reply."""

    name = "x"

    def __init__(self, services: Services, sleep: Callable[[float], None] = time.sleep) -> None:
        self._services = services
        self._store = services.kv("x")
        self._x = XClient.open(services)
        self._retry_s = self._x.settings.retry_s
        self._memory = Memory(self._store, services.settings.job_retention_s)
        self._styles = load_styles()
        self._sleep = sleep

    def quota(self) -> RateLimit:
        return self._x.settings.posts

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        settings = self._x.settings
        # Without a size X gives a rendering of 1200 px; `large` has up to 2048.
        size = "" if "?" in photo.ref else "?name=large"
        return download(
            photo.ref + size, DownloadSource.of(settings.api_url, *settings.photo_hosts)
        )

    def answer(self, job: Job, answer: Answer) -> str:
        with mapped_for_workers(self._store, self._retry_s):
            media = self._uploaded(job, answer) if isinstance(answer, Painting) else ()
        _acquire_slot(self._services, self.name, self.quota())
        _set_data(self._services, job, sending=f"{self._services.ledger.now():.3f}")
        text = text_of(job, answer, self._styles.get(job.request.style))
        with mapped_for_workers(self._store, self._retry_s, sends=True):
            receipt = self._reply(job, text, media)
        note_success(self._store)
        return self._remember(job, receipt)

    def find_answer(self, job: Job) -> str | None:
        # `sending` is set before the call: a job without it never came to the point of sending.
        if "sending" not in job.platform_data:
            return None
        _wait_until_listed(self._services, job, self._x.settings.settling_s, self._sleep)
        with mapped_for_workers(self._store, self._retry_s):
            receipt = self._own_reply(job)
        what = reply_kind(is_summoned="unsummoned" not in job.request.address)
        self._x.budget.settle(what, job.id, happened=receipt is not None)
        return self._remember(job, receipt) if receipt else None

    def retract(self, receipt: str) -> None:
        with mapped_for_workers(self._store, self._retry_s):
            try:
                delete_answer(self._x, receipt)
            except XForbidden as error:
                trouble = f"the post {receipt} must be deleted by hand: {error.detail}"
                notify_operator(self._store, trouble)

    def _reply(self, job: Job, text: str, media: tuple[str, ...]) -> str:
        """Reply to the mention. Raises `XError`."""
        mention, is_summoned = job.request.address["post"], "unsummoned" not in job.request.address

        def send(text: str) -> str:
            return self._x.reply(mention, text, media, job.id, is_summoned=is_summoned)

        with _forgotten_where_refused(self._services, job):
            try:
                return send(text)
            except XError as error:
                if not is_duplicate(error):
                    raise
                # The post that this one repeats may be an earlier try of ours, else what this person was
                # told before: X takes the same words once the time stands beside them.
                return self._own_reply(job) or _sent_varied(send, text, self._services.ledger.now())

    def _own_reply(self, job: Job) -> str | None:
        mention = job.request.address["post"]
        sending = float(job.platform_data.get("sending") or job.admitted_at)
        start = datetime.fromtimestamp(sending - _SKEW_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for page in pages(lambda token: self._x.own_posts(mention, start, token)):
            for post in page.posts:
                if post.replies_to == mention:
                    return post.id
        return None

    def _uploaded(self, job: Job, painting: Painting) -> tuple[str, ...]:
        """Upload the pictures; a later try uses what an earlier one uploaded and X still keeps."""
        now = self._services.ledger.now()
        if known := _known_media(job, now):
            return known
        words = alt_text_of(job, self._styles.get(job.request.style))
        pictures = painting.pictures[:PICTURES_MAX]
        uploads = [upload(self._x, picture, "tweet_image", words) for picture in pictures]
        ids = [each.id for each in uploads]
        _set_data(
            self._services,
            job,
            media=" ".join(ids),
            media_at=f"{now:.0f}",
            undescribed=" ".join(each.id for each in uploads if not each.described),
        )
        return tuple(ids)

    def _remember(self, job: Job, receipt: str) -> str:
        self._memory.answered(receipt, job.id, owners_of(job))
        return receipt


class XDirectMessages:
    """Direct messages on X. A message does not refer to another, so its picture identifies the job."""

    name = "x-dm"

    def __init__(self, services: Services, sleep: Callable[[float], None] = time.sleep) -> None:
        self._services = services
        self._store = services.kv("x")
        self._x = XClient.open(services)
        self._retry_s = self._x.settings.retry_s
        self._styles = load_styles()
        self._sleep = sleep

    def quota(self) -> RateLimit:
        return self._x.settings.messages

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        settings = self._x.settings
        link = urlsplit(photo.ref)
        if link.hostname in settings.photo_hosts:
            return download(photo.ref, DownloadSource.of(settings.api_url, *settings.photo_hosts))
        if link.hostname != TON_HOST or link.path.count("/") < 3:
            raise PhotoUnavailable("photo-elsewhere")
        url = photo.ref if self._x.by_oauth1 else self._by_oauth2(link.path)
        source = DownloadSource.of(settings.api_url, TON_HOST)
        try:
            return download(url, source, headers=self._signed(url))
        except PhotoUnavailable:
            # X also says so to a token that it no longer accepts: then the photo is not gone.
            if self._x.by_oauth1:
                raise
            with mapped_for_workers(self._store, self._retry_s):
                self._x.tokens.renewed(self._x.tokens.current())
            return download(url, source, headers=self._signed(url))

    def answer(self, job: Job, answer: Answer) -> str:
        with mapped_for_workers(self._store, self._retry_s):
            media = self._uploaded(job, answer) if isinstance(answer, Painting) else ()
        _acquire_slot(self._services, self.name, self.quota())
        _set_data(self._services, job, sending=f"{self._services.ledger.now():.3f}")
        text = text_of(job, answer, self._styles.get(job.request.style))
        with mapped_for_workers(self._store, self._retry_s, sends=True):
            receipt = self._send(job, text, next(iter(media), None))
        note_success(self._store)
        return receipt

    def find_answer(self, job: Job) -> str | None:
        # `sending` is set before the call: a job without it never came to the point of sending.
        if "sending" not in job.platform_data:
            return None
        _wait_until_listed(self._services, job, self._x.settings.settling_s, self._sleep)
        with mapped_for_workers(self._store, self._retry_s):
            found = self._own_message(job)
        self._x.budget.settle("message_sent", job.id, happened=found is not None)
        return found

    def retract(self, receipt: str) -> None:
        """Do nothing: deleting a message removes it from the bot's side only."""

    def _signed(self, url: str) -> dict[str, str]:
        with mapped_for_workers(self._store, self._retry_s):
            return {"Authorization": self._x.authorization(url)}

    def _by_oauth2(self, path: str) -> str:
        dm_id, media_id, resource_id = path.rstrip("/").split("/")[-3:]
        base = self._x.settings.api_url.rstrip("/")
        return f"{base}/2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}"

    def _send(self, job: Job, text: str, media: str | None) -> str:
        """Send the message. Raises `XError`."""
        to = job.request.address["to"]

        def send(text: str) -> str:
            return self._x.send_message(to, text, media, job.id)

        with _forgotten_where_refused(self._services, job):
            try:
                return send(text)
            except XError as error:
                if not is_duplicate(error):
                    raise
                # The message that this one repeats is an earlier try of ours, if there was one.
                if "sending" in job.platform_data and (found := self._own_message(job)):
                    return found
                return _sent_varied(send, text, self._services.ledger.now())

    def _own_message(self, job: Job) -> str | None:
        page = self._x.messages(None, _RECENT_MESSAGES, person=job.request.address["to"])
        me = self._x.me().id
        sent = (message for message in page.messages if message.sender == me)
        text = text_of(job, Apology(job.reason, job.facts, job.refunded))
        return next((message.id for message in sent if _answers(message, job, text)), None)

    def _uploaded(self, job: Job, painting: Painting) -> tuple[str, ...]:
        """Upload the picture; a later try uses what an earlier one uploaded and X still keeps."""
        now = self._services.ledger.now()
        if known := _known_media(job, now):
            return known
        words = alt_text_of(job, self._styles.get(job.request.style))
        media = upload(self._x, painting.pictures[0], "dm_image", words)
        # Any of them tells that a message is the answer to this job.
        keys = " ".join(filter(None, (job.platform_data.get("media_keys"), media.key, media.id)))
        _set_data(self._services, job, media=media.id, media_at=f"{now:.0f}", media_keys=keys)
        return (media.id,)


def _known_media(job: Job, now: float) -> tuple[str, ...]:
    """Return the pictures that an earlier try uploaded and X still keeps."""
    data = job.platform_data
    if data.get("media") and now - float(data["media_at"]) < _MEDIA_VALID_S:
        return tuple(data["media"].split())
    return ()


@contextmanager
def _forgotten_where_refused(services: Services, job: Job) -> Iterator[None]:
    """Make the next try upload the pictures again if X rejects their ids.

    Raises `Undeliverable` after too many of them.
    """
    try:
        yield
    except XError as error:
        if not is_about_media(error):
            raise
        tries = int(job.platform_data.get("media_tries") or 0) + 1
        if tries >= _MEDIA_TRIES:
            raise Undeliverable("media-refused") from error
        _set_data(services, job, media="", media_tries=str(tries))
        raise


def _acquire_slot(services: Services, name: str, limit: RateLimit) -> None:
    """Take a slot of X's limit for posts or messages. Raises `PlatformPaused` if none is free."""
    wait_s = services.rate_limiter("x").take([(name, limit)])
    if wait_s:
        raise PlatformPaused(time.time() + wait_s, "X's limit for the last 15 minutes is used up")


def _set_data(services: Services, job: Job, **data: str) -> None:
    """Store platform data on a job. Raises `Undeliverable` if its person was forgotten meanwhile."""
    try:
        services.ledger.set_platform_data(job.id, **data)
    except UnknownJob as error:
        raise Undeliverable("forgotten") from error


def _wait_until_listed(
    services: Services, job: Job, settling_s: float, sleep: Callable[[float], None]
) -> None:
    """Wait until an answer that was sent would be listed: X's timelines lag behind its posts."""
    age_s = services.ledger.now() - float(job.platform_data["sending"])
    if age_s < settling_s:
        sleep(settling_s - age_s)


def _sent_varied(send: Callable[[str], str], text: str, now: float) -> str:
    """Send words with the time beside them. Raises `TransientError` if X calls these a duplicate, too."""
    try:
        return send(_varied(text, now))
    except XError as error:
        if not is_duplicate(error):
            raise
        # No answer has these words yet, so the refusal is not about them. Later the time is another one.
        raise TransientError("X calls words that it has not seen a duplicate") from error


def _varied(text: str, now: float) -> str:
    return f"{text} ({datetime.fromtimestamp(now, UTC):%H:%M:%S} UTC)"


def _answers(message: Message, job: Job, apology: str) -> bool:
    """Return whether a message that the bot sent is the painting of this job, or its apology."""
    keys = set(job.platform_data.get("media_keys", "").split())
    if keys:
        # A key is the kind of the media and its id: 3_1880028106020515840.
        return any({key, key.rpartition("_")[2]} & keys for key in message.media_keys)
    recent = time_of(message.id) > float(job.platform_data["sending"]) - _SKEW_S
    return recent and (message.text == apology or message.text.startswith(f"{apology} ("))

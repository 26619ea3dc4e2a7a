"""X as the workers see it: photos of posts come in, paintings go out as replies.

X's direct messages as the workers see them: a platform of their own, with limits of their own.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from bots.download import DownloadSource, download
from bots.x.client import XClient
from bots.x.error_mapping import is_duplicate, nothing_sent_yet, told_to_workers
from bots.x.errors import XForbidden, XRefused
from bots.x.listener.context import owners_of, take_back
from bots.x.listener.cursors import time_of
from bots.x.media import Uploaded, upload
from bots.x.models import Message
from bots.x.settings import XSettings
from bots.x.store import Memory, clear, notify
from bots.x.text import alt_text_of, text_of
from pipeline.styles import load_styles
from tasks.errors import PhotoUnavailable, PlatformPaused, Undeliverable
from tasks.ledger.ledger import UnknownJob
from tasks.models import Answer, Apology, Job, Painting, PhotoRef, RateLimit
from tasks.services import Services

PICTURES_MAX = 4

_MEDIA_GOOD_S = 20 * 3600.0
"""X keeps an upload for a day."""

_SKEW_S = 120.0
"""How far X's clock and the ledger's may be apart."""


class XPlatform:
    """Mentions on X. One reply per mention, to the mention itself."""

    name = "x"

    def __init__(self, services: Services, rest: Callable[[float], None] = time.sleep) -> None:
        self._services = services
        self._notebook = services.kv("x")
        self._x = XClient(XSettings(), self._notebook)
        self._memory = Memory(self._notebook, services.settings.job_retention_s)
        self._styles = load_styles()
        self._rest = rest

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
        with told_to_workers(self._notebook):
            with nothing_sent_yet():
                media = self._uploaded(job, answer) if isinstance(answer, Painting) else ()
            take_turn(self._services, self.name, self.quota())
            remember(self._services, job, sending=f"{self._services.ledger.now():.3f}")
            receipt = self._reply(job, text_of(job, answer), media)
            clear(self._notebook)
        return self._answered(job, receipt)

    def find_answer(self, job: Job) -> str | None:
        # The mark stands before the call: a job without it never came to the point of sending.
        if "sending" not in job.platform_data:
            return None
        let_settle(self._services, job, self._x.settings.settling_s, self._rest)
        with told_to_workers(self._notebook), nothing_sent_yet():
            receipt = self._own_reply(job)
        return self._answered(job, receipt) if receipt else None

    def retract(self, receipt: str) -> None:
        with told_to_workers(self._notebook), nothing_sent_yet():
            try:
                take_back(self._x, receipt)
            except XForbidden as fault:
                trouble = f"the post {receipt} must be deleted by hand: {fault.detail}"
                notify(self._notebook, trouble)

    def _reply(self, job: Job, text: str, media: tuple[str, ...]) -> str:
        try:
            return self._x.reply(job.request.address["post"], text, media)
        except XForbidden as fault:
            # The post that this one repeats may be our own earlier try.
            if is_duplicate(fault) and (found := self._own_reply(job)):
                return found
            raise
        except XRefused as fault:
            if "media" in fault.detail.lower():
                remember(self._services, job, media="")
            raise

    def _own_reply(self, job: Job) -> str | None:
        mention = job.request.address["post"]
        sending = float(job.platform_data.get("sending") or job.admitted_at)
        start = datetime.fromtimestamp(sending - _SKEW_S, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        token: str | None = None
        while True:
            page = self._x.own_posts(mention, start, token)
            for post in page.posts:
                if post.replies_to == mention:
                    return post.id
            token = page.next_token
            if token is None:
                return None

    def _uploaded(self, job: Job, painting: Painting) -> tuple[str, ...]:
        """Upload the pictures; a later try uses what an earlier one uploaded and X still keeps."""
        now = self._services.ledger.now()
        if (
            job.platform_data.get("media")
            and now - float(job.platform_data["media_at"]) < _MEDIA_GOOD_S
        ):
            return tuple(job.platform_data["media"].split())
        words = alt_text_of(job, self._styles.get(job.request.style))
        pictures = painting.pictures[:PICTURES_MAX]
        ids = [upload(self._x, picture, "tweet_image", words).id for picture in pictures]
        remember(self._services, job, media=" ".join(ids), media_at=f"{now:.0f}")
        return tuple(ids)

    def _answered(self, job: Job, receipt: str) -> str:
        self._memory.answered(receipt, job.id, owners_of(job))
        return receipt


def take_turn(services: Services, name: str, quota: RateLimit) -> None:
    """Take one of X's posts or messages. Raises `PlatformPaused` until there is one."""
    wait_s = services.rate_limiter("x").take([(name, quota)])
    if wait_s:
        raise PlatformPaused(time.time() + wait_s, "X's limit for the last 15 minutes is used up")


def remember(services: Services, job: Job, **marks: str) -> None:
    """Keep marks on a job. Raises `Undeliverable` where its person was forgotten meanwhile."""
    try:
        services.ledger.set_platform_data(job.id, **marks)
    except UnknownJob as error:
        raise Undeliverable("forgotten") from error


def let_settle(
    services: Services, job: Job, settling_s: float, rest: Callable[[float], None]
) -> None:
    """Wait until an answer that was sent would show: X's timelines lag behind its posts."""
    age_s = services.ledger.now() - float(job.platform_data["sending"])
    if age_s < settling_s:
        rest(settling_s - age_s)


TON_HOST = "ton.twitter.com"
"""Where X keeps the media of messages; links to it stand for the path that OAuth2 can read."""

_RECENT = 20

_MESSAGE_SKEW_S = 120.0


class XDirectMessages:
    """Direct messages on X. A message quotes nothing, so its picture is the mark of an answer."""

    name = "x-dm"

    def __init__(self, services: Services, rest: Callable[[float], None] = time.sleep) -> None:
        self._services = services
        self._notebook = services.kv("x")
        self._x = XClient(XSettings(), self._notebook)
        self._styles = load_styles()
        self._rest = rest

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
        with told_to_workers(self._notebook), nothing_sent_yet():
            signed = {"Authorization": self._x.authorization(url)}
        return download(url, DownloadSource.of(settings.api_url, TON_HOST), headers=signed)

    def answer(self, job: Job, answer: Answer) -> str:
        with told_to_workers(self._notebook):
            with nothing_sent_yet():
                media = self._uploaded(job, answer) if isinstance(answer, Painting) else None
            take_turn(self._services, self.name, self.quota())
            remember(self._services, job, sending=f"{self._services.ledger.now():.3f}")
            receipt = self._x.send_message(
                job.request.address["to"], text_of(job, answer), media.id if media else None
            )
            clear(self._notebook)
        return receipt

    def find_answer(self, job: Job) -> str | None:
        # The mark stands before the call: a job without it never came to the point of sending.
        if "sending" not in job.platform_data:
            return None
        let_settle(self._services, job, self._x.settings.settling_s, self._rest)
        with told_to_workers(self._notebook), nothing_sent_yet():
            page = self._x.messages(None, _RECENT, person=job.request.address["to"])
            me = self._x.me().id
        sent = (message for message in page.messages if message.sender == me)
        text = text_of(job, Apology(job.reason, job.facts, job.refunded))
        return next((message.id for message in sent if _answers(message, job, text)), None)

    def retract(self, receipt: str) -> None:
        """Do nothing: deleting a message removes it from the bot's side only."""

    def _by_oauth2(self, path: str) -> str:
        dm_id, media_id, resource_id = path.rstrip("/").split("/")[-3:]
        base = self._x.settings.api_url.rstrip("/")
        return f"{base}/2/dm_conversations/media/{dm_id}/{media_id}/{resource_id}"

    def _uploaded(self, job: Job, painting: Painting) -> Uploaded:
        """Upload the picture anew for each try: the id tells which try was delivered."""
        words = alt_text_of(job, self._styles.get(job.request.style))
        media = upload(self._x, painting.pictures[0], "dm_image", words)
        keys = " ".join(filter(None, (job.platform_data.get("media_keys"), media.key, media.id)))
        remember(self._services, job, media_keys=keys)
        return media


def _answers(message: Message, job: Job, apology: str) -> bool:
    """Tell whether a message that the bot sent is the painting of this job, or its apology."""
    keys = set(job.platform_data.get("media_keys", "").split())
    if keys:
        # A key is the kind of the media and its id: 3_1880028106020515840.
        return any({key, key.rpartition("_")[2]} & keys for key in message.media_keys)
    recent = time_of(message.id) > float(job.platform_data["sending"]) - _MESSAGE_SKEW_S
    return recent and message.text == apology

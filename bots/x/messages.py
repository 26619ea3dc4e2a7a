"""X's direct messages as the workers see them: a platform of their own, with limits of their own."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

from bots.download import Source, download
from bots.x.answer import let_settle, remember, take_turn
from bots.x.api import X
from bots.x.cursors import time_of
from bots.x.notices import clear
from bots.x.outcomes import nothing_sent_yet, told_to_workers
from bots.x.posts import Message
from bots.x.settings import XSettings
from bots.x.upload import Uploaded, upload
from bots.x.words import alt_text_of, text_of
from pipeline.styles import load_styles
from tasks.contract import Answer, Apology, Job, Painting, PhotoGone, PhotoRef, Quota
from tasks.services import Services

TON_HOST = "ton.twitter.com"
"""Where X keeps the media of messages; links to it stand for the path that OAuth2 can read."""
_RECENT = 20
_SKEW_S = 120.0


class XMessages:
    """Direct messages on X. A message quotes nothing, so its picture is the mark of an answer."""

    name = "x-dm"

    def __init__(self, services: Services, rest: Callable[[float], None] = time.sleep) -> None:
        self._services = services
        self._notebook = services.notebook("x")
        self._x = X(XSettings(), self._notebook)
        self._styles = load_styles()
        self._rest = rest

    def quota(self) -> Quota:
        return self._x.settings.messages

    def fetch(self, job: Job, photo: PhotoRef) -> bytes:
        settings = self._x.settings
        link = urlsplit(photo.ref)
        if link.hostname in settings.photo_hosts:
            return download(photo.ref, Source.of(settings.api_url, *settings.photo_hosts))
        if link.hostname != TON_HOST or link.path.count("/") < 3:
            raise PhotoGone("photo-elsewhere")
        url = photo.ref if self._x.by_oauth1 else self._by_oauth2(link.path)
        with told_to_workers(self._notebook), nothing_sent_yet():
            signed = {"Authorization": self._x.authorization(url)}
        return download(url, Source.of(settings.api_url, TON_HOST), headers=signed)

    def answer(self, job: Job, answer: Answer) -> str:
        with told_to_workers(self._notebook):
            with nothing_sent_yet():
                media = self._uploaded(job, answer) if isinstance(answer, Painting) else None
            take_turn(self._services, self.name, self.quota())
            remember(self._services, job, sending=f"{self._services.ledger.now():.3f}")
            receipt = self._x.send_message(
                job.ask.address["to"], text_of(job, answer), media.id if media else None
            )
            clear(self._notebook)
        return receipt

    def find_answer(self, job: Job) -> str | None:
        # The mark stands before the call: a job without it never came to the point of sending.
        if "sending" not in job.marks:
            return None
        let_settle(self._services, job, self._x.settings.settling_s, self._rest)
        with told_to_workers(self._notebook), nothing_sent_yet():
            page = self._x.messages(None, _RECENT, person=job.ask.address["to"])
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
        words = alt_text_of(job, self._styles.get(job.ask.style))
        media = upload(self._x, painting.pictures[0], "dm_image", words)
        keys = " ".join(filter(None, (job.marks.get("media_keys"), media.key, media.id)))
        remember(self._services, job, media_keys=keys)
        return media


def _answers(message: Message, job: Job, apology: str) -> bool:
    """Tell whether a message that the bot sent is the painting of this job, or its apology."""
    keys = set(job.marks.get("media_keys", "").split())
    if keys:
        # A key is the kind of the media and its id: 3_1880028106020515840.
        return any({key, key.rpartition("_")[2]} & keys for key in message.media_keys)
    recent = time_of(message.id) > float(job.marks["sending"]) - _SKEW_S
    return recent and message.text == apology

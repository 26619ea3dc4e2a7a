"""Keeps placeholders up to date with what Telegram's limits leave over, less often the longer it takes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import structlog
from redis.exceptions import RedisError

from bots.phrases import say, standing
from bots.telegram.buttons import under_placeholder
from bots.telegram.origin import Origin, Place, read
from bots.telegram.settings import TelegramSettings
from bots.telegram.speaker import Speaker
from bots.telegram.waiting import WaitingList, Watch, looked, standing_code
from tasks.contract import Job, Outcome, Stage, Standing
from tasks.ledger import Ledger

_log = structlog.get_logger()

_TICK_S = 0.5
_AT_ONCE = 50
_GESTURE_S = 4.0
"""Telegram shows 'sending a photo' for five seconds."""


@dataclass(frozen=True, slots=True)
class _View:
    """A placeholder and the job behind it, as it is now."""

    watch: Watch
    job: Job
    standing: Standing
    origin: Origin


class Keeper:
    """Looks at every placeholder when its time has come."""

    def __init__(
        self, speaker: Speaker, ledger: Ledger, waiting: WaitingList, settings: TelegramSettings
    ) -> None:
        self._speaker = speaker
        self._ledger = ledger
        self._waiting = waiting
        self._settings = settings

    async def run(self, stop: asyncio.Event) -> None:
        """Keep watch until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except RedisError as error:
                _log.warning(
                    "the ledger does not answer, placeholders wait for it", error=str(error)
                )
            try:
                await asyncio.wait_for(stop.wait(), _TICK_S)
            except TimeoutError:
                continue

    async def look(self) -> None:
        """Look at the placeholders that are due, the longest overdue first."""
        now = await asyncio.to_thread(self._ledger.now)
        for watch in await asyncio.to_thread(self._waiting.due, now, _AT_ONCE):
            view = await asyncio.to_thread(self._view, watch)
            if view is None:
                await asyncio.to_thread(self._waiting.drop, watch.job_id)
            elif view.standing.stage is None:
                await self._leave(view)
            else:
                await self._tend(view, now)

    def _view(self, watch: Watch) -> _View | None:
        job, now = self._ledger.find_job(watch.job_id), self._ledger.find_standing(watch.job_id)
        if job is None or now is None:
            return None
        return _View(watch, job, now, read(job.ask.address, job.ask.person, job.ask.language))

    async def _tend(self, view: _View, now: float) -> None:
        code = standing_code(view.standing)
        painting = view.standing.stage is Stage.RENDER and view.standing.position == 0
        if painting and view.origin.place is not Place.GUEST:
            await self._speaker.uploading(view.origin)
        if view.standing.stage is Stage.DELIVER or code == view.watch.said:
            await self._look_again(view.watch, now + (_GESTURE_S if painting else 1.0))
            return
        chat = await self._speaker.chat_of(view.origin)
        if not await self._speaker.pace.spare(chat):
            await self._look_again(view.watch, now + 1.0)
            return
        await self._retell(
            view, standing(view.job.ask.language, view.standing), cancel=not painting
        )
        watch, wait_s = looked(view.watch, code, self._settings.news_every_s)
        await self._look_again(watch, now + (min(wait_s, _GESTURE_S) if painting else wait_s))

    async def _leave(self, view: _View) -> None:
        job, watch = view.job, view.watch
        if job.outcome is Outcome.CANCELLED:
            await self._retell(view, say(job.ask.language, "telegram-cancelled"))
        elif watch.message not in (job.marks.get("stand"), job.marks.get("collapsed")):
            # The painting was quicker and took another message: this one says old news.
            await self._remove(view)
        await asyncio.to_thread(self._waiting.drop, watch.job_id)

    async def _remove(self, view: _View) -> None:
        if not view.watch.message.startswith("inline:"):
            chat = await self._speaker.chat_of(view.origin)
            await self._speaker.remove(chat, int(view.watch.message))

    async def _retell(self, view: _View, words: str, *, cancel: bool = False) -> None:
        job = view.job
        keyboard = under_placeholder(job.id, job.ask.language) if cancel else None
        kind, _, inline = view.watch.message.partition(":")
        if kind == "inline":
            await self._speaker.retell_inline(inline, words, keyboard)
        else:
            chat = await self._speaker.chat_of(view.origin)
            await self._speaker.retell(chat, int(view.watch.message), words, keyboard)

    async def _look_again(self, watch: Watch, at: float) -> None:
        await asyncio.to_thread(self._waiting.add, watch, at)

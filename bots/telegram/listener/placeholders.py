"""Acknowledges requests with placeholder messages, and keeps these up to date.

A request is answered at once by a reaction and a placeholder, or by why not now. A placeholder is sent
with words that stay true whatever happens ("Got your photo."), because its id is not on record yet: a
process that is killed at that moment, or a broken connection, leaves a message that nobody can edit. Once
the id is on record the message is edited to say where the job stands, less often the longer it takes and
only with what Telegram's limits leave over. When the job has ended, however it ended, and the message did
not become the answer, it gets one last sentence or is deleted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping

import structlog
from telegram import InlineKeyboardMarkup, InlineQueryResultArticle, InputTextMessageContent
from telegram.error import ChatMigrated, TelegramError

from bots.i18n import describe_status, refusal, t, understood
from bots.telegram.errors import Refusal, is_refusal
from bots.telegram.events import Origin, Place, origin_from_address
from bots.telegram.keyboards import under_placeholder
from bots.telegram.listener.polling import Alarm
from bots.telegram.rate_limit import NoSlot
from bots.telegram.sender import Sender
from bots.telegram.settings import TelegramSettings
from bots.telegram.store import INLINE, Placeholder, PlaceholderQueue, StoreClock, status_code
from pipeline.styles import Style
from tasks.errors import StoreError
from tasks.ledger.ledger import Ledger, UnknownJob
from tasks.models import Admitted, Job, Outcome, PaintRequest, Refused, Stage

_log = structlog.get_logger()

SEEN, NOT_NOW, NEVER, PUZZLED = "👀", "😴", "🤷", "🤔"
"""Reactions; all are in the list that bots may use."""

_COME_BACK = {
    "paused",
    "cooldown",
    "quota",
    "too-many-open",
    "busy-here",
    "too-busy",
    "storage-full",
}
_FIRST_LOOK_S = 2.0
_FIRST_LOOK_IN_LINE_S = 1.0
"""Where there is a wait to tell; Telegram takes one message a second in a chat."""
_SURELY_FIRST_S = 1.0
"""Within this time after the admission no worker has answered: in private chats workers wait longer for
the placeholder."""
_NO_SLOT_MAX_S = 30.0
"""A placeholder in a chat that is held back is looked at so often: an operator may lift the hold."""
_PER_ROUND = 50
"""Placeholders that are edited between two looks at the queue."""
_CHAT_ACTION_S = 4.0
"""Telegram shows 'sending a photo' for five seconds."""
_STORE_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Between tries to write down a placeholder while the store does not answer."""
_BEGUN = {f"{stage}:at-work:0" for stage in (Stage.FETCH, Stage.RENDER)}
"""States that are not worth an edit while a placeholder still has its first words."""
_TRIES = 30
"""Edits after which the last words are given up; with growing intervals, more than a day."""


class Placeholders:
    """Acknowledges requests and keeps their placeholders up to date. The ledger already has the request."""

    def __init__(
        self,
        sender: Sender,
        ledger: Ledger,
        queue: PlaceholderQueue,
        settings: TelegramSettings,
        clock: StoreClock,
        alarm: Alarm,
        styles: Mapping[str, Style],
    ) -> None:
        self._sender = sender
        self._ledger = ledger
        self._queue = queue
        self._settings = settings
        self._clock = clock
        self._alarm = alarm
        self._styles = styles

    async def accepted(self, request: PaintRequest, admitted: Admitted, origin: Origin) -> None:
        """Tell a person that the photo was accepted; a later edit tells its place in the queue."""
        if origin.place is Place.GUEST:
            await self._accept_guest(request, admitted, origin)
            return
        if origin.place is Place.GROUP:
            await self._accept_in_group(request, admitted, origin)
            return
        began, chat = time.monotonic(), await self._sender.chat_of(origin)
        try:
            may_react = await self._sender.rate_limit.acquire_first_reply(
                chat, "sendMessage", "setMessageReaction"
            )
        except NoSlot:
            await self._sender.react(origin, SEEN)
            raise
        reacted = asyncio.create_task(self._sender.react_at_once(origin, chat, SEEN, may_react))
        waited_s = time.monotonic() - began
        surely_first = not admitted.duplicate and waited_s < _SURELY_FIRST_S
        try:
            if surely_first or not await asyncio.to_thread(self._needs_none, admitted):
                await self._send(request, admitted, origin, chat)
        finally:
            await reacted

    async def _accept_in_group(
        self, request: PaintRequest, admitted: Admitted, origin: Origin
    ) -> None:
        seen = await self._sender.react(origin, SEEN, instead_of_words=True)
        chat, rate_limit = await self._sender.chat_of(origin), self._sender.rate_limit
        if not seen:
            await rate_limit.acquire(chat, "sendMessage")  # where reactions are off, a word
        # A group's few messages are kept for paintings: there the reaction is the answer.
        elif await rate_limit.acquire_low_priority(chat, "sendMessage", lasting=True):
            return
        if not await asyncio.to_thread(self._needs_none, admitted):
            await self._send(request, admitted, origin, chat)

    async def _send(
        self, request: PaintRequest, admitted: Admitted, origin: Origin, chat: int
    ) -> None:
        keyboard = under_placeholder(admitted.job_id, request.language)
        message = await self._sender.send_text(origin, chat, self._received(request), keyboard)
        await self._record(Placeholder(admitted.job_id, chat, str(message)), admitted)

    async def _accept_guest(
        self, request: PaintRequest, admitted: Admitted, origin: Origin
    ) -> None:
        if not origin.guest_query or await asyncio.to_thread(self._needs_none, admitted):
            return
        keyboard = under_placeholder(admitted.job_id, request.language)
        article = _article(self._received(request), admitted.job_id, keyboard=keyboard)
        sent = await self._sender.call_with_retries(
            origin.chat,
            "answerGuestQuery",
            lambda _: self._sender.bot.answer_guest_query(origin.guest_query, article),
            once=True,
            follow=False,
        )
        message = f"{INLINE}{sent.inline_message_id}"
        await self._record(Placeholder(admitted.job_id, 0, message), admitted)

    def _received(self, request: PaintRequest) -> str:
        received = t(request.language, "telegram-received", count=len(request.photos))
        return _lines(received, self._understood(request))

    def _understood(self, request: PaintRequest) -> str:
        """Say what was understood of the words beside the photo, and what was not."""
        style, language = self._styles.get(request.style), request.language
        named = style is not None and request.address.get("named") == "1"
        said = understood(language, style, request.strength) if style and named else ""
        unread = request.address.get("unread") == "1"
        return " ".join(filter(None, (said, t(language, "not-understood") if unread else "")))

    def _needs_none(self, admitted: Admitted) -> bool:
        """Return whether a job needs no placeholder: it has one, is being answered, or has ended."""
        job = self._ledger.find_job(admitted.job_id)
        if job is None or job.outcome is not None:
            return True
        return bool({"placeholder", "target", "sent"} & job.platform_data.keys())

    async def _record(self, placeholder: Placeholder, admitted: Admitted) -> None:
        in_s = _FIRST_LOOK_IN_LINE_S if admitted.position > 1 else _FIRST_LOOK_S
        for pause_s in (*_STORE_PAUSES_S, None):
            try:
                await asyncio.to_thread(self._write, placeholder, in_s)
                break
            except StoreError:
                if pause_s is None:
                    # Otherwise nobody would ever edit or delete it.
                    await self._edit_or_delete(placeholder)
                    raise
                await asyncio.sleep(pause_s)
        self._alarm.set(in_s)

    async def _edit_or_delete(self, placeholder: Placeholder) -> None:
        if placeholder.is_inline:
            await self._edit(placeholder, t("en", "telegram-cancelled"))
        else:
            await self._sender.delete(placeholder.chat, int(placeholder.message))

    def _write(self, placeholder: Placeholder, in_s: float) -> None:
        try:
            self._queue.record(placeholder, self._clock.now() + in_s)
        except UnknownJob:
            _log.info("placeholder_without_job", job=placeholder.job_id)

    async def refused(self, origin: Origin, refused: Refused, language: str, now: float) -> None:
        """Tell a person why the request was refused; in a group by a reaction."""
        if origin.place is Place.GROUP:
            emoji = NOT_NOW if refused.reason in _COME_BACK else NEVER
            done = await self._sender.react(origin, emoji, instead_of_words=refused.notify)
            if refused.notify and not done:
                await self.say(origin, refusal(language, refused, now))
        elif refused.notify:
            await self.say(origin, refusal(language, refused, now))
        else:
            await self._sender.react(origin, NOT_NOW)

    async def say(self, origin: Origin, words: str) -> None:
        """Answer with one line, where the bot is a guest too."""
        if origin.place is not Place.GUEST:
            await self._sender.reply(origin, words)
            return
        try:
            await self._sender.bot.answer_guest_query(origin.guest_query, _article(words, "words"))
        except TelegramError as error:
            _log.info("guest_query_not_answered", error=error.message)

    async def run(self, stop: asyncio.Event) -> None:
        """Look at placeholders whenever some are due, until `stop` is set."""
        while not stop.is_set():
            try:
                await self.look()
            except StoreError as error:
                _log.warning(
                    "ledger_unavailable", error=str(error), action="keep placeholders waiting"
                )
            await self._alarm.wait()

    async def look(self) -> None:
        """Look at the placeholders that are due, the longest overdue first."""
        now = await asyncio.to_thread(self._clock.now)
        due = await asyncio.to_thread(self._queue.due, now, _PER_ROUND)
        if len(due) == _PER_ROUND:
            self._alarm.set(0.0)
        for placeholder in due:
            job = await asyncio.to_thread(self._ledger.find_job, placeholder.job_id)
            if job is not None and job.stage is not None:
                await self._update(placeholder, job, now)
            elif await self._settle(placeholder, job):
                await asyncio.to_thread(self._queue.drop, placeholder)
            else:
                again, wait_s = placeholder.edited(placeholder.says, 1.0)
                await self._look_again(again, now, wait_s)

    async def _update(self, placeholder: Placeholder, job: Job, now: float) -> None:
        """Edit the placeholder of an open job, if its status changed and a slot is free."""
        status = await asyncio.to_thread(self._ledger.find_queue_status, job.id)
        if status is None or status.stage is None:
            await self._look_again(placeholder, now, 0.0)
            return
        language, code = job.request.language, status_code(status)
        painting = status.stage is Stage.RENDER and status.position == 0
        if painting and not placeholder.is_inline:
            origin = origin_from_address(job.request.address, job.request.person, language)
            await self._sender.show_uploading(origin)
        begun = not placeholder.says and code in _BEGUN
        if status.stage is Stage.DELIVER or code == placeholder.says or begun:
            wait_s = _CHAT_ACTION_S if painting else self._settings.news_every_s
            await self._look_again(placeholder, now, wait_s)
            return
        # The first edit tells the person where they stand: it is more than news.
        wait_s = await self._take_slot(placeholder, lasting=placeholder.edits == 0)
        if wait_s:
            await self._look_again(placeholder, now, min(max(wait_s, 1.0), _NO_SLOT_MAX_S))
            return
        keyboard = None if painting else under_placeholder(job.id, language)
        words = _lines(describe_status(language, status), self._understood(job.request))
        await self._edit(placeholder, words, keyboard)
        after, wait_s = placeholder.edited(code, self._settings.news_every_s)
        await self._look_again(after, now, min(wait_s, _CHAT_ACTION_S) if painting else wait_s)

    async def _edit(
        self, placeholder: Placeholder, words: str, keyboard: InlineKeyboardMarkup | None = None
    ) -> bool:
        if placeholder.is_inline:
            inline = placeholder.message.removeprefix(INLINE)
            return await self._sender.edit_inline_text(inline, words, keyboard)
        message = int(placeholder.message)
        return await self._sender.edit_text(placeholder.chat, message, words, keyboard)

    async def _settle(self, placeholder: Placeholder, job: Job | None) -> bool:
        """Correct or delete a placeholder after its job's end; return False to try again later.

        `job` is None if the job's record was deleted.
        """
        if placeholder.edits >= _TRIES:
            return True
        if job is not None and placeholder.written in job.platform_data.get("final", "").split():
            return True
        words = _last_words(job)
        if placeholder.is_inline:
            return await self._edit(placeholder, words or t("en", "telegram-cancelled"))
        if await self._take_slot(placeholder, lasting=True):
            return False
        chat, message = placeholder.chat, int(placeholder.message)
        try:
            answer: Refusal | None = Refusal.OTHER
            if words:
                answer = await self._sender.edit_text_or_raise(chat, message, words)
            # A message that takes no text is the painting: it was shown, whatever happened to the job later.
            if answer in (None, Refusal.NOT_TEXT):
                return True
        except NoSlot:
            return False
        except ChatMigrated:
            return (
                True  # messages of a group that has become a supergroup cannot be edited any more
            )
        except TelegramError as error:
            if not is_refusal(error):
                return False
        # What is deleted already, or is in a chat that is closed to the bot, is out of reach.
        await self._sender.delete(chat, message)
        return True

    async def _take_slot(self, placeholder: Placeholder, *, lasting: bool = False) -> float:
        """Take a slot for an edit; return 0.0, or in how many seconds to try again."""
        chat = placeholder.message if placeholder.is_inline else placeholder.chat
        return await self._sender.rate_limit.acquire_low_priority(
            chat, "editMessageText", lasting=lasting
        )

    async def _look_again(self, placeholder: Placeholder, now: float, in_s: float) -> None:
        await asyncio.to_thread(self._queue.add, placeholder, now + in_s)
        self._alarm.set(in_s)


def _last_words(job: Job | None) -> str:
    """Return what a placeholder says that did not become the answer, '' where it is deleted instead."""
    if job is None or job.outcome in (Outcome.ANSWERED, Outcome.APOLOGISED):
        return ""  # the answer is another message, or the person wants to be forgotten
    language = job.request.language
    if job.outcome is Outcome.CANCELLED:
        return t(language, "telegram-cancelled")
    return t(language, "telegram-not-taken" if job.pictures else "apology-our-fault")


def _lines(*lines: str) -> str:
    return "\n".join(filter(None, lines))


def _article(
    words: str, result_id: str, keyboard: InlineKeyboardMarkup | None = None
) -> InlineQueryResultArticle:
    return InlineQueryResultArticle(
        result_id,
        title=words[:64],
        input_message_content=InputTextMessageContent(words),
        reply_markup=keyboard,
    )

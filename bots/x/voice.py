"""What the bot says on X beside its paintings: little, at most once a day to anybody, never twice."""

from __future__ import annotations

from collections.abc import Callable

import structlog

from bots.x.api import X
from bots.x.faults import XFault
from bots.x.memory import Memory
from bots.x.posts import Post
from tasks.contract import Quota
from tasks.pacing import Pacer

_KEPT_FOR_ANSWERS = 0.5

_log = structlog.get_logger()


class Voice:
    """Says one sentence where that is allowed; paintings go first, and silence costs nothing."""

    def __init__(self, x: X, memory: Memory, pacer: Pacer) -> None:
        self._x = x
        self._memory = memory
        self._pacer = pacer

    def refuse(self, post: Post, sentence: str) -> None:
        """Reply to a mention that will not be painted, at most once per person and day."""
        if not self._x.settings.say_refusals or self._memory.was_told(post.author):
            return
        if self._has_room("x", self._x.settings.posts) and self._memory.may_tell(post.author):
            self._say_once(lambda: self._x.reply(post.id, sentence), "refusal not said")

    def tell(self, person: str, sentence: str) -> None:
        """Send a direct message, if X's few messages leave room for it."""
        if self._has_room("x-dm", self._x.settings.messages):
            self._say_once(lambda: self._x.send_message(person, sentence), "message not sent")

    def _has_room(self, limit: str, quota: Quota) -> bool:
        return self._pacer.take([(limit, quota)], reserve=_KEPT_FOR_ANSWERS) == 0

    def _say_once(self, say: Callable[[], str], trouble: str) -> None:
        try:
            say()
        except XFault as fault:
            _log.info(trouble, fault=type(fault).__name__, detail=fault.detail)

"""The ledger's Lua scripts: files beside this module, loaded by name, each atomic on the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from redis import Redis
from redis.commands.core import Script

from tasks.records import text

_NEEDS = re.compile(r"Needs: (\w+)\.")
_REFUSES_WHEN_FULL = {"admit"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What a script returned, and what it leaves to its caller."""

    result: Any = None
    woken: tuple[str, ...] = ()
    """Stages for which a wake-up is to be sent."""
    ended: tuple[str, ...] = ()
    """Jobs that it brought to their end."""


class Scripts:
    """Runs the scripts under one namespace.

    All but `admit` may write when the server is out of memory: what was accepted must go on, and
    ending jobs is what makes room.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace
        self._loaded: dict[str, Script] = {}

    def run(self, name: str, *args: str | int | float, pipe: Any = None) -> Reply:  # noqa: ANN401 - redis's own
        """Run a script. With `pipe` it is only queued there; `read` makes sense of what the pipe brings."""
        script = self._loaded.get(name) or self._load(name)
        answer = script(keys=[self._namespace], args=list(args), client=pipe)
        return Reply() if pipe is not None else read(answer)

    def _load(self, name: str) -> Script:
        flags = "" if name in _REFUSES_WHEN_FULL else " flags=allow-oom"
        script = self._redis.register_script(f"#!lua{flags}\n{source(name)}")
        self._loaded[name] = script
        return script


def read(answer: list[Any]) -> Reply:
    """Make sense of what a script returned."""
    result, woken, ended = answer
    return Reply(result, tuple(map(text, woken)), tuple(map(text, ended)))


@cache
def source(name: str) -> str:
    """Return a script with everything that its header says it needs before it."""
    body = files("tasks").joinpath(f"lua/{name}.lua").read_text()
    needed = _NEEDS.search(body)
    return f"{source(needed.group(1))}\n{body}" if needed else body

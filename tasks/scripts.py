"""The ledger's Lua scripts: files beside this module, loaded by name, each atomic on the server."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from redis import Redis
from redis.commands.core import Script

_NEEDS_WAITS = {"admit", "standing"}
_REFUSES_WHEN_FULL = {"admit"}


class Scripts:
    """Runs the scripts under one namespace.

    All but `admit` may write when the server is out of memory: what was accepted must go on, and
    ending jobs is what makes room.
    """

    def __init__(self, redis: Redis, namespace: str) -> None:
        self._redis = redis
        self._namespace = namespace
        self._loaded: dict[str, Script] = {}

    def run(self, name: str, *args: str | int | float, pipe: Any = None) -> Any:  # noqa: ANN401
        """Run a script and return what the server sends; with `pipe`, only queue it there."""
        script = self._loaded.get(name) or self._load(name)
        return script(keys=[self._namespace], args=list(args), client=pipe)

    def _load(self, name: str) -> Script:
        folder = files("tasks").joinpath("lua")
        parts = ["common", "waits", name] if name in _NEEDS_WAITS else ["common", name]
        flags = "" if name in _REFUSES_WHEN_FULL else " flags=allow-oom"
        body = "\n".join(folder.joinpath(f"{part}.lua").read_text() for part in parts)
        script = self._redis.register_script(f"#!lua{flags}\n{body}")
        self._loaded[name] = script
        return script

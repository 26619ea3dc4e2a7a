"""Imports a command's module only when the command runs: `suisai status` needs no image library.

For a command that needs a running bot, the ledger is checked before slow modules are imported.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from tasks.reach import check_reach
from tasks.settings import Settings

HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}

MODULES: Mapping[str, str] = MappingProxyType(
    {
        "setup": "setup",
        "doctor": "doctor",
        "stylize": "stylize",
        "styles": "stylize",
        "verify": "stylize",
        "models": "models",
        "up": "run",
        "demo": "run",
        "worker": "run",
        "sweep": "run",
        "web": "run",
        "operator-link": "run",
        "telegram": "platforms",
        "listen": "platforms",
        "x": "platforms",
        "job": "admin",
        "pause": "admin",
        "resume": "admin",
        "drain": "admin",
        "ban": "admin",
        "unban": "admin",
        "exempt": "admin",
        "forget": "admin",
        "people": "admin",
        "opt-in": "admin",
        "dead": "admin",
        "status": "top",
        "top": "top",
        "loadtest": "loadtest",
        "backup": "backup",
        "restore": "backup",
        "service": "service",
    }
)
"""Every command, in the order of `suisai --help`, and the module of `bots.commands` that adds it."""

NEED_THE_BOT = frozenset({"admin", "top", "loadtest"})
"""Modules whose commands all need a reachable ledger."""

Command = Any
"""The command class of typer's bundled click, which typer does not export."""


class _Commands(MutableMapping[str, Command]):
    """The commands by name; a module is imported when one of its commands is looked up."""

    def __init__(self) -> None:
        self._loaded: dict[str, Command] = {}

    def __getitem__(self, name: str) -> Command:
        if name not in self._loaded:
            module = import_module(f"bots.commands.{MODULES[name]}")
            part = typer.Typer(rich_markup_mode="rich", context_settings=HELP_OPTIONS)
            module.add_commands(part)
            self._loaded |= get_group(part).commands
        return self._loaded[name]

    def __contains__(self, name: object) -> bool:
        return name in MODULES

    def __iter__(self) -> Iterator[str]:
        return iter(MODULES)

    def __len__(self) -> int:
        return len(MODULES)

    def __setitem__(self, name: str, command: Command) -> None:
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        raise TypeError("commands are not removed")


class LazyGroup(TyperGroup):
    """A group whose commands are those of `MODULES`."""

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 - whatever typer passes on
        super().__init__(**options)
        self.commands = _Commands()

    def resolve_command(
        self,
        ctx: Any,  # noqa: ANN401 - see Command
        args: list[str],
    ) -> tuple[str | None, Any, list[str]]:
        """Find the command. Raises `RedisUnavailable` if it needs a running bot and none runs."""
        wants_help = not {"-h", "--help"}.isdisjoint(args) or args == ["dead"]
        if MODULES.get(args[0]) in NEED_THE_BOT and not wants_help:
            check_reach(Settings())
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: object) -> list[str]:
        """Return the names in the order of `MODULES`, without importing the modules."""
        return list(MODULES)

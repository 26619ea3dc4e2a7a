"""Lists every setting of the bot with its name, default and description, as written in `.env`.

Explains invalid settings by their names in the environment, and writes settings into `.env`: atomically,
readable by its owner only.
"""

from __future__ import annotations

import inspect
import json
import os
import re
import sys
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsError

from bots.plugins import plugins
from tasks.settings import Settings

_HEAD = """\
# Every setting of Suisai with its default. Copy this file to .env (mode 600) and change what you need,
# or let `suisai setup` write it. The environment wins over .env.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting."""

    name: str
    """Its name in the environment, e.g. `SUISAI_LEASE_S`."""
    field: str
    default: str
    """Its value as written in `.env`; empty if there is none."""
    about: str
    secret: bool


def all_settings() -> list[type[BaseSettings]]:
    """Return the settings classes: the core's first, then those of all plugins."""
    found = [plugin.settings() for plugin in plugins().values()]
    return [Settings, *(each for each in found if each is not None)]


def variables_of(group: type[BaseSettings]) -> Iterator[Variable]:
    """Yield the settings of one class, in the order of their declaration."""
    prefix = group.model_config.get("env_prefix", "")
    for name, field in group.model_fields.items():
        yield Variable(
            name=(str(field.validation_alias or "") or f"{prefix}{name}").upper(),
            field=name,
            default=as_written(field.get_default(call_default_factory=True)),
            about=" ".join((field.description or "").split()),
            secret="SecretStr" in str(field.annotation),
        )


def as_written(value: object) -> str:
    """Format a value as it is written in the environment; secrets as `***`."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Path):
        return str(value).replace(str(Path.home()), "~", 1)
    if (
        value
        and isinstance(value, tuple)
        and all(isinstance(each, IPv4Network | IPv6Network) for each in value)
    ):
        return ",".join(map(str, value))
    if isinstance(value, bool | tuple | list | dict):
        return json.dumps(value, default=lambda model: model.model_dump(exclude_none=True))
    return str(value)


def example() -> str:
    """Return the text of `.env.example`."""
    return "\n".join([_HEAD, *(_section(group) for group in all_settings())])


def _section(group: type[BaseSettings]) -> str:
    about = inspect.cleandoc(group.__doc__ or "").splitlines()[0]
    lines = [f"## {about}", ""]
    for variable in variables_of(group):
        lines += textwrap.wrap(variable.about, 98, initial_indent="# ", subsequent_indent="# ")
        lines += [f"#{variable.name}={_quoted(variable.default)}", ""]
    return "\n".join(lines)


def _quoted(value: str) -> str:
    return f"'{value}'" if value.startswith(("{", "[")) else value


UNUSABLE = (ValidationError, SettingsError)
"""The exceptions that reading the settings may raise."""


def explain(error: Exception) -> list[str]:
    """Return one line per invalid setting that says why it is invalid."""
    if isinstance(error, ValidationError):
        prefix = _prefix(error.title)
        return [_sentence(prefix, item["loc"], item["msg"]) for item in error.errors()]
    field = re.search(r'field "(\w+)"', str(error))
    name = next((v for v in _names() if field and v.endswith(f"_{field[1].upper()}")), "A setting")
    return [f"{name} is invalid: it must be JSON, as in .env.example."]


def _sentence(prefix: str, where: tuple[str | int, ...], what: str) -> str:
    what = what.removeprefix("Value error, ").rstrip(".")
    if not where:
        return f"The settings contradict each other: {what}."
    name, *inside = where
    detail = f" ({'.'.join(map(str, inside))})" if inside else ""
    variable = str(name).upper()
    if variable not in _names():  # an alias has no prefix
        variable = f"{prefix}{variable}"
    return f"{variable}{detail} is invalid: {what}."


def _prefix(group: str) -> str:
    prefixes = {g.__name__: str(g.model_config.get("env_prefix", "")) for g in all_settings()}
    return prefixes.get(group, "SUISAI_")


@cache
def _names() -> list[str]:
    return [variable.name for group in all_settings() for variable in variables_of(group)]


_PLAIN = re.compile(r"[\w@%+=:,./~-]*")


def write_settings(path: Path, values: Mapping[str, str]) -> None:
    """Set these variables in `.env`; other lines stay unchanged. Raises `OSError`."""
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    left = dict(values)
    kept = [_replaced(line, left) for line in lines]
    kept += [_line(name, value) for name, value in left.items()]
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write("\n".join([*kept, ""]))
    part.replace(path)


def _replaced(line: str, left: dict[str, str]) -> str:
    name = line.lstrip("# ").removeprefix("export ").partition("=")[0].strip()
    return _line(name, left.pop(name)) if name in left else line


def _line(name: str, value: str) -> str:
    if _PLAIN.fullmatch(value):
        return f"{name}={value}"
    quoted = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{name}='{quoted}'"


if __name__ == "__main__":
    sys.stdout.write(example())

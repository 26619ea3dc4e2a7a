"""Every setting of the bot as it is written in `.env`: name, default and what it is for."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, SecretStr
from pydantic_settings import BaseSettings

GROUP = "suisai.settings"
"""Entry points of this group name the settings classes of the installed rooms."""

_HEAD = """\
# Every setting of Suisai with its default. Copy this file to .env (mode 600) and change what you need,
# or let `suisai setup` write it. The environment wins over .env.
"""


@dataclass(frozen=True, slots=True)
class Variable:
    """One setting."""

    name: str
    """As in the environment, e.g. `SUISAI_LEASE_S`."""
    field: str
    default: str
    """As it is written in `.env`; empty where nothing is set."""
    about: str
    secret: bool


def all_settings() -> list[type[BaseSettings]]:
    """Return the settings classes of all rooms, the core's first."""
    points = sorted(entry_points(group=GROUP), key=lambda point: (point.name != "core", point.name))
    return [point.load() for point in points]


def variables_of(group: type[BaseSettings]) -> Iterator[Variable]:
    """Yield the settings of one class, in the order of their declaration."""
    prefix = group.model_config.get("env_prefix", "")
    texts = _docstrings(group)
    for name, field in group.model_fields.items():
        yield Variable(
            name=(str(field.validation_alias or "") or f"{prefix}{name}").upper(),
            field=name,
            default=as_written(field.get_default(call_default_factory=True)),
            about=texts.get(name, ""),
            secret="SecretStr" in str(field.annotation),
        )


def as_written(value: object) -> str:
    """Write a value as it stands in the environment; secrets as `***`."""
    if value is None:
        return ""
    if isinstance(value, SecretStr):
        return "***"
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, Path):
        return str(value).replace(str(Path.home()), "~", 1)
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


def _docstrings(group: type[BaseSettings]) -> dict[str, str]:
    """Read the sentence below each field; Python itself throws it away."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(group)))
    body = tree.body[0].body if isinstance(tree.body[0], ast.ClassDef) else []
    return {
        field.target.id: " ".join(text.value.value.split())
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


if __name__ == "__main__":
    sys.stdout.write(example())

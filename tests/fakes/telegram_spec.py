"""Checks requests and responses against a machine-readable description of the Bot API, if there is one.

The file is that of PaulSonOfLars/telegram-bot-api-spec; tests are told where it is by the environment
variable SUISAI_TEST_TELEGRAM_SPEC.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_SIMPLE: dict[str, tuple[type, ...]] = {
    "Integer": (int,),
    "Float": (int, float),
    "String": (str,),
    "Boolean": (bool,),
}


class BotApiSpec:
    """The methods and types of one version of the Bot API."""

    def __init__(self, file: Path) -> None:
        described = json.loads(file.read_text("utf-8"))
        self._methods = described["methods"]
        self._types = described["types"]

    def breaches_of_request(
        self, method: str, fields: dict[str, str], files: set[str]
    ) -> list[str]:
        """Return the errors of a request."""
        described = self._methods.get(method)
        if described is None:
            return [f"{method}: no such method"]
        known = {each["name"]: each for each in described.get("fields", [])}
        attached = {name for name in files if any(f"attach://{name}" in v for v in fields.values())}
        given = fields.keys() | files - attached
        missing = [n for n, f in known.items() if f["required"] and n not in given]
        wrong = [f"{method}: {name} is missing" for name in missing]
        wrong += [f"{method}: {name} is unknown" for name in given if name not in known]
        for name, value in fields.items():
            if name in known:
                wrong += self._any_of(known[name]["types"], _decoded(value), f"{method}.{name}")
        return wrong

    def breaches_of_result(self, method: str, result: Any) -> list[str]:
        """Return the errors of a response."""
        described = self._methods.get(method)
        return [] if described is None else self._any_of(described["returns"], result, method)

    def breaches_of_update(self, update: dict[str, Any]) -> list[str]:
        """Return the errors of an update."""
        return list(self._object("Update", update, "Update"))

    def _any_of(self, types: list[str], value: Any, where: str) -> list[str]:
        tried = [list(self._is(each, value, where)) for each in types]
        return [] if any(not wrong for wrong in tried) else min(tried, key=len)

    def _is(self, kind: str, value: Any, where: str) -> Iterator[str]:
        if kind.startswith("Array of "):
            if not isinstance(value, list):
                yield f"{where}: {value!r} is no list"
                return
            for n, each in enumerate(value):
                yield from self._is(kind.removeprefix("Array of "), each, f"{where}[{n}]")
        elif kind in _SIMPLE:
            if not _fits(kind, value):
                yield f"{where}: {value!r} is no {kind}"
        elif kind == "InputFile":
            if not isinstance(value, str):
                yield f"{where}: {value!r} is no file"
        else:
            yield from self._object(kind, value, where)

    def _object(self, kind: str, value: Any, where: str) -> Iterator[str]:
        described = self._types[kind]
        if described.get("subtypes"):
            yield from self._any_of(described["subtypes"], value, where)
            return
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is no {kind}"
            return
        known = {each["name"]: each for each in described.get("fields", [])}
        for name, each in known.items():
            if each["required"] and name not in value:
                yield f"{where}: {kind}.{name} is missing"
        for name, each in value.items():
            if name not in known:
                yield f"{where}: {kind} has no {name}"
            else:
                yield from self._any_of(known[name]["types"], each, f"{where}.{name}")


def _decoded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _fits(kind: str, value: Any) -> bool:
    if kind == "String":
        return isinstance(value, (str, int, float))  # a form's field does not tell them apart
    if kind != "Boolean" and isinstance(value, bool):
        return False
    return isinstance(value, _SIMPLE[kind])

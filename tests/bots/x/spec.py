"""Checks requests and answers against X's own API description (`spec.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from tests.fakes.x_api import FakeX
from tests.fakes.x_asked import Asked

Json = Mapping[str, Any]

_TYPE = re.compile(
    r"(?P<base>\w+)(\((?P<least>\d*)\.\.(?P<most>\d*)\))?"
    r"(?P<list>\[((?P<few>\d*)\.\.(?P<many>\d*))?\])?(?P<unique>\*)?(?P<needed>!)?"
)
_PLAIN: Mapping[str, tuple[type, ...]] = {
    "bool": (bool,),
    "bytes": (bytes,),
    "id": (str,),
    "int": (int,),
    "number": (int, float),
    "text": (str,),
    "time": (str,),
}


@dataclass(frozen=True)
class SpecField:
    """The description of one field in `spec.toml`."""

    base: str
    least: int = 0
    most: int = 10**18
    is_list: bool = False
    few: int = 0
    many: int = 10**18
    unique: bool = False
    needed: bool = False

    @classmethod
    def of(cls, written: str) -> SpecField:
        """Read a field's type."""
        found = _TYPE.fullmatch(written)
        assert found, written
        return cls(
            base=found["base"],
            least=int(found["least"] or 0),
            most=int(found["most"] or 10**18),
            is_list=bool(found["list"]),
            few=int(found["few"] or 0),
            many=int(found["many"] or 10**18),
            unique=bool(found["unique"]),
            needed=bool(found["needed"]),
        )


@dataclass(frozen=True)
class Fields:
    """The fields of an object, a query or a path."""

    known: Mapping[str, SpecField]
    is_open: bool
    """Other names are allowed, too."""

    @classmethod
    def of(cls, written: str) -> Fields:
        """Read fields as `spec.toml` writes them."""
        words = written.split()
        pairs = (word.rpartition(":") for word in words if word != "...")
        return cls({name: SpecField.of(type_) for name, _, type_ in pairs}, "..." in words)


class XSpec:
    """X's API description. Methods yield violations, one sentence each."""

    def __init__(self) -> None:
        read = tomllib.loads(Path(__file__).with_name("spec.toml").read_text("utf-8"))
        self._calls: Json = read["call"]
        self._one_of = {name: frozenset(words.split()) for name, words in read["one_of"].items()}
        self._objects = {name: Fields.of(written) for name, written in read["object"].items()}

    def complaints(self, server: FakeX) -> list[str]:
        """Return what is wrong with what was asked of a server and with what it answered.

        A request that the server refused as it was may be a try of the other vocabulary.
        """
        wrong = []
        for asked, status, body in server.answered:
            if status not in (400, 401):
                wrong += [f"{asked.name}: {w}" for w in self.of_request(asked)]
            if status < 300 and isinstance(body, dict):
                wrong += [f"{asked.name} answer: {w}" for w in self.of_answer(asked, body)]
        return wrong

    def scopes(self, asked: Asked) -> frozenset[str]:
        """Return the OAuth2 scopes that a request needs."""
        call, _ = self._call(asked) or ({}, {})
        return frozenset(call.get("scopes", "").split())

    def of_request(self, asked: Asked) -> Iterator[str]:
        """Yield the violations of a request."""
        if asked.path == "/2/oauth2/token":
            return
        found = self._call(asked)
        if found is None:
            yield "no such call"
            return
        call, in_path = found
        yield from self._text_fields(in_path, Fields.of(call.get("path", "")))
        yield from self._text_fields(asked.query, Fields.of(call.get("query", "")))
        yield from self._body(asked, call)

    def of_answer(self, asked: Asked, body: Json) -> Iterator[str]:
        """Yield the violations of an answer."""
        call, _ = self._call(asked) or ({}, {})
        if "answer" in call:
            yield from self._object(body, Fields.of(call["answer"]), "answer")

    def _call(self, asked: Asked) -> tuple[Json, dict[str, str]] | None:
        for name, call in self._calls.items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", name)
            if match := re.fullmatch(pattern, asked.name):
                return call, match.groupdict()
        return None

    def _text_fields(self, given: Mapping[str, str], fields: Fields) -> Iterator[str]:
        """Check what a path or a query says: numbers and lists are written as text there."""
        typed: dict[str, Any] = dict(given)
        for name, field in fields.known.items():
            if name in given and field.is_list:
                typed[name] = given[name].split(",")
            elif name in given and field.base == "int":
                typed[name] = int(given[name]) if given[name].isdecimal() else given[name]
        yield from self._object(typed, fields, "parameters")

    def _body(self, asked: Asked, call: Json) -> Iterator[str]:
        given, kind = (asked.json, "json") if asked.json is not None else (asked.form, "form")
        if kind not in call:
            if given:
                yield f"has a body of {kind}, should have none"
            elif "json" in call:
                yield "has no body"
            return
        if kind == "form":
            given = {name: _number(value) for name, value in given.items()}
        yield from self._object(given, Fields.of(call[kind]), "body")
        if (any_of := call.get("any_of", "").split()) and not any(name in given for name in any_of):
            yield f"body: holds none of {any_of}"

    def _object(self, given: Any, fields: Fields, at: str) -> Iterator[str]:
        if not isinstance(given, Mapping):
            yield f"{at}: {given!r} is no object"
            return
        for name, field in fields.known.items():
            if field.needed and name not in given:
                yield f"{at}: {name} is missing"
        for name, value in given.items():
            if name in fields.known:
                yield from self._field(value, fields.known[name], f"{at}.{name}")
            elif not fields.is_open:
                yield f"{at}: {name} is not known"

    def _field(self, value: Any, field: SpecField, at: str) -> Iterator[str]:
        if not field.is_list:
            yield from self._one(value, field, at)
            return
        if not isinstance(value, list):
            yield f"{at}: {value!r} is no list"
            return
        if not field.few <= len(value) <= field.many:
            yield f"{at}: has {len(value)} items"
        if field.unique and len(set(value)) < len(value):
            yield f"{at}: has an item twice"
        for each in value:
            yield from self._one(each, field, f"{at}[]")

    def _one(self, value: Any, field: SpecField, at: str) -> Iterator[str]:
        if field.base in self._objects:
            yield from self._object(value, self._objects[field.base], at)
        elif field.base in self._one_of:
            if value not in self._one_of[field.base]:
                yield f"{at}: {value!r} is no {field.base}"
        else:
            yield from _plain(value, field, at)


def _plain(value: Any, field: SpecField, at: str) -> Iterator[str]:
    if field.base == "any":
        return
    kinds = _PLAIN[field.base]
    is_bool = type(value) is bool
    if not isinstance(value, kinds) or is_bool != (kinds == (bool,)):
        yield f"{at}: {value!r} is no {field.base}"
        return
    if field.base == "id" and not re.fullmatch("[0-9]{1,19}", str(value)):
        yield f"{at}: {value!r} is no id"
    if field.base == "time" and not _is_time(str(value)):
        yield f"{at}: {value!r} is no time"
    size = int(str(value)) if field.base == "int" else len(str(value))
    if field.base in ("int", "text") and not field.least <= size <= field.most:
        yield f"{at}: {size} is not within {field.least} and {field.most}"


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _number(value: Any) -> Any:
    """Read a form's text the way its fields mean it: digits are numbers."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value

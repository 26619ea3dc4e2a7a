"""Holds requests and answers against X's own OpenAPI description, where the operator has it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from tests.fakes.x_api import FakeX
from tests.fakes.x_asked import Asked

VARIABLE = "SUISAI_TEST_X_SPEC"
Json = Mapping[str, Any]


class Spec:
    """X's OpenAPI document; SUISAI_TEST_X_SPEC names the file."""

    def __init__(self, document: Json) -> None:
        self._document = document

    @classmethod
    def find(cls) -> Spec | None:
        """Read the document, None where it is not at hand."""
        name = os.environ.get(VARIABLE)
        return cls(_document(name)) if name else None

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

    def of_request(self, asked: Asked) -> Iterator[str]:
        """Complain about a request."""
        if asked.path == "/2/oauth2/token":
            return
        found = self._operation(asked)
        if found is None:
            yield "no such operation"
            return
        operation, in_path = found
        yield from self._parameters(asked, operation, in_path)
        yield from self._body(asked, operation)

    def of_answer(self, asked: Asked, body: Json) -> Iterator[str]:
        """Complain about an answer."""
        found = self._operation(asked)
        if found is None:
            return
        answers = found[0]["responses"]
        good = answers.get("200") or answers.get("201")
        yield from self._value(body, good["content"]["application/json"]["schema"], "answer")

    def _operation(self, asked: Asked) -> tuple[Json, dict[str, str]] | None:
        for template, methods in self._document["paths"].items():
            pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
            match = re.fullmatch(pattern, asked.path)
            # '/2/users/{id}' matches '/2/users/me', too: the exact path goes first in the document.
            if match and asked.method.lower() in methods and not _shadowed(template, asked.path):
                return methods[asked.method.lower()], match.groupdict()
        return None

    def _parameters(self, asked: Asked, operation: Json, in_path: Json) -> Iterator[str]:
        known = {p["name"]: p for p in map(self._resolved, operation.get("parameters", []))}
        given = {**asked.query, **in_path}
        for name, value in given.items():
            if name not in known:
                yield f"unknown parameter {name}"
                continue
            schema = self._resolved(known[name]["schema"])
            yield from self._value(_typed(value, schema), schema, name)
        for name, parameter in known.items():
            if parameter.get("required") and name not in given:
                yield f"missing parameter {name}"

    def _body(self, asked: Asked, operation: Json) -> Iterator[str]:
        body = operation.get("requestBody")
        if body is None:
            if asked.json is not None:
                yield "has a body, should have none"
            return
        kind = "application/json" if asked.json is not None else "multipart/form-data"
        if kind not in body["content"]:
            yield f"body is no {kind}"
            return
        given = asked.json if asked.json is not None else _form(asked.form)
        yield from self._value(given, body["content"][kind]["schema"], "body")

    def _resolved(self, schema: Json) -> Json:
        while "$ref" in schema:
            found: Any = self._document
            for step in schema["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            schema = found
        return schema

    def _value(self, value: Any, schema: Json, at: str) -> Iterator[str]:
        schema = self._resolved(schema)
        for choice in ("oneOf", "anyOf"):
            options = schema.get(choice)
            if options and all(list(self._value(value, option, at)) for option in options):
                yield f"{at}: fits none of {choice}"
        yield from _scalar(value, schema, at)
        if isinstance(value, dict):
            yield from self._object(value, schema, at)
        if isinstance(value, list) and "items" in schema:
            yield from _length(value, schema, at)
            for each in value:
                yield from self._value(each, schema["items"], f"{at}[]")

    def _object(self, value: Json, schema: Json, at: str) -> Iterator[str]:
        known = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{at}: {name} is missing"
        for name, each in value.items():
            if name in known:
                yield from self._value(each, known[name], f"{at}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{at}: {name} is not known"


@lru_cache(maxsize=1)
def _document(name: str) -> Json:
    found: Json = json.loads(Path(name).read_text("utf-8"))
    return found


_TYPES = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _scalar(value: Any, schema: Json, at: str) -> Iterator[str]:
    kind = schema.get("type")
    if kind and not (value is None and schema.get("nullable")):
        good = isinstance(value, _TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)
        if not good:
            yield f"{at}: {value!r} is no {kind}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, str):
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{at}: {value!r} does not match {schema['pattern']}"
        if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", 10**9):
            yield f"{at}: has {len(value)} characters"
    if isinstance(value, int) and not isinstance(value, bool):
        least, most = schema.get("minimum", -(10**30)), schema.get("maximum", 10**30)
        if not least <= value <= most:
            yield f"{at}: {value} is not within {least} and {most}"


def _length(value: list[Any], schema: Json, at: str) -> Iterator[str]:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**9):
        yield f"{at}: has {len(value)} items"
    if schema.get("uniqueItems") and len({str(each) for each in value}) != len(value):
        yield f"{at}: has an item twice"


def _typed(value: str, schema: Json) -> Any:
    if schema.get("type") == "array":
        return value.split(",")
    if schema.get("type") == "integer":
        return int(value) if value.lstrip("-").isdecimal() else value
    return value


def _form(form: Mapping[str, Any]) -> dict[str, Any]:
    """Read a form the way its schema means it: files are binary strings, digits are numbers."""
    readable = {k: "file" if isinstance(v, bytes) else v for k, v in form.items()}
    return {k: int(v) if v.isdecimal() else v for k, v in readable.items()}


def _shadowed(template: str, path: str) -> bool:
    return template == "/2/users/{id}" and path == "/2/users/me"

"""Removes secrets from log lines, tracebacks, warnings and events."""

from __future__ import annotations

import logging
import re
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import quote, unquote, urlsplit

HIDDEN = "[hidden]"

SHORTEST_SECRET = 6
"""Minimum length of a secret that is redacted; shorter ones would match ordinary words."""

NAMES = (
    r"access[_-]?token|refresh[_-]?token|bearer[_-]?token|api[_-]?key|client[_-]?secret|consumer[_-]?\w+"
    r"|oauth_\w+|[\w-]*secret[\w-]*|[\w-]*token|passw(?:or)?d|authorization|cookie|x-amz-\w+|signature"
)

PATTERNS = (
    # A Telegram bot's token, also inside the path /bot<token>/sendPhoto.
    (re.compile(r"\d{5,16}(?::|%3[Aa])[A-Za-z0-9_-]{30,}"), HIDDEN),
    (re.compile(r"\b(Bearer|Basic)\s+[\w.~+/%=-]{6,}", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (re.compile(r"(?<=://)[^\s/@'\"]*:[^\s/@'\"]*(?=@)"), HIDDEN),
    # name=value, "name": "value", (b'name', b'value'); a value ends at its quote or at the end of a word.
    (
        re.compile(
            rf"(?i)(\b(?:{NAMES})['\"]?\s*(?:[:=,]|=>)\s*(?:b?['\"]))((?:\\.|[^'\"\\])+)(?=['\"])"
        ),
        rf"\1{HIDDEN}",
    ),
    (
        re.compile(rf"(?i)(\b(?:{NAMES})\s*[:=]\s*)(?!['\"\[{{(]|b['\"])[^\s'\"&,;)}}\]]+"),
        rf"\1{HIDDEN}",
    ),
)


class Redactor:
    """Replaces known secrets, and text that looks like one, by `HIDDEN`. Calling it redacts a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        text = self._known.sub(HIDDEN, text)
        for pattern, replacement in PATTERNS:
            text = pattern.sub(replacement, text)
        return text

    def value(self, value: object) -> object:
        """Return a value whose text contains no secret; values without one are returned unchanged."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, str):
            return self(value)
        if isinstance(value, Mapping):
            return {key: self._named(key, item) for key, item in value.items()}
        if type(value) in (list, tuple, set):
            return type(value)(self.value(item) for item in value)  # type: ignore[call-arg,attr-defined] # one of three
        return self._object(value)

    def event(
        self,
        _logger: Any,  # noqa: ANN401 - structlog's signature of a processor
        _method: str,
        event: MutableMapping[str, Any] | str,
    ) -> Any:  # noqa: ANN401 - as above
        """Redact as a structlog processor; it must follow the one that renders tracebacks."""
        return self(event) if isinstance(event, str) else self.value(event)

    def traceback(self, error: BaseException) -> str:
        """Return an error's redacted traceback, including its causes."""
        return self("".join(traceback.format_exception(error)))

    def _named(self, name: object, item: object) -> object:
        # Some values are recognised as secret only with the name of their field.
        if isinstance(item, str) and self(f"{name}='{item}'") == f"{name}='{HIDDEN}'":
            return HIDDEN
        return self.value(item)

    def _object(self, value: object) -> object:
        written = f"{value} {value!r}"
        return value if self(written) == written else self(str(value))


def _spellings(secret: str) -> Iterator[str]:
    """Yield a secret in its possible encodings; for a URL also its password alone."""
    password = None
    with suppress(ValueError):
        password = urlsplit(secret).password
    for text in (secret, password or ""):
        if len(text) >= SHORTEST_SECRET:
            yield from (text, quote(text, safe=""), unquote(text), repr(text)[1:-1])


class RedactingRecords:
    """A factory of redacted log records, so that no handler can write a secret."""

    def __init__(
        self, redactor: Redactor, inner: Callable[..., logging.LogRecord] = logging.LogRecord
    ) -> None:
        self._redactor = redactor
        self.inner = inner

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - logging's
        record = self.inner(*args, **kwargs)
        record.args = self._redactor.value(record.args)  # type: ignore[assignment] # same shape
        self._redact_message(record)
        if record.exc_info and record.exc_info[1]:
            # Formatters use an existing `exc_text` and do not format the exception again.
            record.exc_text = self._redactor.traceback(record.exc_info[1]).rstrip("\n")
        if record.stack_info:
            record.stack_info = self._redactor(record.stack_info)
        return record

    def _redact_message(self, record: logging.LogRecord) -> None:
        if not isinstance(record.msg, str) or not record.args:
            record.msg = self._redactor.value(record.msg)
            return
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            # The arguments do not match the message: logging will report that and show both.
            record.msg = self._redactor(record.msg)
            return
        redacted = self._redactor(message)
        if redacted != message:
            record.msg, record.args = redacted, ()


def redact_everything(redactor: Redactor) -> None:
    """Redact the output of logging, warnings and uncaught exceptions of this process from now on.

    Calling it again with another redactor replaces the first one.
    """
    inner = logging.getLogRecordFactory()
    while isinstance(inner, RedactingRecords):
        inner = inner.inner
    logging.setLogRecordFactory(RedactingRecords(redactor, inner))
    logging.captureWarnings(True)

    def on_error(
        _kind: type[BaseException], error: BaseException, _where: TracebackType | None
    ) -> None:
        sys.stderr.write(redactor.traceback(error))

    def on_thread_error(failure: threading.ExceptHookArgs) -> None:
        if failure.exc_value:
            sys.stderr.write(redactor.traceback(failure.exc_value))

    def on_unraisable(failure: Any) -> None:  # noqa: ANN401 - typeshed's type exists in stubs only
        sys.stderr.write(redactor.traceback(failure.exc_value))

    sys.excepthook = on_error
    threading.excepthook = on_thread_error
    sys.unraisablehook = on_unraisable

"""Configures logging: readable lines on a terminal, else JSON, with all secrets redacted."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable

import structlog
from pydantic import SecretStr
from pydantic_settings import BaseSettings
from structlog.typing import Processor

from tasks.settings import Settings
from tasks.telemetry.redaction import Redactor, redact_everything


def set_up_logs(settings: Settings, *others: BaseSettings) -> None:
    """Write all log lines of this process to standard error; the secrets in these settings are redacted."""
    redactor = Redactor(_secrets([settings, *others]))
    redact_everything(redactor)
    as_json = settings.log_json if settings.log_json is not None else not sys.stderr.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redactor.event,
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level)
    # One line per wake-up would be noise; the events of a job are in its history.
    for chatty in ("celery.worker.strategy", "celery.app.trace", "httpx", "celery.worker.consumer"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, root.level))


def _secrets(groups: Iterable[BaseSettings]) -> list[str]:
    values = [value for group in groups for value in dict(group).values()]
    return [value.get_secret_value() for value in values if isinstance(value, SecretStr)]

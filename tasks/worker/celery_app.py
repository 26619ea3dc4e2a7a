"""The Celery application. It transports only wake-ups between processes; jobs are in the ledger."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

import structlog
from celery import Celery
from celery.loaders.app import AppLoader
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from tasks.ledger.ledger import Wake
from tasks.models import Stage
from tasks.routing import stage_of
from tasks.services import redis_url
from tasks.settings import Settings

_log = structlog.get_logger()

STALE_S = 60
"""A wake-up that no worker receives within this time expires; the sweep sends another one."""


class _Loader(AppLoader):  # type: ignore[misc] # Celery has no types
    """Celery's loader, without the search for modules in the current folder."""

    def import_from_cwd(
        self, module: str, imp: object = None, package: str | None = None
    ) -> ModuleType:
        return import_module(module, package)


def make_app(settings: Settings) -> Celery:
    """Create the application for these settings: one queue per stage, JSON messages, no results."""
    app = Celery(
        "suisai", broker=_broker_url(redis_url(settings)), loader=_Loader, set_as_current=False
    )
    app.conf.update(
        accept_content=["json"],
        task_serializer="json",
        task_ignore_result=True,
        task_default_queue="fetch",
        task_create_missing_queues=True,
        worker_prefetch_multiplier=1,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_send_task_events=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": f"{settings.namespace}:celery:",
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
        },
    )
    return app


def make_wake(app: Celery) -> Wake:
    """Return the function that wakes a stage's workers."""

    def wake(queue: str) -> None:
        try:
            app.send_task(
                task_name(stage_of(queue)),
                queue=str(queue),
                expires=STALE_S,
                ignore_result=True,
                retry=False,
            )
        except (OperationalError, RedisError, OSError) as error:
            _log.warning(
                "wakeup_not_sent",
                queue=str(queue),
                error=type(error).__name__,
                action="the sweep sends another",
            )

    return wake


def task_name(stage: Stage) -> str:
    """Return the name of a stage's Celery task."""
    return f"suisai.{stage}"


def _broker_url(url: str) -> str:
    # kombu's URL scheme for Unix sockets differs from redis-py's.
    return url.replace("unix://", "redis+socket://", 1)

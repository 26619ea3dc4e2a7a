"""Tells the operator what only the operator can mend: in the log, and in `suisai doctor`."""

from __future__ import annotations

import structlog

from tasks.notebook import Notebook

_KEY = "notice"
_KEPT_S = 7 * 86_400.0

_log = structlog.get_logger()


def notify(notebook: Notebook, trouble: str) -> None:
    """Keep a notice until it is cleared; logged loudly when it is new."""
    if notebook.get(_KEY) != trouble:
        _log.error("X waits for the operator, trying again meanwhile", trouble=trouble)
    notebook.put(_KEY, trouble, _KEPT_S)


def clear(notebook: Notebook) -> None:
    """X works again."""
    if notebook.get(_KEY) is not None:
        notebook.delete(_KEY)
        _log.info("X works again")


def notice(notebook: Notebook) -> str | None:
    """Return what the operator should know, None where all is well."""
    return notebook.get(_KEY)

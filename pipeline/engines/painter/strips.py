"""Work by strips of rows: they fit the processor's cache, and several hands can paint at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import TypeVar

import numpy as np

STRIP_PX = 64
"""A fixed number, so that the number of hands cannot change the picture."""

Rows = TypeVar("Rows", bound=np.ndarray)


def by_rows(crew: Executor, out: Rows, work: Callable[[slice], Rows]) -> Rows:
    """Fill `out` with the rows that `work` makes, strip by strip, and return it."""

    def strip(top: int) -> None:
        rows = slice(top, min(top + STRIP_PX, out.shape[0]))
        out[rows] = work(rows)

    list(crew.map(strip, range(0, out.shape[0], STRIP_PX)))
    return out

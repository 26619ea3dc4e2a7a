"""Who works beside whom in one process, so that nobody pays for a neighbour's photo.

The rule of attempts. A worker that dies leaves behind all that it had in hand, and at most one of those
jobs killed it. So a death costs a job an attempt only when that job was alone in the hands of the worker.
Where there were several, none pays, and all are suspect: each is claimed next by a worker that sends its
other threads to rest first, and if it was the culprit, it dies alone. What a photo does not cause (a
platform that answers 5xx or cuts the line, a store or a check that is down) costs no attempt either: it is
borne for `fault_patience_s`. A job whose attempts or patience are used up ends in an apology and on the
dead list.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Company:
    """The threads of one process: many work at once, or one alone."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._at_work = 0
        self._wish_to_be_alone = 0

    @contextmanager
    def beside_others(self) -> Iterator[None]:
        """Work together with others; waits while somebody is, or wishes to be, alone."""
        with self._change:
            self._change.wait_for(lambda: self._wish_to_be_alone == 0)
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._at_work -= 1
                self._change.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Inside `beside_others`: wait until the others are done and let no other begin."""
        with self._change:
            self._wish_to_be_alone += 1
            self._at_work -= 1
            # Two who wish to be alone do not wait for each other: neither is at work.
            self._change.notify_all()
            self._change.wait_for(lambda: self._at_work == 0)
            self._at_work += 1
        try:
            yield
        finally:
            with self._change:
                self._wish_to_be_alone -= 1
                self._change.notify_all()

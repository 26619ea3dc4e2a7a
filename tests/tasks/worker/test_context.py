"""Many threads work at once, or one alone."""

from __future__ import annotations

import threading

from tasks.worker.context import ExclusiveGate
from tests.stack import eventually


def test_exclusive_access_waits_for_others_and_blocks_new_ones() -> None:
    company, told = ExclusiveGate(), []
    at_work, may_end = threading.Event(), threading.Event()

    def neighbour() -> None:
        with company.shared():
            at_work.set()
            may_end.wait(10)
            told.append("neighbour done")

    def loner() -> None:
        with company.shared(), company.exclusive():
            told.append("alone")

    def newcomer() -> None:
        with company.shared():
            told.append("newcomer")

    gang = [threading.Thread(target=neighbour)]
    gang[0].start()
    assert at_work.wait(10)
    gang.append(threading.Thread(target=loner))
    gang[1].start()
    eventually(lambda: company._exclusive == 1)
    gang.append(threading.Thread(target=newcomer))
    gang[2].start()
    assert told == []
    may_end.set()
    for thread in gang:
        thread.join(10)
    assert told == ["neighbour done", "alone", "newcomer"]


def test_two_threads_get_exclusive_access_one_after_the_other() -> None:
    company, together = ExclusiveGate(), threading.Barrier(2)
    alone_now, seen = [], []

    def loner(name: str) -> None:
        with company.shared():
            together.wait(10)
            with company.exclusive():
                alone_now.append(name)
                seen.append(list(alone_now))
                alone_now.remove(name)

    gang = [threading.Thread(target=loner, args=(name,)) for name in ("one", "two")]
    for thread in gang:
        thread.start()
    for thread in gang:
        thread.join(10)
    assert sorted(seen) == [["one"], ["two"]]

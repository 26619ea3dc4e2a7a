"""`ExclusiveGate`: many threads hold it shared, or one exclusively."""

from __future__ import annotations

import threading

from tasks.worker.loop import ExclusiveGate
from tests.stack import eventually


def test_exclusive_access_waits_for_others_and_blocks_new_ones() -> None:
    gate, order = ExclusiveGate(), []
    at_work, may_end = threading.Event(), threading.Event()

    def neighbour() -> None:
        with gate.shared():
            at_work.set()
            may_end.wait(10)
            order.append("neighbour done")

    def loner() -> None:
        with gate.shared(), gate.exclusive():
            order.append("alone")

    def newcomer() -> None:
        with gate.shared():
            order.append("newcomer")

    gang = [threading.Thread(target=neighbour)]
    gang[0].start()
    assert at_work.wait(10)
    gang.append(threading.Thread(target=loner))
    gang[1].start()
    eventually(lambda: gate._exclusive == 1)
    gang.append(threading.Thread(target=newcomer))
    gang[2].start()
    assert order == []
    may_end.set()
    for thread in gang:
        thread.join(10)
    assert order == ["neighbour done", "alone", "newcomer"]


def test_two_threads_get_exclusive_access_one_after_the_other() -> None:
    gate, together = ExclusiveGate(), threading.Barrier(2)
    alone_now, seen = [], []

    def loner(name: str) -> None:
        with gate.shared():
            together.wait(10)
            with gate.exclusive():
                alone_now.append(name)
                seen.append(list(alone_now))
                alone_now.remove(name)

    gang = [threading.Thread(target=loner, args=(name,)) for name in ("one", "two")]
    for thread in gang:
        thread.start()
    for thread in gang:
        thread.join(10)
    assert sorted(seen) == [["one"], ["two"]]

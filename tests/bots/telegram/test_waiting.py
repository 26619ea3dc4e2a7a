from __future__ import annotations

from itertools import accumulate

from bots.telegram.store import Placeholder, PlaceholderQueue, interval_s
from tasks.services import Services


def test_looks_come_at_growing_distances() -> None:
    distances = [interval_s(n) for n in range(1, 30)]
    assert distances[:9] == [1, 2, 3, 4, 5, 7, 9, 12, 16]
    assert distances == sorted(distances)


def test_an_hour_of_waiting_costs_few_edits() -> None:
    times = list(accumulate(max(3.0, interval_s(n)) for n in range(1, 40)))
    assert sum(at < 3600 for at in times) <= 20


def test_those_who_are_overdue_longest_come_first(services: Services) -> None:
    waiting = PlaceholderQueue(services.redis, services.settings.namespace)
    for job, at in [("late", 30.0), ("early", 10.0), ("later", 99.0)]:
        waiting.add(Placeholder(job, 7, "5"), at)
    assert [watch.job_id for watch in waiting.due(50.0, 10)] == ["early", "late"]


def test_a_watch_reads_back_and_can_be_dropped(services: Services) -> None:
    waiting = PlaceholderQueue(services.redis, services.settings.namespace)
    watch = Placeholder("job", 0, "inline:abc", edits=3, says="waiting:3:1")
    waiting.add(watch, 1.0)
    assert waiting.due(2.0, 10) == [watch]
    waiting.drop(watch)
    assert waiting.due(2.0, 10) == []


def test_news_is_told_at_most_every_few_seconds() -> None:
    watch, wait_s = Placeholder("job", 7, "5").edited("waiting:2:1", at_most_every_s=3.0)
    assert (watch.edits, watch.says, wait_s) == (1, "waiting:2:1", 3.0)

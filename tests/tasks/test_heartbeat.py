"""The list of live processes."""

from __future__ import annotations

from tasks.heartbeat import Process, heartbeat, process_name, unique_process_name
from tasks.services import Services
from tests.stack import eventually


def test_a_process_is_on_the_list_while_it_runs(services: Services) -> None:
    with heartbeat(services.heartbeats, "gpu", lambda: {"engine": "painter/3"}):
        (here,) = eventually(services.heartbeats.alive)
        assert (here.kind, here.name, here.facts) == (
            "gpu",
            process_name(),
            {"engine": "painter/3"},
        )

    assert services.heartbeats.alive() == ()


def test_a_process_without_heartbeats_is_removed(services: Services) -> None:
    dead = Process("io", "far-away:1", 0.0, {})
    services.heartbeats.announce(dead, stale_s=0.0)
    services.heartbeats.announce(Process("io", "here:2", 0.0, {}))

    assert [process.name for process in services.heartbeats.alive()] == ["here:2"]
    # Removed, so that entries of restarted processes do not accumulate.
    assert services.redis.hlen(f"{services.settings.namespace}:presence") == 1


def test_a_restarted_process_has_another_unique_name() -> None:
    # A restarted container has the same host name, and its process the same id.
    assert unique_process_name() != unique_process_name()
    assert unique_process_name().startswith(process_name())

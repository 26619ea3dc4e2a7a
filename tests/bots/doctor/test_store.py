"""The doctor detects a server that could lose jobs, and says how to fix it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis

from bots.doctor.store import check_reach, check_store
from bots.findings import Finding, Severity
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Redis]:
    """A server of its own, because these tests spoil its configuration."""
    valkey = EmbeddedValkey(tmp_path / "valkey")
    valkey.ensure()
    with Redis(unix_socket_path=str(valkey.socket)) as client:
        yield client
    valkey.stop()


def found(server: Redis) -> dict[str, Finding]:
    return {finding.what: finding for finding in check_store(server)}


def test_the_embedded_server_is_well(server: Redis) -> None:
    assert {finding.severity for finding in found(server).values()} == {Severity.OK}


@pytest.mark.parametrize(
    ("option", "value", "what", "light"),
    [
        ("appendonly", "no", "append-only file", Severity.ERROR),
        ("appendfsync", "everysec", "append-only file", Severity.WARNING),
        ("maxmemory-policy", "allkeys-lru", "eviction", Severity.ERROR),
        ("maxmemory", "1", "memory", Severity.ERROR),
    ],
)
def test_a_server_that_may_lose_jobs_is_found_out(
    server: Redis, option: str, value: str, what: str, light: Severity
) -> None:
    server.config_set(option, value)

    finding = found(server)[what]

    assert finding.severity is light
    assert finding.fix


def test_the_fix_is_a_command_that_helps(server: Redis) -> None:
    server.config_set("appendonly", "no")
    command = found(server)["append-only file"].fix.split(" && ")[0].split()
    assert command[:3] == ["valkey-cli", "config", "set"]

    server.config_set(command[3], command[4])

    assert found(server)["append-only file"].severity is Severity.OK


def test_a_server_that_is_away_is_red_only_where_one_was_promised(tmp_path: Path) -> None:
    promised = Settings(data_dir=tmp_path, redis_url="redis://127.0.0.1:1")  # type: ignore[arg-type] # pydantic parses
    embedded = Settings(data_dir=tmp_path, redis_url=None)
    nowhere = Redis(port=1, socket_connect_timeout=1)

    lights = [check_reach(nowhere, settings) for settings in (promised, embedded)]

    assert [f.severity if f else None for f in lights] == [Severity.ERROR, Severity.WARNING]
    nowhere.close()

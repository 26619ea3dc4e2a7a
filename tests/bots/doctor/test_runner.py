"""All checks of the doctor, with and without a running bot."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bots.doctor.machine import sandbox_finding
from bots.doctor.runner import examine
from bots.doctor.workers import check_workers
from bots.findings import Finding, Severity
from pipeline.gpu import gpu_from
from tasks.heartbeat import Process
from tasks.models import PaintRequest
from tasks.services import Services, embedded_valkey
from tasks.settings import Settings
from tests import preloaded
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process


def light_of(findings: list[Finding], what: str) -> Severity:
    return next(finding.severity for finding in findings if finding.what == what)


def test_a_running_bot_is_well(settings: Settings, stack: Stack, services: Services) -> None:
    stack.start_workers()
    eventually(lambda: len(services.heartbeats.alive()) == 3, what="three processes")

    def everybody_answers() -> list[Finding] | None:
        findings = list(examine(settings))
        answers = [light_of(findings, f"{kind} workers") for kind in ("io", "gpu")]
        return findings if answers == [Severity.OK, Severity.OK] else None

    findings = eventually(everybody_answers)
    assert light_of(findings, "sweep") is Severity.OK
    assert [f for f in findings if f.severity is Severity.ERROR] == []


def test_jobs_that_nobody_works_on_are_red(
    settings: Settings, services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    assert light_of(list(examine(settings)), "processes") is Severity.WARNING

    services.ledger.admit(make_request())

    assert light_of(list(examine(settings)), "processes") is Severity.ERROR

    services.heartbeats.announce(Process("web", "here:1", 0.0, {}))

    assert light_of(list(examine(settings)), "io workers") is Severity.ERROR


@pytest.mark.parametrize(
    ("engines", "severity", "part"),
    [
        (["painter/0.1"], Severity.OK, "all paint with painter"),
        (["diffusion/m-1", "painter/0.1"], Severity.WARNING, "a mix: diffusion paints, painter"),
        (["other/1"], Severity.WARNING, "which SUISAI_ENGINES does not name"),
    ],
)
def test_several_engines_are_reported(
    settings: Settings, services: Services, engines: list[str], severity: Severity, part: str
) -> None:
    for number, engine in enumerate(engines):
        services.heartbeats.announce(Process("gpu", f"here:{number}", 0.0, {"engine": engine}))

    (finding,) = (f for f in check_workers(services) if f.what == "engines")

    assert finding.severity is severity
    assert part in finding.message


def test_before_anything_ran_the_doctor_checks_all_but_what_must_run(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", redis_url=None)

    findings = list(examine(settings, tmp_path / ".env"))

    assert {"disk", "GPU", "settings", "Valkey", "append-only file"} <= {f.what for f in findings}
    assert [f.what for f in findings if f.fix == "suisai up"] == ["processes"]
    assert [f for f in findings if f.severity is Severity.ERROR] == []
    assert not embedded_valkey(settings).is_alive()


def test_the_doctor_makes_no_file_in_the_folder_of_another_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)

    findings = list(examine(Settings(data_dir=folder, redis_url=None), tmp_path / ".env"))

    (finding,) = (f for f in findings if f.what == "Valkey")
    assert "belongs to another user" in finding.message
    assert list(folder.iterdir()) == []


def test_a_pause_comes_with_the_command_that_ends_it(
    settings: Settings, services: Services
) -> None:
    services.controls.pause("deliver", "x")

    mends = [finding.fix for finding in examine(settings) if finding.what == "paused"]

    assert mends == ["suisai resume deliver --platform x"]


def doctor(stack: Stack, *options: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run("bots", ["doctor", *options], stack.environment)


def test_doctor_exits_with_1_on_errors_and_prints_json(stack: Stack) -> None:
    stack.environment["SUISAI_REDIS_URL"] = "redis://127.0.0.1:1"

    done = doctor(stack, "--json")

    assert done.returncode == 1
    assert [row["what"] for row in json.loads(done.stdout) if row["severity"] == "error"] == [
        "Valkey"
    ]


def test_a_setting_that_cannot_be_used_is_named_as_it_is_written(stack: Stack) -> None:
    stack.environment["SUISAI_LIMITS"] = '{"cooldown_s": -1}'
    stack.environment["SUISAI_WEB_PORT"] = "eighty"

    said = " ".join(row["message"] for row in json.loads(doctor(stack, "--json").stdout))

    assert "SUISAI_LIMITS (cooldown_s) is invalid" in said
    assert "SUISAI_WEB_PORT is invalid" in said


def test_settings_are_printed_without_their_secrets(stack: Stack) -> None:
    stack.environment["SUISAI_TELEGRAM_TOKEN"] = "1:very-secret"

    printed = doctor(stack, "--settings").stdout

    assert "SUISAI_TELEGRAM_TOKEN=***" in printed
    assert "very-secret" not in printed
    assert "SUISAI_LEASE_S=2.0" in printed


def test_a_gpu_is_read_as_its_driver_prints_it() -> None:
    gpu = gpu_from("NVIDIA H100 80GB HBM3, 570.124.06, 81559, 81008")

    assert gpu.describe() == "NVIDIA H100 80GB HBM3, driver 570.124.06, 79.1 of 79.6 GiB free"


def test_a_missing_system_call_filter_is_reported(settings: Settings) -> None:
    assert light_of(list(examine(settings)), "sandbox") is Severity.OK
    finding = sandbox_finding(filtered=False)
    assert finding.severity is Severity.WARNING
    assert "resource limits only" in finding.message

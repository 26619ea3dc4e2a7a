"""The doctor finds contradictory and unknown settings, and settings files that others can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from bots.doctor.settings import check_settings
from bots.findings import Severity
from tasks.settings import Limits, LimitsOverride, Settings

QUIET = {"redis_url": None, "blob_url": None}


def says(settings: Settings, environment: dict[str, str], env_file: Path) -> str:
    return " / ".join(
        f"{finding.message} -> {finding.fix}"
        for finding in check_settings(settings, environment, env_file)
    )


def test_the_defaults_are_sound(tmp_path: Path) -> None:
    (finding,) = check_settings(Settings(), {}, tmp_path / ".env")
    assert finding.severity is Severity.OK


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"limits": Limits(max_wait_s=200)}, "the faster recipe is never used"),
        ({"photo_retention_s": 60}, "then downloaded again"),
        ({"picture_retention_s": 60}, "then painted again"),
        ({"redis_url": "redis://far.example"}, "SUISAI_BLOB_URL"),
        (
            {"redis_url": "redis://127.0.0.1", "valkey_memory_mb": 512},
            "SUISAI_VALKEY_MEMORY_MB has no effect",
        ),
        ({"safety_checks": ("nosuch",)}, "'nosuch' is not installed"),
        ({"platform_limits": {"y": LimitsOverride()}}, "names 'y', which is no platform"),
    ],
)
def test_contradictions_are_named(settings: dict[str, object], words: str, tmp_path: Path) -> None:
    assert words in says(Settings(**settings), {}, tmp_path / ".env")  # type: ignore[arg-type] # pydantic checks


def test_a_misspelt_setting_is_reported_in_environment_and_file(
    tmp_path: Path,
) -> None:
    file = tmp_path / ".env"
    file.write_text("SUISAI_TELEGRAM_TOKN=1\n#SUISAI_NOTHING=1\nOTHER=1\n")
    file.chmod(0o600)

    heard = says(Settings(), {"SUISAI_LEASE": "5"}, file)

    assert (
        "SUISAI_LEASE is not a setting and has no effect -> did you mean SUISAI_LEASE_S?" in heard
    )
    assert "SUISAI_TELEGRAM_TOKN is not a setting" in heard
    assert "NOTHING" not in heard
    assert "OTHER" not in heard


def test_a_file_that_others_can_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("")
    file.chmod(0o640)

    assert f"chmod 600 {file}" in says(Settings(), {}, file)

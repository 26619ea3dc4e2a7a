"""An operator sets Telegram up, and the doctor looks at it afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.doctor.findings import Finding, Light
from bots.telegram.checkup import checkup
from tasks.services import Services
from tests.fakes.telegram_api import TOKEN, TelegramApi


@pytest.fixture
def reached(telegram: TelegramApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TelegramApi:
    """Telegram stands where the settings say, and nothing is set up yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SUISAI_TELEGRAM_API_URL", telegram.url)
    return telegram


def test_a_wrong_token_is_asked_again_and_a_right_one_is_written(reached: TelegramApi) -> None:
    done = CliRunner().invoke(app, ["setup", "telegram"], input=f"1:wrong\n{TOKEN}\n")

    assert done.exit_code == 0, done.output
    assert "Telegram does not know this token" in done.output
    assert "Telegram knows the bot as @" in done.output
    assert TOKEN not in done.output
    file = Path(".env")
    assert f"SUISAI_TELEGRAM_TOKEN={TOKEN}" in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_after_three_wrong_tokens_nothing_is_written(reached: TelegramApi) -> None:
    done = CliRunner().invoke(app, ["setup", "telegram"], input="1:a\n1:b\n1:c\n")

    assert "nothing was written" in str(done.exception)
    assert not Path(".env").exists()


def found(services: Services) -> dict[str, Finding]:
    return {finding.what: finding for finding in checkup(services)}


def test_the_doctor_asks_telegram_who_we_are(
    reached: TelegramApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)

    findings = found(services)

    assert findings["Telegram"].light is Light.GREEN
    assert findings["Telegram listener"].mend == "suisai telegram"


def test_the_doctor_sees_a_token_that_was_revoked(
    reached: TelegramApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", "1:revoked")

    assert found(services)["Telegram"] == Finding(
        "Telegram", Light.RED, "Telegram does not know the token", "suisai setup telegram"
    )

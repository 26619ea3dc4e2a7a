"""An operator sets Telegram up, and the doctor looks at it afterwards."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.findings import Finding, Severity
from bots.plugins import adapters
from bots.telegram.doctor import check
from tasks.heartbeat import Process
from tasks.services import Services
from tests.fakes.telegram_api import TOKEN, TelegramApi, WebhookTarget
from tests.fakes.telegram_faults import CallFault


@pytest.fixture
def reached(telegram: TelegramApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> TelegramApi:
    """The settings point to the fake Telegram; nothing is set up yet."""
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


NOBODY_ANSWERS = "http://127.0.0.1:1"
WELL_FORMED = "123456789:AAF-35_letters_and_digits_and_more"


def test_without_a_network_a_token_is_written_unchecked(
    reached: TelegramApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_API_URL", NOBODY_ANSWERS)

    done = CliRunner().invoke(app, ["setup", "telegram"], input=f"123\n{WELL_FORMED}\n")

    assert done.exit_code == 0, done.output
    assert "This is no token" in done.output
    assert "cannot be reached from this machine" in done.output
    assert "Not checked." in done.output
    assert "know" not in done.output
    assert WELL_FORMED in Path(".env").read_text()


def test_an_outage_of_telegram_says_nothing_about_the_token(reached: TelegramApi) -> None:
    reached.faults.add(CallFault("getMe", times=50, status=502))

    done = CliRunner().invoke(app, ["setup", "telegram"], input=f"{TOKEN}\n")

    assert done.exit_code == 0, done.output
    assert "cannot answer just now" in done.output
    assert TOKEN in Path(".env").read_text()


def test_answers_go_into_the_file_that_settings_are_read_from(
    reached: TelegramApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = tmp_path / "other.env"
    named.write_text("SUISAI_WEB_PORT=8001\n")
    monkeypatch.delenv("SUISAI_ENV_FILE", raising=False)
    monkeypatch.setenv("SUISAI_ENV_FILE", str(named))

    CliRunner().invoke(app, ["setup", "telegram"], input=f"{TOKEN}\n")

    assert TOKEN in named.read_text()
    assert not Path(".env").exists()


def test_the_doctor_tells_a_network_that_is_away_from_a_token_that_is_wrong(
    reached: TelegramApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("SUISAI_TELEGRAM_API_URL", NOBODY_ANSWERS)

    (finding,) = check(services)

    assert finding.severity is Severity.ERROR
    assert "cannot be reached from this machine" in finding.message
    assert "network" in finding.fix


def test_the_doctor_checks_the_token_while_the_ledger_is_away(
    reached: TelegramApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)

    assert [finding.severity for finding in check(None)] == [Severity.OK] * 3


def found(services: Services) -> dict[str, Finding]:
    return {finding.what: finding for finding in check(services)}


def test_the_doctor_asks_telegram_who_we_are(
    reached: TelegramApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)

    assert "Telegram listener" not in found(services)  # nothing runs: `suisai up` starts it

    services.heartbeats.announce(Process("io", "here:1", 0.0, {}))
    findings = found(services)

    assert findings["Telegram"].severity is Severity.OK
    assert findings["Telegram listener"].fix == "suisai telegram"


def test_the_doctor_sees_a_token_that_was_revoked(
    reached: TelegramApi, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", "1:revoked")

    assert found(services)["Telegram"] == Finding(
        "Telegram", Severity.ERROR, "Telegram does not know the token", "suisai setup telegram"
    )


@pytest.mark.parametrize(
    ("ago_s", "web", "light"),
    [(60, True, Severity.ERROR), (7200, True, Severity.OK), (7200, False, Severity.ERROR)],
)
def test_the_doctor_tells_a_webhook_that_fails_from_one_that_failed_once(
    reached: TelegramApi,
    services: Services,
    monkeypatch: pytest.MonkeyPatch,
    ago_s: int,
    web: bool,
    light: Severity,
) -> None:
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("SUISAI_TELEGRAM_WEBHOOK_URL", "https://bot.example/telegram/webhook")
    monkeypatch.setenv("SUISAI_TELEGRAM_WEBHOOK_SECRET", "a-secret_of-the-tests")
    failed_at = int(services.ledger.now()) - ago_s
    trouble = {"last_error_date": failed_at, "last_error_message": "Connection refused"}
    reached.hook = WebhookTarget("https://bot.example/telegram/webhook", trouble=trouble)
    services.heartbeats.announce(Process("web" if web else "io", "here:1", 0.0, {}))

    finding = found(services)["Telegram updates"]

    assert finding.severity is light
    assert ("Connection refused" in finding.message) == web


URL = "https://photos.example/telegram/webhook"


@pytest.fixture
def hooked(reached: TelegramApi, monkeypatch: pytest.MonkeyPatch) -> TelegramApi:
    """A bot that is to be called by webhook."""
    monkeypatch.setenv("SUISAI_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.setenv("SUISAI_TELEGRAM_WEBHOOK_URL", URL)
    monkeypatch.setenv("SUISAI_TELEGRAM_WEBHOOK_SECRET", "a-secret_of-the-tests")
    return reached


def test_with_a_webhook_the_listener_is_started_too(hooked: TelegramApi) -> None:
    assert adapters()["telegram"].wanted()


@pytest.mark.parametrize(
    ("hook", "severity", "part"),
    [
        (WebhookTarget(), Severity.ERROR, "knows no webhook"),
        (
            WebhookTarget("https://elsewhere.example/"),
            Severity.ERROR,
            "calls https://elsewhere.example/",
        ),
        (
            WebhookTarget(
                URL, trouble={"last_error_date": 2**31, "last_error_message": "Read timeout"}
            ),
            Severity.ERROR,
            "Read timeout",
        ),
        (
            WebhookTarget(
                URL, trouble={"last_error_date": 1_700_000_000, "last_error_message": "503"}
            ),
            Severity.OK,
            "its last error at 2023-11-14 22:13 UTC: 503",
        ),
        (WebhookTarget(URL, allowed=["message"]), Severity.WARNING, "does not send callback_query"),
        (WebhookTarget(URL), Severity.OK, "by webhook, 0 updates waiting"),
    ],
)
def test_the_doctor_compares_the_webhook_with_the_settings(
    hooked: TelegramApi, services: Services, hook: WebhookTarget, severity: Severity, part: str
) -> None:
    hooked.hook = hook
    services.heartbeats.announce(Process("web", "here:1", 0.0, {}))

    finding = found(services)["Telegram updates"]

    assert finding.severity is severity
    assert part in finding.message


def test_the_doctor_shows_what_is_held_back(hooked: TelegramApi, services: Services) -> None:
    services.holds.add("telegram", "chat:42:sendMessage", 43_200)

    finding = found(services)["Telegram flood limits"]

    assert "chat:42:sendMessage" in finding.message
    assert "suisai resume deliver --platform telegram" in finding.fix


def test_a_bot_without_a_username_is_shown_by_its_name(
    hooked: TelegramApi, services: Services
) -> None:
    hooked.world.me = {"id": 777, "is_bot": True, "first_name": "Suisai"}
    assert "'Suisai' (id 777)" in found(services)["Telegram"].message

"""`suisai service` writes a unit that systemd accepts, and nothing else."""

from __future__ import annotations

import pwd
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bots.cli import app
from bots.commands.common import InputRefused
from bots.commands.service import unit


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    folder = tmp_path / "my bot 50%"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # Without systemctl on the path: the test changes nothing of this machine's services.
    monkeypatch.setenv("PATH", str(tmp_path))
    return {"XDG_CONFIG_HOME": str(tmp_path / "config"), "SUISAI_DATA_DIR": str(tmp_path / "data")}


def test_a_service_is_installed_and_removed(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "config" / "systemd" / "user" / "suisai.service"

    done = CliRunner().invoke(app, ["service", "install"], env=environment)

    assert done.exit_code == 0, done.output
    assert "systemctl --user enable --now suisai" in done.output
    assert f"WorkingDirectory={tmp_path}/my bot 50%%" in path.read_text().splitlines()
    assert CliRunner().invoke(app, ["service", "uninstall"], env=environment).exit_code == 0
    assert not path.exists()
    again = CliRunner().invoke(app, ["service", "uninstall"], env=environment)
    assert isinstance(again.exception, InputRefused)


def test_a_unit_is_shown_without_being_written(environment: dict[str, str], tmp_path: Path) -> None:
    words = ["service", "install", "--system", "--user", "suisai", "--show"]
    shown = CliRunner().invoke(app, words, env=environment).output
    assert "User=suisai" in shown
    assert "WantedBy=multi-user.target" in shown
    assert not (tmp_path / "config").exists()


def test_the_unit_names_the_file_of_settings_that_the_command_line_names(
    environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_ENV_FILE", "")  # what the option sets is undone after the test
    file = tmp_path / "bot.env"
    file.write_text("")

    words = ["--env-file", str(file), "service", "install", "--show"]
    shown = CliRunner().invoke(app, words, env=environment).output

    assert f'Environment="SUISAI_ENV_FILE={file}"' in shown.splitlines()


def test_a_system_service_keeps_its_data_in_the_home_of_its_user(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del environment["SUISAI_DATA_DIR"]
    monkeypatch.delenv("SUISAI_DATA_DIR", raising=False)
    words = ["service", "install", "--show", "--system", "--user"]

    home = Path(pwd.getpwnam("daemon").pw_dir)
    shown = CliRunner().invoke(app, [*words, "daemon"], env=environment).output
    assert f'Environment="SUISAI_DATA_DIR={home}/.suisai"' in shown.splitlines()

    refused = CliRunner().invoke(app, [*words, "nobody-of-this-name"], env=environment)
    assert "There is no user 'nobody-of-this-name'" in str(refused.exception)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
@pytest.mark.parametrize("user", [None, "root"])
def test_systemd_accepts_the_unit(tmp_path: Path, user: str | None) -> None:
    folder = tmp_path / "a folder"
    folder.mkdir()
    file = tmp_path / "suisai.service"
    file.write_text(unit(tmp_path / "data 100%", folder, user))
    scope = [] if user else ["--user"]
    done = subprocess.run(
        ["systemd-analyze", *scope, "verify", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    complaints = [line for line in done.stderr.splitlines() if "suisai.service" in line]
    assert complaints == []

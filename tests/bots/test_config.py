"""`.env.example` names every setting, with its words and its true default."""

from __future__ import annotations

import importlib
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import bots
import tasks
from bots.config import all_settings, example, variables_of
from tasks.settings import EnvironmentSettings, Settings, SettingsUnreadable, find_env_file

ROOT = Path(__file__).parents[2]
FILE = ROOT / ".env.example"


def test_the_file_is_what_the_settings_say() -> None:
    assert FILE.read_text("utf-8") == example(), (
        "a setting changed: python -m bots.config > .env.example"
    )


def test_no_settings_class_is_left_out() -> None:
    for room in (bots, tasks):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if module.name.endswith(".settings"):
                importlib.import_module(module.name)

    ours = set(EnvironmentSettings.__subclasses__())
    assert ours == set(all_settings())


@pytest.mark.parametrize("group", all_settings(), ids=lambda group: group.__name__)
def test_every_setting_has_words(group: type[BaseSettings]) -> None:
    assert [variable.name for variable in variables_of(group) if not variable.about] == []


@pytest.mark.parametrize("group", all_settings(), ids=lambda group: group.__name__)
def test_the_file_with_every_line_in_force_changes_nothing(
    group: type[BaseSettings], tmp_path: Path
) -> None:
    in_force = tmp_path / ".env"
    in_force.write_text(
        "\n".join(
            line.removeprefix("#")
            for line in FILE.read_text("utf-8").splitlines()
            if line.startswith("#SUISAI_") and not line.endswith("=")
        )
    )

    assert group(_env_file=str(in_force)) == group()


def test_settings_are_found_in_the_folder_the_data_folder_and_the_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, data, config = tmp_path / "here", tmp_path / "data", tmp_path / "config"
    places = [config / "suisai", data, here]
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("SUISAI_DATA_DIR", str(data))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(config))
    monkeypatch.delenv("SUISAI_ENV_FILE", raising=False)
    assert find_env_file() is None
    for number, folder in enumerate(places, 10):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / ".env").write_text(f"SUISAI_LEASE_S={number}\n")
        assert find_env_file() == folder / ".env"
        assert Settings().lease_s == number
    monkeypatch.setenv("SUISAI_ENV_FILE", str(config / "suisai" / ".env"))
    assert Settings().lease_s == 10
    monkeypatch.setenv("SUISAI_ENV_FILE", str(tmp_path / "gone"))
    with pytest.raises(SettingsUnreadable, match="gone"):
        Settings()


def test_env_file_applies_to_every_command(tmp_path: Path) -> None:
    (tmp_path / "other.env").write_text("SUISAI_LEASE_S=17\n")
    words = ["--env-file", "other.env", "doctor", "--settings"]
    done = subprocess.run(
        [sys.executable, "-m", "bots", *words],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "SUISAI_LEASE_S=17" in done.stdout

"""`.env.example` names every setting, with its words and its true default."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

import bots
import tasks
from bots.config import all_settings, example, variables_of
from tasks.environment import EnvironmentSettings

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

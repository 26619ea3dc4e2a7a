"""Settings are written so that they read back the same, and only their owner reads them."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bots.config import write_settings


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nOTHER=1\n#SUISAI_TELEGRAM_TOKEN=\n")
    file.chmod(0o644)

    write_settings(file, {"SUISAI_TELEGRAM_TOKEN": "1:secret", "SUISAI_X_CLIENT_ID": "id"})

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == (
        "# mine\nOTHER=1\nSUISAI_TELEGRAM_TOKEN=1:secret\nSUISAI_X_CLIENT_ID=id\n"
    )


@given(value=st.text(st.characters(min_codepoint=32, max_codepoint=0x2FFF)).filter(str.isprintable))
def test_any_value_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, value: str
) -> None:
    file = tmp_path_factory.mktemp("env") / ".env"

    write_settings(file, {"SUISAI_NAMESPACE": value})

    assert dotenv_values(file, interpolate=False)["SUISAI_NAMESPACE"] == value

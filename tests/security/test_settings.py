"""Every value of a setting is either accepted or refused with one clear sentence."""

from __future__ import annotations

import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic_settings import BaseSettings

from bots.config import UNUSABLE, all_settings, explain, variables_of
from tasks.blobs import BlobStore
from tasks.services import connect, redis_url
from tasks.settings import EnvironmentSettings, Settings, SettingsUnreadable
from tasks.worker.celery_app import make_app

SECRET = "Xq7marker"
NASTY = (
    " ", "0", "-1", "1.5", "1e400", "nan", "9" * 5000, "null", "true", "[]", "{}", "[" * 20_000,
    '{"a":' * 3000, '["\\u0000"]', '{"x": {"y": []}}', "x" * 100_000, "a b", "a\nb", "a\x00b", "\x1b[31m",
    "é", "\udcff", "🦊", "'", "%s", "~nobody-has-this-name/x", "/dev/null/x", "http://[", "http://host:port",
    "http://host:99999", "http:///path", "https://a b", "redis://host:port/0",
    f"redis://:{SECRET}/@host:6379/0", "redis://[::1",
    "unix://", "s3://[", "file://",
)  # fmt: skip

VARIABLES = [
    pytest.param(group, variable.name, variable.field, id=variable.name)
    for group in all_settings()
    for variable in variables_of(group)
]


def outcome_of(group: type[BaseSettings], name: str) -> list[str]:
    """Read the settings; return the error messages, none if they are accepted."""
    try:
        with warnings.catch_warnings(action="error"):
            read = group()
    except UNUSABLE as error:
        sentences = explain(error)
        assert sentences
        assert all(name in sentence for sentence in sentences), sentences
        return sentences
    except SettingsUnreadable as error:
        return [str(error)]
    if isinstance(read, Settings) and any(word in name for word in ("REDIS", "OTEL", "DATA")):
        _use(read)
    return []


def _use(read: Settings) -> None:
    """Use the settings like a starting process, without a server."""
    connect(read).close()
    make_app(read).close()
    assert isinstance(redis_url(read), str)
    assert read.traces_url is None or read.traces_url.startswith("http")
    assert read.limits_for("x", "tier")


@pytest.mark.parametrize(("group", "name", "field"), VARIABLES)
def test_no_value_of_a_setting_ends_in_a_traceback(
    group: type[BaseSettings],
    name: str,
    field: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for value in NASTY:
        if "\x00" in value:
            (tmp_path / ".env").write_text(f'{name}="{value}"\n', "utf-8")
        else:
            monkeypatch.setenv(name, value)
        for sentence in outcome_of(group, name):
            assert "\n" not in sentence
            assert len(sentence) < 400, sentence[:400]
            assert SECRET not in sentence
        monkeypatch.delenv(name, raising=False)
        (tmp_path / ".env").unlink(missing_ok=True)


@pytest.mark.parametrize(("group", "name", "field"), VARIABLES)
def test_an_empty_setting_is_one_that_is_not_set(
    group: type[BaseSettings], name: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(name, raising=False)
    unset = getattr(group(), field)
    monkeypatch.setenv(name, "")
    assert getattr(group(), field) == unset


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=300))
def test_no_env_file_ends_in_a_traceback(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"SUISAI_NAMESPACE=" + content)
    words: list[str] = []
    try:
        Settings(_env_file=file)  # type: ignore[call-arg] # of pydantic-settings
    except UNUSABLE as error:
        words = explain(error)
    except SettingsUnreadable as error:
        words = [str(error)]
    assert all("\n" not in sentence for sentence in words)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("SUISAI_REDIS_URL", "redis://host:port/0", "SUISAI_REDIS_URL is invalid"),
        ("SUISAI_LIMITS", "[" * 20_000, "nested too deeply"),
    ],
)
def test_a_command_reports_an_invalid_setting_in_one_line(
    name: str, value: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    monkeypatch.setenv("SUISAI_DATA_DIR", str(tmp_path))
    done = subprocess.run(
        [sys.executable, "-P", "-m", "bots", "sweep"],
        capture_output=True, text=True, timeout=60, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert says in done.stderr


def test_a_blob_store_that_cannot_be_opened_is_reported_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="SUISAI_BLOB_URL cannot be opened"):
        BlobStore.open("s3://", tmp_path)


def test_secrets_are_read_from_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for group in all_settings():
        assert issubclass(group, EnvironmentSettings)
        for variable in variables_of(group):
            if variable.secret and "WEBHOOK" not in variable.name:
                monkeypatch.delenv(variable.name, raising=False)
                value = (
                    "redis://host:1/0"
                    if "URL" in variable.name
                    else f"a-secret-for-{variable.field}"
                )
                (tmp_path / variable.name.lower()).write_text(f"{value}\n")
    monkeypatch.setenv("SUISAI_SECRETS_DIR", str(tmp_path))
    for group in all_settings():
        read = group()
        for variable in variables_of(group):
            if variable.secret and "WEBHOOK" not in variable.name:
                value = getattr(read, variable.field).get_secret_value()
                assert value in ("redis://host:1/0", f"a-secret-for-{variable.field}"), (
                    variable.name
                )


def test_the_servers_password_can_be_a_separate_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUISAI_REDIS_URL", "redis://valkey:6379/0")
    monkeypatch.setenv("SUISAI_REDIS_PASSWORD", "p/w@ä:1")
    read = Settings()
    assert connect(read).get_connection_kwargs()["password"] == "p/w@ä:1"
    assert make_app(read).connection_for_write().password == "p/w@ä:1"
    monkeypatch.setenv("SUISAI_REDIS_URL", "redis://user:other@valkey:6379/0")
    assert redis_url(Settings()) == "redis://user:other@valkey:6379/0"

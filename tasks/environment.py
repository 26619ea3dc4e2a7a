"""How settings are read: from the environment, `.env` and files of secrets; and what may stand in them."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import UserFacingError

SECRETS_DIR = "SUISAI_SECRETS_DIR"
DEFAULT_SECRETS_DIR = "/run/secrets"
"""Where Docker and Kubernetes mount secrets."""

ENV_FILE = "SUISAI_ENV_FILE"
"""Names the one file that settings are read from, in place of those that `find_env_file` looks for."""

LONGEST = 20_000
"""Characters that a setting may have."""
_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and bytes that are no UTF-8, as Python reads them from the environment."""


def find_env_file() -> Path | None:
    """Return the file that settings are read from, None where there is none.

    The one that SUISAI_ENV_FILE names, else the first `.env` of the current folder, the data folder
    and the user's configuration folder. Raises `SettingsUnreadable`.
    """
    if named := os.environ.get(ENV_FILE):
        if not _is_file(named):
            raise SettingsUnreadable(f"{named} is not a file. Name a file of settings.")
        return Path(named)
    data = os.environ.get("SUISAI_DATA_DIR") or "~/.suisai"
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    found = (f"{folder}/.env" for folder in (Path.cwd(), data, f"{config}/suisai"))
    return next((Path(file).expanduser() for file in found if _is_file(file)), None)


def _is_file(name: str) -> bool:
    """Look for a file whose name may be nonsense: too long, with a null byte, in nobody's home."""
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


class SettingsUnreadable(UserFacingError):
    """The environment, `.env` or a file of a secret cannot be read as settings."""


class EnvironmentSettings(BaseSettings):
    """Settings that are read from the environment, else from `find_env_file`, else from files of secrets.

    An empty variable counts as not set. Raises `SettingsUnreadable`, `pydantic.ValidationError` and
    `pydantic_settings.SettingsError`; `bots.config.explain` puts the latter two into words.
    """

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        validate_by_name=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
    )

    def __init__(self, **values: Any) -> None:  # noqa: ANN401 - as in the base class
        folder = os.environ.get(SECRETS_DIR) or DEFAULT_SECRETS_DIR
        # The library warns of a folder that is not there.
        values.setdefault("_env_file", find_env_file())
        values = {"_secrets_dir": folder if os.path.isdir(folder) else None} | values  # noqa: PTH112 - never raises
        try:
            super().__init__(**values)
        except RecursionError:
            raise SettingsUnreadable("A setting holds JSON that is nested too deeply.") from None
        except UnicodeDecodeError as error:
            raise SettingsUnreadable(
                f".env or a file of a secret is no UTF-8 text ({error.reason}). Write it anew."
            ) from None

    @field_validator("*", mode="before")
    @classmethod
    def _is_plain_text(cls, value: object) -> object:
        plain = value.get_secret_value() if isinstance(value, SecretStr) else value
        if not isinstance(plain, str):
            return value
        if len(plain) > LONGEST:
            raise ValueError(f"it is longer than {LONGEST} characters")
        if _UNFIT.search(plain):
            raise ValueError("it holds a control character, or bytes that are no UTF-8 text")
        if plain and not plain.strip():
            raise ValueError("it is blank")
        return plain.strip()


def _http_address(text: str) -> str:
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits or re.search(r"\s", text):
        raise ValueError("it must be an address like https://host or https://host:443/path")
    return text


HttpAddress = Annotated[str, AfterValidator(_http_address)]
"""A setting that holds an http or https URL."""

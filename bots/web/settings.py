"""Settings of the web page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """Where the page is served. Each is `SUISAI_WEB_` + its name in capitals."""

    model_config = SettingsConfigDict(
        env_prefix="SUISAI_WEB_", env_file=".env", extra="ignore", frozen=True
    )

    host: str = "127.0.0.1"
    """The address that the page listens on; another one than loopback lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8321
    """The port; 0: any free one."""
    photos_max: Annotated[int, Field(ge=1, le=10)] = 4
    """Photos that one ask may bring."""
    photo_mb_max: Annotated[int, Field(ge=1, le=20)] = 20
    """Megabytes that one photo may have."""

    operator_password: SecretStr | None = None
    """Opens /status and /metrics from everywhere, for the user `operator`; not set: this machine only."""
    metrics_open: bool = False
    """Anybody who reaches the port may read /metrics (numbers only, no people)."""
    status_pictures: bool = False
    """/status shows the last paintings of public asks."""

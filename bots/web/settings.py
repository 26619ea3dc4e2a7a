"""Settings of the web page."""

from __future__ import annotations

import json
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from tasks.environment import EnvironmentSettings


def _split(value: object) -> object:
    """Take a list with commas, as it is written in the environment; JSON, too."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


class WebSettings(EnvironmentSettings):
    """Where the page is served. Each is `SUISAI_WEB_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SUISAI_WEB_")

    host: str = "127.0.0.1"
    """The address that the page listens on; another one than loopback lets other machines in."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8321
    """The port; 0: any free one."""
    photos_max: Annotated[int, Field(ge=1, le=10)] = 4
    """Photos that one ask may bring."""
    photo_mb_max: Annotated[int, Field(ge=1, le=20)] = 20
    """Megabytes that one photo may have."""

    public_url: HttpUrl | None = None
    """The page's address as people see it, where a reverse proxy serves it; for links that are printed."""
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...], NoDecode, BeforeValidator(_split)
    ] = ()
    """Addresses or networks of reverse proxies whose X-Forwarded-For and -Proto count, with commas."""
    asks_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Requests for paintings that one address (IPv6: one /64) may send in a minute, all people together."""
    asks_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 120
    """The same for an hour; raise both where many people share an address."""

    operator_token: SecretStr | None = None
    """Opens /status and /metrics; not set: a random one, kept in the data folder."""
    operator_password: SecretStr | None = None
    """A second way to open them, by HTTP Basic, for the user `operator`; not set: by the token only."""
    metrics_token: SecretStr | None = None
    """Opens /metrics alone, for Prometheus: Authorization: Bearer TOKEN."""
    metrics_open: bool = False
    """Anybody who reaches the port may read /metrics (numbers only, no people)."""
    status_pictures: bool = False
    """/status shows the last paintings of public asks."""

    @property
    def address(self) -> str:
        """The page's address for a browser, without a slash at the end."""
        if self.public_url is not None:
            return str(self.public_url).rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

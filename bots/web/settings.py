"""Settings of the web page."""

from __future__ import annotations

import json
from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl, SecretStr
from pydantic_settings import NoDecode, SettingsConfigDict

from tasks.settings import EnvironmentSettings


def _split(value: object) -> object:
    """Accept a comma-separated list, as written in the environment, or JSON."""
    if not isinstance(value, str):
        return value
    if value.lstrip().startswith("["):
        return json.loads(value)
    return [part.strip() for part in value.split(",") if part.strip()]


_Token = Annotated[SecretStr, Field(min_length=16)]
"""Minimum length of a token. Wrong tokens are not counted, so that nobody can lock the operator out."""


def _are_proxies(
    networks: tuple[IPv4Network | IPv6Network, ...],
) -> tuple[IPv4Network | IPv6Network, ...]:
    for network in networks:
        # 10.0.0.0/8 and fc00::/7 are the widest networks that a proxy of one's own is in.
        if network.prefixlen < (8 if network.version == 4 else 7):
            raise ValueError(
                f"{network} holds strangers, who could say that they come from anywhere; name your proxies"
            )
    return networks


class WebSettings(EnvironmentSettings):
    """The web page. Each is `SUISAI_WEB_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SUISAI_WEB_")

    host: str = "127.0.0.1"
    """The address that the page listens on; other machines can connect unless it is loopback."""
    port: Annotated[int, Field(ge=0, le=65_535)] = 8321
    """The TCP port; 0: any free one."""
    photos_max: Annotated[int, Field(ge=1, le=10)] = 4
    """Maximum number of photos per request."""
    photo_mb_max: Annotated[int, Field(ge=1, le=20)] = 20
    """Maximum size of one photo in megabytes."""

    public_url: HttpUrl | None = None
    """The page's public URL behind a reverse proxy; used in the links that the bot prints."""
    trusted_proxies: Annotated[
        tuple[IPv4Network | IPv6Network, ...],
        NoDecode,
        BeforeValidator(_split),
        AfterValidator(_are_proxies),
    ] = ()
    """Reverse proxies whose X-Forwarded-For and -Proto are used: addresses or networks, with commas."""
    asks_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 10
    """Requests for paintings that one address (IPv6: one /64) may send in a minute."""
    asks_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 120
    """The same for an hour; raise both if many people share an address."""

    operator_token: _Token | None = None
    """Token for /status and /metrics, 16 characters at least; not set: a random one, stored in the data
    folder."""
    operator_password: Annotated[SecretStr, Field(min_length=8)] | None = None
    """Password for both by HTTP Basic, with the user name `operator`, 8 characters at least; not set: only
    the token works."""
    metrics_token: _Token | None = None
    """Token for /metrics alone, 16 characters at least, for Prometheus: Authorization: Bearer TOKEN."""
    metrics_open: bool = False
    """Serve /metrics without authentication (numbers only, no personal data)."""
    status_pictures: bool = False
    """Show the last paintings of public requests on /status."""

    @property
    def address(self) -> str:
        """The page's address for a browser, without a slash at the end."""
        if self.public_url is not None:
            return str(self.public_url).rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

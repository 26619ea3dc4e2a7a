"""The core settings, and the base class that reads settings from environment, `.env` and secret files."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from pipeline.errors import UserFacingError

SECRETS_DIR = "SUISAI_SECRETS_DIR"

DEFAULT_SECRETS_DIR = "/run/secrets"
"""Where Docker and Kubernetes mount secrets."""

ENV_FILE = "SUISAI_ENV_FILE"
"""Variable that names the settings file, instead of the files that `find_env_file` looks for."""

LONGEST = 20_000
"""Maximum length of a setting in characters."""

_UNFIT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters, and surrogates: Python's replacement for invalid UTF-8 in the environment."""


def find_env_file() -> Path | None:
    """Return the file that settings are read from, None if there is none.

    The one that SUISAI_ENV_FILE names, else the first `.env` of the current folder, the data folder
    and the user's configuration folder. Raises `SettingsUnreadable`.
    """
    if named := os.environ.get(ENV_FILE):
        if not _is_file(named):
            raise SettingsUnreadable(f"{named} is not a file. Set {ENV_FILE} to a settings file.")
        return Path(named)
    data = os.environ.get("SUISAI_DATA_DIR") or "~/.suisai"
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    found = (f"{folder}/.env" for folder in (Path.cwd(), data, f"{config}/suisai"))
    return next((Path(file).expanduser() for file in found if _is_file(file)), None)


def _is_file(name: str) -> bool:
    """Return whether a file exists; False for names that are too long or otherwise invalid."""
    try:
        return Path(name).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


class SettingsUnreadable(UserFacingError):
    """The environment, `.env` or a secret file cannot be read as settings."""


class EnvironmentSettings(BaseSettings):
    """Settings that are read from the environment, else from `find_env_file`, else from secret files.

    An empty variable counts as not set. Raises `SettingsUnreadable`, `pydantic.ValidationError` and
    `pydantic_settings.SettingsError`; `bots.config.explain` formats the latter two for people.
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
        # The library warns about a secrets folder that does not exist.
        values.setdefault("_env_file", find_env_file())
        values = {"_secrets_dir": folder if os.path.isdir(folder) else None} | values  # noqa: PTH112 - never raises
        try:
            super().__init__(**values)
        except RecursionError:
            raise SettingsUnreadable("A setting contains JSON that is nested too deeply.") from None
        except UnicodeDecodeError as error:
            raise SettingsUnreadable(
                f".env or a secret file is not UTF-8 text ({error.reason}). Save it as UTF-8."
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
            raise ValueError("it contains a control character, or bytes that are not UTF-8 text")
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

_YEAR_S = 365 * 86_400.0

_Cooldown = Annotated[float, Field(ge=0, le=_YEAR_S)]

_Wait = Annotated[float, Field(gt=0, le=_YEAR_S)]

_SCHEMES = ("s3", "s3a", "gs", "az", "adl", "azure", "abfs", "abfss", "file", "http", "https")


def _redis_address(url: SecretStr) -> SecretStr:
    from redis.connection import parse_url  # slow to import, and most settings name no server

    try:
        fits = bool(parse_url(url.get_secret_value()))
    except (ValueError, TypeError):
        fits = False
    if not fits:  # the library's message may contain parts of the password
        raise ValueError(
            "it must be like redis://host:6379/0, rediss://host:6379/0 or unix:///path"
        )
    return url


def _blob_address(url: str) -> str:
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme not in _SCHEMES:
        raise ValueError("it must be like s3://bucket/folder, gs://..., az://... or file:///folder")
    return url


def _folder(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as error:
        raise ValueError("there is no such user") from error


_Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class Limits(BaseModel):
    """Limits of requests for one person, one conversation and the whole bot."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cooldown_s: _Cooldown = 30.0
    daily_quota: _Count = 60
    open_per_person: _Count = 3
    open_per_conversation: _Count = 30
    max_wait_s: _Wait = 1800.0


class LimitsOverride(BaseModel):
    """The limits that differ for one platform or one tier; limits that are not set here stay the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cooldown_s: _Cooldown | None = None
    daily_quota: _Count | None = None
    open_per_person: _Count | None = None
    open_per_conversation: _Count | None = None
    max_wait_s: _Wait | None = None


EVERYBODY = "everybody"
"""The name for all people in settings that contain tiers."""

_ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]


class Canary(BaseModel):
    """A new model, and the share of all jobs that it gets."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: _ModelName
    share: Annotated[float, Field(gt=0, lt=1)]


class Settings(EnvironmentSettings):
    """The core settings. In the environment and in `.env` each is `SUISAI_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SUISAI_")

    data_dir: Annotated[Path, AfterValidator(_folder)] = Path("~/.suisai").expanduser()
    """Where the embedded Valkey and the local blob store keep their files."""
    secrets_dir: Path = Path(DEFAULT_SECRETS_DIR)
    """A folder with one file per secret, each named like its setting. Values in .env or the environment
    take precedence. This setting itself is read from the environment only."""
    redis_url: Annotated[SecretStr, AfterValidator(_redis_address)] | None = None
    """A Redis 7.2+/Valkey server; not set: an embedded Valkey in `data_dir`."""
    redis_password: SecretStr | None = None
    """The password of that server, if SUISAI_REDIS_URL contains none."""
    valkey_memory_mb: Annotated[int, Field(ge=16)] = 1024
    """Memory limit of the embedded Valkey in MB. When it is nearly full, new photos are refused. A queued
    job takes 1 KB."""
    namespace: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{1,64}$")] = "suisai"
    """Prefix of every key, so that several bots can share a server."""
    pseudonym_key: Annotated[SecretStr, Field(min_length=16)] | None = None
    """Key for the pseudonyms of banned and opted-out people; not set: generated once, in `data_dir`.
    Machines that do not share a data folder need the same key."""
    blob_url: Annotated[str, AfterValidator(_blob_address)] | None = None
    """Where photos and pictures are stored: s3://..., gs://..., file:///...; not set: in `data_dir`."""

    engine: Literal["auto", "painter", "diffusion"] = "auto"
    """The painting engine. auto: diffusion if a GPU and a model are ready, else the painter."""
    engines: Annotated[tuple[Literal["diffusion", "painter"], ...], Field(min_length=1)] = (
        "diffusion",
        "painter",
    )
    """Engines of all painting workers in order of preference, as JSON. While a worker with a preferred engine
    is running, the others take jobs only if the bot is overloaded. Engines not listed take no jobs."""
    model: str = "auto"
    """The diffusion model. auto: the best one that fits the GPU's memory."""
    tier_models: dict[str, _ModelName] = Field(default_factory=dict)
    """The model for each tier, as JSON: {"everybody": "flux2-klein", "subscriber": "qwen-edit"}. Tiers that
    are not listed use the model of everybody. Empty: any worker paints any job."""
    canary: Canary | None = None
    """A new model that gets a share of all jobs, as JSON: {"model": "flux2-klein-8gb", "share": 0.05}."""
    device: Annotated[str, Field(pattern=r"^[a-z]+(:\d{1,3})?$")] = "cuda"
    """The GPU of a painting worker: cuda, cuda:1, ... `suisai up` starts one worker per GPU."""
    render_batch: Annotated[int, Field(ge=1, le=64)] = 8
    """Maximum number of photos that a render worker claims at once; the engine splits them to fit memory."""
    io_threads: Annotated[int, Field(ge=1, le=64)] = 4
    """Threads of an io worker."""
    safety_checks: tuple[str, ...] = ("opennsfw",)
    """Checks that photos and paintings must pass, as JSON: ["opennsfw"]. Empty: nothing is screened."""
    own_words: tuple[str, ...] = ()
    """Who may describe a painting in their own words, as JSON: platforms (["web"]), tiers
    (["subscriber"]), both combined (["telegram:subscriber"]), or ["everybody"]. Empty: nobody."""
    seal_certificates: Path | None = None
    """PEM file with the certificates that finished pictures are signed with (C2PA); not set: unsigned."""
    seal_key: Path | None = None
    """PEM file with the private key of these certificates."""
    seal_algorithm: str = "es256"
    """Signature algorithm, to match the key: es256, es384, es512, ps256, ps384, ps512 or ed25519."""
    hub_url: HttpAddress = "https://huggingface.co"
    """Where models are downloaded from."""
    hub_token: SecretStr | None = None
    """Access token for models whose licence requires an account."""
    long_side_px: Annotated[int, Field(ge=64, le=4096)] = 1024
    """Length of a painting's longer side in pixels."""

    limits: Limits = Limits()
    """Limits for everybody, as JSON: {"cooldown_s": 30, "daily_quota": 60, ...}."""
    platform_limits: dict[str, LimitsOverride] = Field(default_factory=dict)
    """Limits that differ per platform, as JSON: {"x": {"cooldown_s": 600}}."""
    tier_limits: dict[str, LimitsOverride] = Field(default_factory=dict)
    """Limits of tiers that an operator assigns to people, as JSON: {"subscriber": {"cooldown_s": 0}}."""
    refund_photo_faults: bool = False
    """Refund the cooldown also when the person's photo cannot be used."""
    queue_penalty_s: Annotated[float, Field(ge=0)] = 30.0
    """Seconds by which each further open job of one person moves back in the queue."""
    refusal_silence_s: Annotated[float, Field(ge=0)] = 60.0
    """Minimum time between two refusal messages to one person."""

    brownout_above_s: Annotated[float, Field(gt=0)] = 300.0
    """Expected wait above which pictures are painted with the faster recipe."""
    brownout_below_s: Annotated[float, Field(gt=0)] = 150.0
    """Expected wait below which the full recipe is used again."""

    lease_s: Annotated[float, Field(ge=1)] = 10.0
    """How long a worker that stopped renewing its leases keeps its jobs before other workers get them."""
    max_attempts: Annotated[int, Field(ge=1)] = 3
    """Attempts per stage that may fail because of the photo before the job ends with an apology."""
    fault_patience_s: Annotated[float, Field(gt=0)] = 300.0
    """How long each stage is retried after faults that no photo causes, such as a host that is down."""
    painting_patience_s: Annotated[float, Field(gt=0)] = 86_400.0
    """How long after its request a painting may still be sent, if its platform was down."""

    photo_retention_s: Annotated[float, Field(ge=0, le=3600)] = 3600.0
    """Longest time a photo of an unfinished job is kept; photos of answered jobs are deleted at once."""
    picture_retention_s: Annotated[float, Field(ge=0)] = 7 * 86_400.0
    """How long pictures can be reused and sent again."""
    job_retention_s: Annotated[float, Field(ge=60)] = 14 * 86_400.0
    """How long a job's history is kept. A repeated event is recognised for the same time."""

    log_json: bool | None = None
    """JSON log lines; not set: JSON unless standard error is a terminal."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Lowest level that is logged."""
    otlp_endpoint: Annotated[
        HttpAddress | None, Field(validation_alias="OTEL_EXPORTER_OTLP_ENDPOINT")
    ] = None
    """An OpenTelemetry collector (OTLP over HTTP), e.g. http://localhost:4318; not set: no traces."""
    otlp_traces_endpoint: Annotated[
        HttpAddress | None, Field(validation_alias="OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    ] = None
    """The collector's full URL for traces, if it is not the endpoint above plus /v1/traces."""
    otlp_headers: Annotated[
        SecretStr | None, Field(validation_alias="OTEL_EXPORTER_OTLP_HEADERS")
    ] = None
    """HTTP headers that the collector requires, e.g. api-key=...,tenant=..."""

    @model_validator(mode="after")
    def _fit_together(self) -> Settings:
        if self.brownout_below_s > self.brownout_above_s:
            raise ValueError(
                "SUISAI_BROWNOUT_BELOW_S must not be greater than SUISAI_BROWNOUT_ABOVE_S"
            )
        if (self.seal_certificates is None) != (self.seal_key is None):
            raise ValueError("set both SUISAI_SEAL_CERTIFICATES and SUISAI_SEAL_KEY, or neither")
        return self

    @property
    def traces_url(self) -> str | None:
        """The URL for traces; None: no traces are sent."""
        base = self.otlp_endpoint and f"{self.otlp_endpoint.rstrip('/')}/v1/traces"
        return self.otlp_traces_endpoint or base or None

    def allows_own_words(self, platform: str, tier: str | None) -> bool:
        """Return whether a person of this tier on this platform may use their own words."""
        names = {EVERYBODY, platform}
        if tier:
            names |= {tier, f"{platform}:{tier}"}
        return not names.isdisjoint(self.own_words)

    def limits_for(self, platform: str, tier: str | None = None) -> Limits:
        """Return the limits in force for a person of this tier on this platform."""
        limits = self.limits
        for override in (self.platform_limits.get(platform), self.tier_limits.get(tier or "")):
            if override is not None:
                limits = limits.model_copy(update=override.model_dump(exclude_none=True))
        return limits

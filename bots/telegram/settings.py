"""The settings of the Telegram adapter. Does not import the Telegram library, so it loads quickly."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from pipeline.errors import UserFacingError
from tasks.settings import EnvironmentSettings, HttpAddress

PLATFORM = "telegram"

_SECRET = re.compile(r"[A-Za-z0-9_-]{16,256}")
"""The form that Telegram accepts, long enough not to be guessed: wrong guesses are not counted."""


class TelegramSettings(EnvironmentSettings):
    """Telegram. Each is `SUISAI_TELEGRAM_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SUISAI_TELEGRAM_")

    token: SecretStr | None = None
    """The bot's token from @BotFather; not set: no Telegram."""
    api_url: HttpAddress = "https://api.telegram.org"
    """The Bot API server; a local one also serves files above 20 MB."""
    local_files: bool = False
    """The Bot API server runs with --local on this machine and returns file paths."""
    file_max_bytes: Annotated[int, Field(ge=1)] = 20_000_000
    """Largest photo that is downloaded; the public Bot API serves none above 20 MB."""

    webhook_url: HttpAddress | None = None
    """Public HTTPS address of the web process's /telegram/webhook; not set: long polling."""
    webhook_secret: SecretStr | None = None
    """Secret that Telegram sends with every webhook call: 16-256 characters of A-Z a-z 0-9 _ -."""
    poll_timeout_s: Annotated[int, Field(ge=0, le=600)] = 50
    """How long one getUpdates waits for updates."""

    admins: tuple[int, ...] = ()
    """User ids of the operators, as JSON: [12345, 67890]."""
    storage_chat: int | None = None
    """A chat where paintings for guest mode are uploaded; not set: the person's own chat."""

    says_machine: bool = True
    """State under each painting that a machine painted it."""

    edit_within_s: Annotated[float, Field(ge=0)] = 20.0
    """Up to this wait the painting replaces the placeholder; after it the painting is a new message."""
    long_waits: Literal["edit", "send"] = "edit"
    """For longer waits: `edit` posts a text and replaces it with the painting (exactly once); `send`
    posts the painting (at most once; if its outcome is unknown the person gets a button to resend)."""
    news_every_s: Annotated[float, Field(gt=0)] = 3.0
    """Minimum time between two edits of a placeholder."""
    album_max: Annotated[int, Field(ge=1, le=10)] = 10
    """Maximum number of photos of one album that are painted."""
    album_quiet_s: Annotated[float, Field(gt=0)] = 1.0
    """An album is complete when no further photo of it arrives for this long."""

    messages_per_s: Annotated[float, Field(gt=0)] = 28.0
    """Messages and edits per second in all chats together; Telegram allows a bot 30."""
    messages_per_s_chat: Annotated[float, Field(gt=0)] = 1.0
    """Messages and edits per second in one chat."""
    messages_per_minute_group: Annotated[int, Field(ge=1)] = 20
    """Messages and edits per minute in one group."""

    @model_validator(mode="after")
    def _webhook_is_guarded(self) -> TelegramSettings:
        if self.webhook_url is None:
            return self
        secret = self.webhook_secret
        if secret is None or not _SECRET.fullmatch(secret.get_secret_value()):
            raise ValueError(
                "SUISAI_TELEGRAM_WEBHOOK_URL needs SUISAI_TELEGRAM_WEBHOOK_SECRET: "
                "16-256 of A-Z a-z 0-9 _ -"
            )
        return self


def configured(settings: TelegramSettings) -> bool:
    """Return whether a token is set."""
    return settings.token is not None


class TelegramMissing(UserFacingError):
    """There is no token, or Telegram does not accept it."""

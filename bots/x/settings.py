"""The settings of the X adapter."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from tasks.models import RateLimit
from tasks.settings import EnvironmentSettings, HttpAddress

_QUARTER_S = 900.0


class XSettings(EnvironmentSettings):
    """X. Each is `SUISAI_X_` + its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="SUISAI_X_")

    client_id: str | None = None
    """OAuth2 client id of the X app; `suisai x login` then connects the bot's account."""
    client_secret: SecretStr | None = None
    """OAuth2 client secret, where the app is a confidential client (a web app or bot)."""
    consumer_key: SecretStr | None = None
    """OAuth1 API key; with the three below an alternative to OAuth2 without `suisai x login`."""
    consumer_secret: SecretStr | None = None
    """OAuth1 API key secret; webhooks are signed with it too."""
    access_token: SecretStr | None = None
    """OAuth1 access token of the bot's account."""
    access_token_secret: SecretStr | None = None
    """OAuth1 access token secret of the bot's account."""

    app_bearer: SecretStr | None = None
    """Bearer token of the X app itself; only `suisai x webhook` needs it."""

    api_url: HttpAddress = "https://api.x.com"
    """Base URL of X's API."""
    authorize_url: HttpAddress = "https://x.com/i/oauth2/authorize"
    """Page where the operator allows the app to act for the bot's account."""
    login_port: Annotated[int, Field(ge=0, le=65535)] = 8456
    """Port of the loopback redirect of `suisai x login`; the app's settings must name it."""
    photo_hosts: tuple[str, ...] = ("pbs.twimg.com",)
    """Hosts that photos of posts are downloaded from, as JSON."""
    timeout_s: Annotated[float, Field(gt=0)] = 20.0
    """Longest time that a call to X may take without receiving data."""
    vocabulary: Literal["auto", "tweet", "post"] = "auto"
    """Whether requests use X's names with `tweet` or with `post`; auto: the first call determines it."""

    owns_app: bool = False
    """The bot's account owns the app in X's Developer Console: reading its mentions and posts costs less."""
    replies_without_mention: bool = False
    """The app may reply to posts that neither mention nor quote the bot; X allows it only for Enterprise."""
    look_back_s: Annotated[float, Field(ge=0)] = 1800.0
    """Six times in this period its mentions are read again: X lists some late. 0: never."""

    direct_messages: bool = True
    """Answer direct messages too. Each event that is read costs about a cent."""
    parent_photos: Literal["anyone", "same-author", "never"] = "anyone"
    """Whose photos in a post are painted when a reply to it mentions the bot."""
    say_refusals: bool = True
    """Reply with the reason for a refusal, at most once per person and day; false: do not reply."""
    made_with_ai: bool = True
    """Mark answers as made with AI."""
    ignored_accounts: tuple[str, ...] = ()
    """User ids (not names) of accounts that are never answered, such as other bots, as JSON."""
    answers_per_thread: Annotated[int, Field(ge=1)] = 10
    """Maximum answers to one person per conversation and day; ends a loop with an unlabelled bot."""

    posts_per_quarter_hour: Annotated[int, Field(ge=1)] = 100
    """Replies that X lets the account post in any 15 minutes."""
    messages_per_quarter_hour: Annotated[int, Field(ge=1)] = 15
    """Direct messages that X lets the account send in any 15 minutes."""

    poll_fastest_s: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between polls of the mentions while new ones arrive."""
    poll_slowest_s: Annotated[float, Field(gt=0)] = 60.0
    """Seconds between polls of the mentions while none arrive."""
    messages_poll_s: Annotated[float, Field(gt=0)] = 65.0
    """Seconds between polls of the direct messages; X allows 15 in 15 minutes."""
    webhooks: bool = False
    """X delivers events to the web process; polling only finds what webhooks missed."""
    reconcile_s: Annotated[float, Field(gt=0)] = 600.0
    """Seconds between polls while webhooks deliver."""

    daily_budget_usd: Annotated[float, Field(ge=0)] = 10.0
    """Dollars that may be spent on X's API per day (UTC); 0: no limit."""
    monthly_budget_usd: Annotated[float, Field(ge=0)] = 200.0
    """Dollars that may be spent on X's API per month (UTC); 0: no limit."""
    prices: Path | None = None
    """A price table (TOML) that replaces the built-in one."""
    retry_s: Annotated[float, Field(gt=0)] = 15.0
    """Seconds before an answer that X did not accept is sent again; doubled per attempt, at most 900."""
    settling_s: Annotated[float, Field(ge=0)] = 8.0
    """If a post's outcome is unknown, wait this long before checking the bot's timeline."""

    @property
    def posts(self) -> RateLimit:
        """X's limit for posts."""
        return RateLimit(self.posts_per_quarter_hour, _QUARTER_S)

    @property
    def messages(self) -> RateLimit:
        """X's limit for direct messages."""
        return RateLimit(self.messages_per_quarter_hour, _QUARTER_S)

    @property
    def has_oauth1(self) -> bool:
        """Return whether all four OAuth1 keys are set."""
        keys = (
            self.consumer_key,
            self.consumer_secret,
            self.access_token,
            self.access_token_secret,
        )
        return all(key is not None for key in keys)


def configured(settings: XSettings) -> bool:
    """Return whether the operator has given keys of an X app."""
    return settings.client_id is not None or settings.has_oauth1

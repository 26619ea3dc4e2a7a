"""What `suisai setup` asks for Telegram: the token that @BotFather gave."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping

from pydantic import ValidationError
from telegram import User
from telegram.error import Forbidden, InvalidToken, TelegramError

from bots.plugins import NotAccepted, NotChecked, Question
from bots.telegram.client import open_bot
from bots.telegram.doctor import account_name, unreachable
from bots.telegram.settings import TelegramSettings, configured

_ASKED = "SUISAI_TELEGRAM_TOKEN"

_LOOKS_LIKE_A_TOKEN = re.compile(r"\d{3,20}:[A-Za-z0-9_-]{20,100}")


class TelegramSetup:
    """Follows `bots.plugins.Questions`."""

    title = "Telegram"
    how = (
        "Write /newbot to @BotFather on Telegram; it gives a token. In a group the bot hears only "
        "mentions and replies until you switch its privacy mode off there (/setprivacy)."
    )
    questions: tuple[Question, ...] = (Question(_ASKED, "Token", secret=True),)

    def is_answered(self) -> bool:
        return configured(TelegramSettings())

    def check(self, answers: Mapping[str, str]) -> str:
        try:
            settings = TelegramSettings.model_validate(
                {**TelegramSettings().model_dump(), "token": answers[_ASKED]}
            )
            return f"Telegram knows the bot as {account_name(asyncio.run(ask_name(settings)))}."
        except InvalidToken as error:
            raise NotAccepted("Telegram does not know this token; copy it again.") from error
        except ValidationError as error:
            raise NotAccepted("This is no token; copy it again.") from error
        except Forbidden as error:
            raise NotAccepted(f"Telegram refuses this bot: {error.message}.") from error
        except TelegramError as error:
            if not _LOOKS_LIKE_A_TOKEN.fullmatch(answers[_ASKED]):
                raise NotAccepted(
                    "This is no token: it looks like 123456789:AAF-35_letters; copy it again."
                ) from error
            raise NotChecked(unreachable(error)) from error


async def ask_name(settings: TelegramSettings) -> User:
    """Return the account that the token belongs to. Raises `TelegramError`."""
    bot = open_bot(settings)
    async with bot:
        return await bot.get_me()

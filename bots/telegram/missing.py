"""Why the bot cannot be on Telegram; apart, so that naming it loads nothing of the library."""

from __future__ import annotations

from pipeline.contract import Explained


class TelegramMissing(Explained):
    """There is no token, or Telegram does not know it."""

"""Why the bot cannot be on Telegram; apart, so that naming it loads nothing of the library."""

from __future__ import annotations


class TelegramMissing(Exception):
    """There is no token, or Telegram does not know it."""

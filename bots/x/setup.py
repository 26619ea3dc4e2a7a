"""What `suisai setup` asks for X: the client of the X app."""

from __future__ import annotations

from collections.abc import Mapping

from bots.plugins import NotAccepted, Question
from bots.x.settings import XSettings, configured


class XSetup:
    """Follows `bots.plugins.Questions`. The account itself is connected by `suisai x login`."""

    title = "X"
    how = (
        "In X's developer portal, open your app's user authentication settings: type 'automated app "
        f"or bot', callback http://127.0.0.1:{XSettings().login_port}/callback. It then shows an "
        "OAuth 2.0 client id and secret."
    )
    questions: tuple[Question, ...] = (
        Question("SUISAI_X_CLIENT_ID", "Client id"),
        Question("SUISAI_X_CLIENT_SECRET", "Client secret", secret=True, needed=False),
    )

    def is_answered(self) -> bool:
        return configured(XSettings())

    def check(self, answers: Mapping[str, str]) -> str:
        """Only the form can be checked: X shows no client without a person's consent."""
        if any(" " in value for value in answers.values()):
            raise NotAccepted("Ids and secrets of X have no spaces; copy them again.")
        return "Now connect the bot's account: suisai x login"

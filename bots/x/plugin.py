"""X as a plugin: mentions, direct messages as a platform of their own, what to set up and what to measure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from pydantic_settings import BaseSettings
from starlette.routing import BaseRoute

from bots.findings import Checks
from bots.plugins import Adapter, Metrics, NotAccepted, Plugin, Question, Questions
from bots.x.settings import XSettings, configured
from tasks.platform import Platform
from tasks.services import Services

_YES, _NO = frozenset({"yes", "y", "true"}), frozenset({"no", "n", "false"})


class XPlugin(Plugin):
    """X: one listener for both platforms, since they share account, budget and login.

    What needs tweepy is imported where it is used: the command line starts without it.
    """

    names = ("x", "x-dm")

    def platform(self, name: str, services: Services) -> Platform:
        from bots.x.platform import XDirectMessages, XPlatform

        return XPlatform(services) if name == "x" else XDirectMessages(services)

    def settings(self) -> type[BaseSettings]:
        return XSettings

    def adapter(self) -> Adapter:
        from bots.x.listener.poller import ADAPTER

        return ADAPTER

    def routes(self, services: Services) -> list[BaseRoute]:
        from bots.x.listener.webhook import routes

        return routes(services)

    def checks(self) -> Checks:
        from bots.x.doctor import check

        return check

    def metrics(self) -> Metrics:
        return metrics

    def setup(self) -> Questions:
        return XSetup()


class XSetup:
    """Follows `bots.plugins.Questions`. The account itself is connected by `suisai x login`."""

    title = "X"
    questions: tuple[Question, ...] = (
        Question("SUISAI_X_CLIENT_ID", "Client id"),
        Question("SUISAI_X_CLIENT_SECRET", "Client secret", secret=True, needed=False),
        # X bills reading by this, and no call of its API tells it.
        Question(
            "SUISAI_X_OWNS_APP",
            "Is the bot's account the one that owns this app in the console? yes, or no (also if unsure)",
            needed=False,
        ),
    )

    def __init__(self) -> None:
        self.how = (
            "In X's Developer Console, open your app's user authentication settings: type 'automated app "
            f"or bot', callback http://127.0.0.1:{XSettings().login_port}/callback. It then shows an "
            "OAuth 2.0 client id and secret."
        )

    def is_answered(self) -> bool:
        return configured(XSettings())

    def check(self, answers: Mapping[str, str]) -> str:
        """Only the form can be checked: X shows no client without a person's consent."""
        if any(" " in value for value in answers.values()):
            raise NotAccepted("Ids and secrets of X have no spaces; copy them again.")
        if answers.get("SUISAI_X_OWNS_APP", "no").lower() not in _YES | _NO:
            raise NotAccepted("Please answer yes or no to who owns the app.")
        return "Now connect the bot's account: suisai x login"


def metrics(services: Services) -> Iterator[Metric]:
    """Yield what was spent on X and what may be; nothing where X is not set up."""
    from bots.x.client import XClient

    settings = XSettings()
    if not configured(settings):
        return
    spending = XClient.open(services, settings).budget.spending()
    spent = GaugeMetricFamily(
        "suisai_x_spent_dollars", "Spent on X's API in this period.", labels=["period"]
    )
    budget = GaugeMetricFamily(
        "suisai_x_budget_dollars", "What may be spent in it; 0: no limit.", labels=["period"]
    )
    for period, so_far, limit in (
        ("day", spending.today_usd, spending.daily_limit_usd),
        ("month", spending.month_usd, spending.monthly_limit_usd),
    ):
        spent.add_metric([period], so_far)
        budget.add_metric([period], limit)
    yield spent
    yield budget
    # Restarts at midnight, as counters may.
    calls = CounterMetricFamily("suisai_x_paid", "What was paid for on X today.", labels=["what"])
    for what, count in spending.counts.items():
        calls.add_metric([what], count)
    yield calls


PLUGIN = XPlugin()

"""What X costs, for /metrics."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from bots.x.client import XClient
from bots.x.settings import XSettings, configured
from tasks.services import Services


def metrics(services: Services) -> Iterator[Metric]:
    """Yield what was spent and what may be; nothing where X is not set up."""
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

from __future__ import annotations

import pytest

from bots.x.client import XClient
from bots.x.metrics import metrics
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_words import TWEET, Words


@pytest.fixture
def words() -> Words:
    """Here the vocabulary makes no difference."""
    return TWEET


def test_what_was_spent_is_measured_beside_what_may_be(
    fake: FakeX, services: Services, x: XClient
) -> None:
    x.reply(fake.world.post("ann", "@suisai"), "hello")

    found = {
        (sample.name, *sample.labels.values()): sample.value
        for family in metrics(services)
        for sample in family.samples
    }

    assert found["suisai_x_spent_dollars", "day"] == pytest.approx(0.010)
    assert found["suisai_x_budget_dollars", "month"] == x.settings.monthly_budget_usd
    assert found["suisai_x_paid_total", "reply"] == 1

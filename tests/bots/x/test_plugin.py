from __future__ import annotations

import pytest

from bots.plugins import NotAccepted
from bots.x.client import XClient
from bots.x.plugin import XSetup, metrics
from bots.x.settings import XSettings
from tasks.services import Services
from tests.fakes.x_api import FakeX
from tests.fakes.x_words import TWEET, Words


@pytest.fixture
def words() -> Words:
    """One vocabulary is enough here."""
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


@pytest.mark.parametrize(("answer", "owns"), [("yes", True), ("y", True), ("No", False)])
def test_setup_asks_who_owns_the_app_and_no_answer_is_the_dear_one(
    monkeypatch: pytest.MonkeyPatch, answer: str, owns: bool
) -> None:
    asked = [question.variable for question in XSetup().questions]
    assert "SUISAI_X_OWNS_APP" in asked
    assert XSetup().check({"SUISAI_X_CLIENT_ID": "client"})
    assert not XSettings().owns_app

    XSetup().check({"SUISAI_X_CLIENT_ID": "client", "SUISAI_X_OWNS_APP": answer})
    monkeypatch.setenv("SUISAI_X_OWNS_APP", answer)
    assert XSettings().owns_app is owns


def test_setup_takes_no_other_word_for_yes_or_no() -> None:
    with pytest.raises(NotAccepted, match="yes or no"):
        XSetup().check({"SUISAI_X_OWNS_APP": "perhaps"})

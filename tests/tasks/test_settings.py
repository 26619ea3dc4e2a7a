"""A setting that cannot be used is refused before anything starts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from tasks.settings import Limits, LimitsOverride, Settings

UNUSABLE = [
    ("cooldown_s", -1),
    ("cooldown_s", float("nan")),
    ("cooldown_s", float("inf")),
    ("daily_quota", 0),
    ("daily_quota", 1.5),
    ("open_per_person", 0),
    ("open_per_conversation", -3),
    ("open_per_conversation", 10**30),
    ("max_wait_s", 0),
    ("max_wait_s", 1e300),
    ("max_wait_s", "long"),
    ("no_such_limit", 1),
]


@pytest.mark.parametrize(("limit", "value"), UNUSABLE)
def test_a_limit_is_checked_wherever_it_is_set(limit: str, value: object) -> None:
    wrong = {limit: value}
    for setting in (
        {"limits": wrong},
        {"platform_limits": {"x": wrong}},
        {"tier_limits": {"t": wrong}},
    ):
        with pytest.raises(ValidationError, match=limit):
            Settings.model_validate(setting)


def test_every_limit_can_be_overridden() -> None:
    assert set(LimitsOverride.model_fields) == set(Limits.model_fields)

"""A platform that does not answer is retried less and less often, and logged once."""

from __future__ import annotations

from structlog.testing import capture_logs

from bots.outage import Outage


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_success() -> None:
    outage = Outage("polling", first_s=0.5, longest_s=3.0)

    assert [outage.failed("net", "gone") for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    outage.over()
    assert outage.failed("net", "gone") == 0.5


def test_an_outage_is_logged_when_it_begins_when_its_kind_changes_and_when_it_ends() -> None:
    outage = Outage("polling")

    with capture_logs() as lines:
        for text in ("timed out", "reset", "timed out"):
            outage.failed("net", text)
        outage.failed("token", "not known")
        outage.failed("net", "timed out")
        outage.over()
        outage.over()

    said = [(line["log_level"], line["event"]) for line in lines if line["log_level"] != "debug"]
    assert said == [
        ("warning", "polling_failed"),
        ("warning", "polling_failed"),
        ("info", "polling_works_again"),
    ]
    assert lines[-1]["failures"] == 5


def test_a_pause_that_the_platform_names_does_not_lengthen_the_next_one() -> None:
    outage = Outage("polling", first_s=5.0)

    assert outage.failed("budget", "spent", 900.0) == 900.0
    assert outage.failed("net", "gone") == 5.0

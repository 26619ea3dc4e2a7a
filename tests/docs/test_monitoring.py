"""Dashboard, alert rules and their description speak of metrics that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bots.metrics import FleetCollector
from tasks.services import Services

FOLDER = Path(__file__).parents[2] / "docs" / "monitoring"
NAME = re.compile(r"\bsuisai_[a-z_]+")


def exposition(services: Services) -> str:
    """Return what /metrics says."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(services))
    return generate_latest(registry).decode()


@pytest.fixture
def exposed(services: Services, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every name that a query may use."""
    monkeypatch.setenv("SUISAI_X_CLIENT_ID", "client")
    names = set()
    for family in text_string_to_metric_families(exposition(services)):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        names |= {f"{family.name}{suffix}" for suffix in suffixes.get(family.type, [""])}
    return names


def test_alerts_ask_for_metrics_that_exist_and_say_what_mends(exposed: set[str]) -> None:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]

    for rule in group["rules"]:
        assert set(NAME.findall(rule["expr"])) <= exposed, rule["alert"]
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
        assert rule["annotations"]["mend"], rule["alert"]
        assert rule["labels"]["severity"] in ("page", "notice"), rule["alert"]


def test_the_dashboard_shows_metrics_that_exist_and_leaves_none_out(exposed: set[str]) -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    shown = {name for query in queries for name in NAME.findall(query)}

    assert shown <= exposed
    assert {
        name for name in exposed - shown if not name.endswith(("_bucket", "_sum", "_count"))
    } == set()


def test_every_metric_is_described(exposed: set[str]) -> None:
    described = set(NAME.findall((FOLDER / "README.md").read_text()))

    missing = {
        name
        for name in exposed
        if not name.startswith("suisai_wait_seconds") and name not in described
    }
    assert missing == set()
    assert described <= exposed | {"suisai_wait_seconds"}


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_prometheus_itself_accepts_the_rules_and_its_configuration() -> None:
    for kind, file in (("rules", "alerts.yml"), ("config", "prometheus.yml")):
        subprocess.run(["promtool", "check", kind, file], cwd=FOLDER, check=True, timeout=30)

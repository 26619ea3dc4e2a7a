"""Dashboard, alert rules and their description use existing metrics."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bots.metrics import FleetCollector
from tasks.services import Services

pytestmark = pytest.mark.process

FOLDER = Path(__file__).parents[2] / "docs" / "monitoring"
NAME = re.compile(r"\bsuisai_[a-z_]+")


def exposition(services: Services) -> str:
    """Return the response of /metrics."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(services))
    return generate_latest(registry).decode()


@pytest.fixture
def exposed(services: Services, monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Every metric name that a query may use."""
    monkeypatch.setenv("SUISAI_X_CLIENT_ID", "client")
    names = set()
    for family in text_string_to_metric_families(exposition(services)):
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_count", "_sum"]}
        names |= {f"{family.name}{suffix}" for suffix in suffixes.get(family.type, [""])}
    return names


def test_alerts_use_metrics_that_exist_and_propose_a_fix(exposed: set[str]) -> None:
    (group,) = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]

    for rule in group["rules"]:
        assert set(NAME.findall(rule["expr"])) <= exposed, rule["alert"]
        assert rule["annotations"]["summary"].endswith("."), rule["alert"]
        assert rule["annotations"]["fix"], rule["alert"]
        assert rule["labels"]["severity"] in ("page", "notice"), rule["alert"]


def test_the_dashboard_shows_exactly_the_existing_metrics(exposed: set[str]) -> None:
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


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not on this machine")
def test_every_query_finds_something_where_every_metric_has_a_value(tmp_path: Path) -> None:
    panels = json.loads((FOLDER / "grafana.json").read_text())["panels"]
    keda = yaml.safe_load_all((FOLDER.parent / "kubernetes" / "keda.yaml").read_text())
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    queries += [
        trigger["metadata"]["query"] for each in keda for trigger in each["spec"]["triggers"]
    ]
    cases = [
        {
            "expr": f"(count({query.replace('$gpu_dollars_per_hour', '2')}) or vector(0)) > bool 0",
            "eval_time": "2h",
            "exp_samples": [{"labels": "{}", "value": 1}],
        }
        for query in queries
    ]
    test = {"input_series": list(_series()), "interval": "1m", "promql_expr_test": cases}
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"evaluation_interval": "1m", "tests": [test]}))

    done = subprocess.run(["promtool", "test", "rules", str(file)], capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr


def _series() -> Iterator[dict[str, str]]:
    """Yield a growing series for each metric of the table, with the labels that the table gives it."""
    table = re.findall(
        r"^\| `(suisai_\w+)` \| ([\w, ]*)\|", (FOLDER / "README.md").read_text(), re.M
    )
    values = {"stage": "render", "outcome": "answered", "platform": "x", "period": "day"}
    values |= {"level": "normal", "kind": "gpu"}
    for stage in ("fetch", "deliver"):
        yield {"series": _named("suisai_jobs_leased", {"stage": stage}), "values": "1x200"}
    for name, labels in table:
        given = {label: values.get(label, "some") for label in re.findall(r"\w+", labels)}
        if name == "suisai_overload_level":
            yield {"series": _named(name, given), "values": "1x200"}
        elif name == "suisai_wait_seconds":
            yield {"series": _named(f"{name}_count", given), "values": "0+7x200"}
            for bound in ("5.0", "+Inf"):
                yield {"series": _named(f"{name}_bucket", {"le": bound}), "values": "0+7x200"}
        else:
            yield {"series": _named(name, given), "values": "0+7x200"}


def _named(name: str, labels: dict[str, str]) -> str:
    labels = {"instance": "web", "job": "suisai", **labels}
    return f"{name}{{{', '.join(f'{label}={json.dumps(v)}' for label, v in labels.items())}}}"

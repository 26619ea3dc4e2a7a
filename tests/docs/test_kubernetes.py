"""The Kubernetes manifests are valid, start existing commands and restrict their containers."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from bots.download import is_public
from bots.plugins import adapters
from bots.web.probes import health_routes
from tasks.models import PaintRequest, Stage
from tasks.services import Services
from tasks.settings import DEFAULT_SECRETS_DIR
from tests.docs.test_commands import wrong_with
from tests.docs.test_deployment import (
    KEPT,
    ROOT,
    assert_password_is_asked_for,
    settings_of_a_server,
)
from tests.docs.test_monitoring import NAME, exposition

pytestmark = pytest.mark.process

FOLDER = ROOT / "docs" / "kubernetes"


def manifests(file: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((FOLDER / file).read_text()))


def workloads() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield name and pod of every workload."""
    for file in ("suisai.yaml", "valkey.yaml"):
        for each in manifests(file):
            if each["kind"] in ("Deployment", "StatefulSet"):
                yield each["metadata"]["name"], each["spec"]["template"]["spec"]


def ours() -> dict[str, dict[str, Any]]:
    """Return the bot's containers by the name of their workload."""
    return {name: pod["containers"][0] for name, pod in workloads() if name != "valkey"}


@pytest.mark.parametrize("file", ["suisai.yaml", "valkey.yaml", "network.yaml"])
def test_every_manifest_is_valid_for_kubernetes(file: str) -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "kubernetes-validate", "--strict", str(FOLDER / file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_process_has_a_workload_that_starts_an_existing_command() -> None:
    assert set(ours()) == {"web", "io", "gpu", "sweep", *adapters()}
    for name, pod in workloads():
        for container in pod.get("initContainers", []) + pod["containers"]:
            if name != "valkey":
                assert wrong_with(["suisai", *container["args"]]) == "", name


def test_every_pod_is_restricted() -> None:
    for name, pod in workloads():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["automountServiceAccountToken"] is False, name
        for container in pod.get("initContainers", []) + pod["containers"]:
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True, name
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name


def test_written_folders_are_volumes_owned_by_the_writing_user() -> None:
    scratch = "/tmp"  # noqa: S108 (a place in the pod)
    for name, pod in workloads():
        (container,) = pod["containers"]
        paths = {mount["mountPath"] for mount in container["volumeMounts"]} - {"/run/secrets"}
        assert paths == {"/data", *([] if name == "valkey" else [scratch])}, name
        assert pod["securityContext"]["fsGroup"] == pod["securityContext"]["runAsGroup"], name
    uid = re.findall(r"--uid (\d+)", (ROOT / "Dockerfile").read_text())
    users = {pod["securityContext"]["runAsUser"] for name, pod in workloads() if name != "valkey"}
    assert {str(user) for user in users} == set(uid)


def test_probes_use_existing_endpoints(services: Services) -> None:
    paths = {route.path for route in health_routes(services)}  # type: ignore[attr-defined] # they are Routes
    for name, container in ours().items():
        probes = [container[probe] for probe in container if probe.endswith("Probe")]
        assert len(probes) == 2, name
        for probe in probes:
            if name == "web":
                assert probe["httpGet"]["path"] in paths
            else:
                assert probe["exec"]["command"] == ["python", "-P", "-m", "tasks.healthcheck", name]


def test_a_stop_waits_for_the_batch_and_there_is_one_listener_only() -> None:
    kinds = {each["metadata"]["name"]: each for each in manifests("suisai.yaml")}
    assert all(pod["terminationGracePeriodSeconds"] >= 30 for _, pod in workloads())
    assert dict(workloads())["gpu"]["terminationGracePeriodSeconds"] >= 120
    for name in adapters():
        assert kinds[name]["spec"]["replicas"] == 1
        assert kinds[name]["spec"]["strategy"] == {"type": "Recreate"}


def test_the_ledger_is_durable_and_its_service_has_the_configured_name() -> None:
    container = dict(workloads())["valkey"]["containers"][0]
    assert settings_of_a_server(container["args"]) == KEPT
    names = {each["metadata"]["name"]: each for each in manifests("valkey.yaml")}
    settings = manifests("suisai.yaml")[0]["data"]
    assert f"redis://{names['valkey']['metadata']['name']}:6379/0" == settings["SUISAI_REDIS_URL"]


def test_the_ledger_requires_a_password(tmp_path: Path) -> None:
    container = dict(workloads())["valkey"]["containers"][0]
    assert_password_is_asked_for(container["command"], tmp_path)
    assert re.fullmatch(r"valkey/valkey:[\d.]+@sha256:[0-9a-f]{64}", container["image"])
    for probe in ("readinessProbe", "startupProbe"):
        assert "suisai_redis_password" in container[probe]["exec"]["command"][-1]


def test_secrets_are_files_that_settings_read() -> None:
    for name, pod in workloads():
        for container in pod.get("initContainers", []) + pod["containers"]:
            sources = [source for each in container.get("envFrom", []) for source in each]
            assert "secretRef" not in sources, name
            mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
            assert mounts[DEFAULT_SECRETS_DIR]["readOnly"] is True, name


def test_only_the_bot_can_connect_to_the_ledger_and_only_the_web_page_is_public() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in manifests("network.yaml")}
    assert policies["nobody"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & set(policies["nobody"])
    (rule,) = policies["valkey"]["ingress"]
    (source,) = rule["from"]
    assert source["podSelector"] == policies["nobody"]["podSelector"]
    assert policies["valkey"]["egress"] == []
    assert set(policies) == {"nobody", "bot", "web", "valkey"}


def test_the_bot_can_connect_only_to_dns_the_ledger_and_https() -> None:
    (policy,) = (p for p in manifests("network.yaml") if p["metadata"]["name"] == "bot")
    rules = policy["spec"]["egress"]
    ports = {
        (port["port"], port.get("protocol", "TCP")) for rule in rules for port in rule["ports"]
    }
    assert ports == {(53, "UDP"), (53, "TCP"), (6379, "TCP"), (443, "TCP")}
    assert all(rule["to"] for rule in rules)
    (https,) = (rule for rule in rules if rule["ports"] == [{"port": 443}])
    blocks = [each["ipBlock"] for each in https["to"]]
    for inside in (
        "10.96.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "172.20.0.1",
        "fd00::1",
        "fe80::1",
    ):
        assert not is_public(inside)
        assert not any(_reaches(block, inside) for block in blocks), inside
    for outside in ("149.154.167.220", "2001:67c:4e8:f004::9"):
        assert any(_reaches(block, outside) for block in blocks), outside
    assert not _selects(policy, "valkey")
    assert all(_selects(policy, name) for name in ours())


def _reaches(block: dict[str, Any], address: str) -> bool:
    host, networks = ip_address(address), map(ip_network, (block["cidr"], *block.get("except", ())))
    allowed, *forbidden = (host.version == net.version and host in net for net in networks)
    return allowed and not any(forbidden)


def _selects(policy: dict[str, Any], workload: str) -> bool:
    (pod,) = (
        each["spec"]["template"]["metadata"]["labels"]
        for file in ("suisai.yaml", "valkey.yaml")
        for each in manifests(file)
        if each["kind"] in ("Deployment", "StatefulSet") and each["metadata"]["name"] == workload
    )
    return all(
        (pod.get(rule["key"]) in rule["values"]) == (rule["operator"] == "In")
        for rule in policy["spec"]["podSelector"]["matchExpressions"]
    )


def test_scaled_workloads_exist_and_scale_by_queued_and_leased_jobs() -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"]: each for each in manifests("keda.yaml")}
    assert set(scaled) == {"gpu", "io"}
    for each in scaled.values():
        assert each["apiVersion"] == "keda.sh/v1alpha1"
        (trigger,) = each["spec"]["triggers"]
        query = trigger["metadata"]["query"]
        assert NAME.findall(query) == ["suisai_jobs_waiting", "suisai_jobs_leased"]
        assert isinstance(trigger["metadata"]["threshold"], str)
        assert each["spec"]["minReplicaCount"] <= each["spec"]["maxReplicaCount"]


def test_leased_jobs_are_counted_also_if_no_queue_has_a_sample(
    services: Services, make_request: Callable[..., PaintRequest]
) -> None:
    services.ledger.admit(make_request())
    for _ in range(2):  # the second look finds the line empty and forgets it
        services.ledger.claim(Stage.FETCH, 1, "somebody", from_wakeup=False)

    families = {f.name: f for f in text_string_to_metric_families(exposition(services))}

    assert families["suisai_jobs_waiting"].samples == []  # so the sum needs `or vector(0)`
    leased = {s.labels["stage"]: s.value for s in families["suisai_jobs_leased"].samples}
    assert leased == {"fetch": 1, "render": 0, "deliver": 0}
    for each in manifests("keda.yaml"):
        query = each["spec"]["triggers"][0]["metadata"]["query"]
        assert re.search(r"suisai_jobs_waiting\{[^}]*\}\)\) or vector\(0\)", query)

"""Model downloads over a broken network: a file is complete or missing, never damaged."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from bots.model_download import PullFailed, PullProgress, pull
from pipeline.models import Lora, Model, ModelSource, load_model
from pipeline.models.selection import missing_parts

WEIGHTS = bytes(range(256)) * 20_000
REPOSITORY = {
    "model_index.json": b'{"_class_name": "Tiny"}',
    "transformer/config.json": b"{}",
    "transformer/weights.safetensors": WEIGHTS,
    "transformer/weights.fp16.safetensors": b"half",
    "transformer/weights.bin": b"a pickle",
    "vae/weights.safetensors": b"v" * 1000,
    "elsewhere/huge.safetensors": b"not asked for",
    "README.md": b"# Tiny",
}


@dataclass
class Hub:
    """What the fake hub serves, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=lambda: dict(REPOSITORY))
    url: str = ""
    status: int = 200
    file_status: int = 0
    """Where not 0: how it answers requests for files, while its listing is public."""
    breaks_after: list[int] = field(default_factory=list)
    """For each answer in turn, after how many bytes it breaks off."""
    knows_ranges: bool = True
    damage: bool = False
    elsewhere: str = ""
    """Where files really are: another host."""
    asked: list[tuple[str, str | None, str | None]] = field(default_factory=list)
    """Path, range and authorization of every request for a file."""

    def listing(self) -> bytes:
        siblings = [
            {"rfilename": name, "size": len(content)} | self._known_by(name, content)
            for name, content in self.files.items()
        ]
        return json.dumps({"sha": "c0ffee", "siblings": siblings}).encode()

    def _known_by(self, name: str, content: bytes) -> dict[str, object]:
        if name.endswith(".safetensors"):
            return {"blobId": "?", "lfs": {"sha256": hashlib.sha256(content).hexdigest()}}
        blob = b"blob %d\0" % len(content) + content
        return {"blobId": hashlib.sha1(blob, usedforsecurity=False).hexdigest()}


def serve(hub: Hub) -> ThreadingHTTPServer:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            if path.startswith("/api/"):
                self._send(hub.status, hub.listing())
                return
            asked_range, token = self.headers.get("range"), self.headers.get("authorization")
            hub.asked.append((path, asked_range, token))
            if hub.file_status:
                self._send(hub.file_status, b"")
                return
            if hub.elsewhere and path.startswith("/some/"):
                self.send_response(302)
                self.send_header("location", f"{hub.elsewhere}/cdn{path}")
                self.send_header("content-length", "0")
                self.end_headers()
                return
            self._file(path.split("/c0ffee/")[1], asked_range)

        def _file(self, name: str, asked_range: str | None) -> None:
            content = hub.files[name]
            if hub.damage:
                content = bytes(byte ^ 1 for byte in content)
            start = int((asked_range or "bytes=0-").split("=")[1].rstrip("-"))
            if not hub.knows_ranges:
                start = 0
            breaks = hub.breaks_after.pop(0) if hub.breaks_after else None
            self._send(206 if start else 200, content[start:], breaks)

        def _send(self, status: int, body: bytes, breaks: int | None = None) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[:breaks])
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
    return server


@pytest.fixture
def hub() -> Iterator[Hub]:
    served = Hub()
    server = serve(served)
    served.url = f"http://127.0.0.1:{server.server_port}"
    yield served
    server.shutdown()
    server.server_close()


@pytest.fixture
def model() -> Model:
    source = ModelSource("some/model", ("model_index.json", "transformer", "vae"))
    return replace(load_model("flux2-klein"), source=source)


def pulled(hub: Hub, model: Model, models: Path, token: str | None = None) -> list[PullProgress]:
    told: list[PullProgress] = []
    pull(model, models, told.append, hub=hub.url, pause_s=0, token=token)
    return told


def on_disk(models: Path) -> dict[str, bytes]:
    folder = models / "some--model"
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


WHOLE = {
    name: content
    for name, content in REPOSITORY.items()
    if name
    in (
        "model_index.json",
        "transformer/config.json",
        "transformer/weights.safetensors",
        "vae/weights.safetensors",
    )
}


def test_a_model_comes_with_what_it_needs_and_without_pickles(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    told = pulled(hub, model, tmp_path)

    assert on_disk(tmp_path) == WHOLE
    assert missing_parts(model, tmp_path) == []
    assert [step.done_bytes for step in told] == sorted(step.done_bytes for step in told)
    assert told[-1].done_bytes == told[-1].total_bytes == sum(map(len, WHOLE.values()))


def test_a_broken_download_resumes_where_it_stopped(hub: Hub, model: Model, tmp_path: Path) -> None:
    hub.files = {"model_index.json": WEIGHTS}
    hub.breaks_after = [2_000_000, 0, 1_500_000]
    model = replace(model, source=ModelSource("some/model", ("model_index.json",)))

    pulled(hub, model, tmp_path)

    assert [asked for _, asked, _ in hub.asked] == [
        "bytes=0-",
        "bytes=2000000-",
        "bytes=2000000-",
        "bytes=3500000-",
    ]
    assert on_disk(tmp_path) == {"model_index.json": WEIGHTS}


def test_a_stopped_download_resumes_in_the_next_process(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    part = tmp_path / "some--model/transformer/weights.safetensors.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(WEIGHTS[:3_000_000])

    pulled(hub, model, tmp_path)

    assert (
        "/some/model/resolve/c0ffee/transformer/weights.safetensors",
        "bytes=3000000-",
        None,
    ) in (hub.asked)
    assert on_disk(tmp_path) == WHOLE


def test_without_range_support_a_download_restarts(hub: Hub, model: Model, tmp_path: Path) -> None:
    hub.knows_ranges = False
    hub.breaks_after = [10]

    pulled(hub, model, tmp_path)

    assert on_disk(tmp_path) == WHOLE


def test_a_download_that_always_fails_ends_with_a_message(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    hub.breaks_after = [10] + [0] * 20

    with pytest.raises(PullFailed, match=r"stopped at 10 of 23 bytes.*run the command again"):
        pulled(hub, model, tmp_path)

    assert missing_parts(model, tmp_path)


def test_a_damaged_file_is_deleted_and_downloaded_again(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    hub.damage = True
    with pytest.raises(PullFailed, match="wrong checksum"):
        pulled(hub, model, tmp_path)

    hub.damage = False
    pulled(hub, model, tmp_path)

    assert on_disk(tmp_path) == WHOLE


def test_what_is_whole_is_not_fetched_again_and_what_is_torn_is(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    pulled(hub, model, tmp_path)
    (tmp_path / "some--model/vae/weights.safetensors").write_bytes(b"torn")
    hub.asked.clear()

    pulled(hub, model, tmp_path)

    assert [path.rsplit("/", 2)[-2:] for path, _, _ in hub.asked] == [
        ["vae", "weights.safetensors"]
    ]
    assert on_disk(tmp_path) == WHOLE


def test_a_token_goes_to_the_hub_and_not_to_the_host_it_points_to(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    cdn = Hub()
    server = serve(cdn)
    hub.elsewhere = f"http://localhost:{server.server_port}"

    pulled(hub, model, tmp_path, token="hf_secret")
    server.shutdown()
    server.server_close()

    assert {token for _, _, token in hub.asked} == {"Bearer hf_secret"}
    assert {token for _, _, token in cdn.asked} == {None}
    assert on_disk(tmp_path) == WHOLE


def test_a_lora_is_one_file_of_another_repository(hub: Hub, model: Model, tmp_path: Path) -> None:
    lora = Lora("quick", ModelSource("other/lora", ("vae/weights.safetensors",)))

    pulled(hub, replace(model, loras=(lora,)), tmp_path)

    assert (tmp_path / "other--lora/vae/weights.safetensors").read_bytes() == b"v" * 1000


@pytest.mark.parametrize("status", [401, 403])
def test_a_gated_model_names_the_page_and_the_token(
    status: int, hub: Hub, model: Model, tmp_path: Path
) -> None:
    hub.status = status

    with pytest.raises(
        PullFailed, match=r"accept its licence at http.*/some/model.*SUISAI_HUB_TOKEN"
    ):
        pulled(hub, model, tmp_path)


def test_a_model_without_safetensors_is_refused(hub: Hub, model: Model, tmp_path: Path) -> None:
    del hub.files["vae/weights.safetensors"]
    hub.files["vae/weights.bin"] = b"a pickle"

    with pytest.raises(PullFailed, match="has no vae without pickles"):
        pulled(hub, model, tmp_path)


def test_a_full_disk_is_detected_before_the_download(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    class Endless(bytes):
        def __len__(self) -> int:
            return 10**16

    hub.files["vae/weights.safetensors"] = Endless(b"v")

    with pytest.raises(PullFailed, match=r"10000000\.\d GB in .*make room"):
        pulled(hub, model, tmp_path)
    assert hub.asked == []


def test_a_name_that_leads_out_of_the_folder_is_ignored(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    hub.files["vae/../../../evil.json"] = b"{}"

    pulled(hub, model, tmp_path)

    assert not (tmp_path / "evil.json").exists()
    assert on_disk(tmp_path) == WHOLE


def test_an_unreachable_hub_and_a_proxys_page_are_explained(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    with pytest.raises(PullFailed, match="cannot be reached"):
        pull(model, tmp_path, lambda _: None, hub="http://127.0.0.1:9")

    hub.listing = lambda: b"<html>Log in</html>"  # type: ignore[method-assign] # a page in the way
    with pytest.raises(PullFailed, match="is a proxy in between"):
        pulled(hub, model, tmp_path)


def test_a_gated_model_is_not_asked_for_without_a_token(
    hub: Hub, model: Model, tmp_path: Path
) -> None:
    with pytest.raises(PullFailed, match=r"accept its licence.*SUISAI_HUB_TOKEN"):
        pulled(hub, replace(model, gated=True), tmp_path)

    assert hub.asked == []
    assert pulled(hub, replace(model, gated=True), tmp_path, token="hf_mine")


@pytest.mark.parametrize("status", [401, 403])
def test_files_that_need_an_account_are_asked_for_once(
    hub: Hub, model: Model, tmp_path: Path, status: int
) -> None:
    hub.file_status = status

    with pytest.raises(PullFailed, match=r"accept its licence at http://127.*some/model"):
        pulled(hub, model, tmp_path, token="of somebody who accepted nothing")

    assert len(hub.asked) == 1

"""/healthz and /readyz answer independently."""

from __future__ import annotations

from pathlib import Path

from bots.web.app import build_app
from tasks.services import open_services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.web.peers import ask


def test_without_the_ledger_the_page_is_alive_but_not_ready(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "valkey")
    valkey.ensure()
    services = open_services(Settings(data_dir=tmp_path, redis_url=None), lambda _: None)
    app = build_app(services)
    assert ask(app, "/readyz").json() == {"ready": True, "ledger": "ok", "photos": "ok"}

    valkey.stop()

    assert ask(app, "/healthz").status_code == 200
    unready = ask(app, "/readyz")
    assert (unready.status_code, unready.json()["ready"]) == (503, False)
    assert unready.json()["ledger"] == "does not answer"
    services.redis.close()


def test_without_the_blob_store_the_page_is_not_ready(tmp_path: Path) -> None:
    valkey = EmbeddedValkey(tmp_path / "valkey")
    valkey.ensure()
    services = open_services(Settings(data_dir=tmp_path, redis_url=None), lambda _: None)
    app = build_app(services)
    blobs = tmp_path / "blobs"
    blobs.rmdir()
    blobs.write_text("a file where the folder was")

    assert ask(app, "/readyz").status_code == 503
    services.redis.close()
    valkey.stop()

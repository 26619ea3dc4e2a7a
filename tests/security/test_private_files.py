"""Files of the bot are readable by its own user only, for any umask, and it uses no files of other users."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from bots.commands.run import _print_links
from bots.supervisor import lock_data_dir
from bots.web.operator_auth import operator_token
from bots.web.settings import WebSettings
from tasks.blobs import BlobStore
from tasks.private_files import FileNotPrivate, FolderNotPrivate, is_own_socket, own_folder
from tasks.pseudonyms import Pseudonyms
from tasks.services import Services
from tasks.settings import Settings
from tasks.valkey import EmbeddedValkey
from tests.stack import Stack, eventually

pytestmark = pytest.mark.process


@pytest.fixture
def generous_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def readable_by_others(folder: Path) -> list[str]:
    """Return the files and folders that other users can read or write, with their modes."""
    return [
        f"{path} {stat.S_IMODE(path.lstat().st_mode):o}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and path.lstat().st_mode & 0o077
    ]


def test_a_running_bot_writes_no_file_that_others_can_read(
    generous_umask: None, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o777)
    settings = Settings(data_dir=data, safety_checks=())
    stack = Stack(settings, tmp_path / "logs", {"SUISAI_WEB_PORT": "0"})
    stack.start("up", "up")
    try:
        eventually(lambda: EmbeddedValkey(data / "valkey").is_alive(), 60, "the store runs")
        eventually(lambda: (data / "blobs").exists(), 60, "a process opened the blobs")
        eventually((data / "operator-token").exists, 60, "the page has its token")
        assert readable_by_others(data) == []
    finally:
        stack.stop()
    token = (data / "operator-token").read_text()
    logs = "".join(path.read_text() for path in (tmp_path / "logs").iterdir())
    assert "suisai operator-link" in logs
    assert token not in logs


def test_the_folder_of_photos_is_private(generous_umask: None, tmp_path: Path) -> None:
    folder = tmp_path / "blobs"
    folder.mkdir(mode=0o755)
    BlobStore.open(None, folder).put("photos/1/a.rgb", b"photo")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("long", [False, True], ids=["in its folder", "in /tmp"])
def test_files_and_socket_of_the_embedded_server_are_private(
    generous_umask: None, tmp_path: Path, long: bool
) -> None:
    folder = tmp_path / ("x" * 100 if long else "valkey")
    server = EmbeddedValkey(folder)
    server.ensure()
    try:
        assert readable_by_others(folder) == []
        assert readable_by_others(server.socket.parent) == []
        assert is_own_socket(server.socket)
    finally:
        server.stop()


def test_a_socket_in_a_folder_where_others_write_is_not_adopted(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    server = EmbeddedValkey(folder)
    server.ensure()
    folder.chmod(0o777)
    assert not server.is_alive()
    folder.chmod(0o700)
    assert server.is_alive()
    server.stop()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_socket_of_another_user_is_not_adopted(tmp_path: Path) -> None:
    path = tmp_path / "valkey.sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        assert is_own_socket(path)
        os.chown(path, 1, 1)
        assert not is_own_socket(path)
        os.chown(path, 0, 0)
        os.chown(tmp_path, 1, 1)
        assert not is_own_socket(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to another user")
def test_a_folder_of_another_user_is_not_used(tmp_path: Path) -> None:
    folder = tmp_path / "valkey"
    folder.mkdir(mode=0o777)
    os.chown(folder, 1, 1)
    with pytest.raises(FolderNotPrivate, match="another user"):
        EmbeddedValkey(folder).ensure()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a link to another user")
def test_a_link_of_another_user_is_not_followed(tmp_path: Path) -> None:
    elsewhere, link = tmp_path / "elsewhere", tmp_path / "link"
    elsewhere.mkdir()
    link.symlink_to(elsewhere)
    own_folder(link)
    os.chown(link, 1, 1, follow_symlinks=False)
    with pytest.raises(FolderNotPrivate):
        own_folder(link)


def test_the_link_is_printed_to_a_terminal_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUISAI_DATA_DIR", str(tmp_path))
    controller, terminal = os.openpty()
    with os.fdopen(terminal, "w") as screen, contextlib.redirect_stdout(screen):
        _print_links(Settings())
    token = (tmp_path / "operator-token").read_text()
    assert f"/status?token={token}" in os.read(controller, 4_096).decode()
    os.close(controller)
    file = io.StringIO()
    with contextlib.redirect_stdout(file):
        _print_links(Settings())
    assert token not in file.getvalue()
    assert "suisai operator-link" in file.getvalue()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
@pytest.mark.parametrize("name", ["operator-token", "pseudonym.key"])
@pytest.mark.parametrize("as_link", [False, True])
def test_a_secret_that_another_user_planted_is_not_used(
    services: Services, tmp_path: Path, name: str, as_link: bool
) -> None:
    planted = tmp_path / (f"of-another-{name}" if as_link else name)
    planted.write_text("known-to-another-user")
    os.chown(planted, 0 if as_link else 1, 1)
    if as_link:
        (tmp_path / name).symlink_to(planted)
        os.chown(tmp_path / name, 1, 1, follow_symlinks=False)
    settings = Settings(data_dir=tmp_path, namespace=f"{services.settings.namespace}-planted")
    used = {
        "operator-token": lambda: operator_token(WebSettings(), tmp_path),
        "pseudonym.key": lambda: Pseudonyms(services.redis, settings).of("web", "1"),
    }
    with pytest.raises(FileNotPrivate, match="another user"):
        used[name]()


def test_a_secret_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    token = operator_token(WebSettings(), tmp_path)
    (tmp_path / "operator-token").chmod(0o644)
    assert operator_token(WebSettings(), tmp_path) == token
    assert readable_by_others(tmp_path / "operator-token") == []


def test_a_symlink_in_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    victim, folder = tmp_path / "victim", tmp_path / "data"
    victim.write_text("dear")
    folder.mkdir()
    (folder / "up.lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"), lock_data_dir(folder):
        pass
    assert victim.read_text() == "dear"

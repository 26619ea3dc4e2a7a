"""The command line refuses bad input in one sentence and with the right exit code."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from bots.cli import app
from tests import preloaded
from tests.photos import PHOTOS

ASTRONAUT = str(PHOTOS["astronaut"])


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "SUISAI_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200"}


def suisai(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return preloaded.run("bots", arguments, environment)


def only_line(error: str) -> str:
    lines = error.strip().splitlines()
    assert len(lines) == 1, error
    return lines[0]


def test_a_photo_becomes_a_painting_of_the_same_size(
    environment: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "painting.jpg"

    done = suisai(environment, "stylize", ASTRONAUT, "-o", str(out), "--seed", "3")

    assert (done.returncode, done.stderr) == (0, "")
    with Image.open(out) as painting, Image.open(ASTRONAUT) as photo:
        assert painting.size == photo.size


def test_many_photos_go_into_a_folder_and_bad_ones_do_not_stop_the_others(
    environment: dict[str, str], tmp_path: Path
) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a photo at all, but a text")
    namesake = str(shutil.copy(ASTRONAUT, tmp_path))

    done = suisai(environment, "stylize", ASTRONAUT, str(text), namesake, "-o", f"{tmp_path}/all/")

    assert done.returncode == 2
    assert "notes.txt" in done.stderr
    assert sorted(path.name for path in (tmp_path / "all").iterdir()) == [
        "astronaut-2.jpg",
        "astronaut.jpg",
    ]


@pytest.fixture
def broken(tmp_path: Path) -> list[Path]:
    """Files that are no photos: half a JPEG, a text, nothing, and a single pixel."""
    files = {
        "half.jpg": PHOTOS["astronaut"].read_bytes()[:9000],
        "letter.jpg": b"hello, this is a letter and not a photo\n" * 10,
        "empty.jpg": b"",
    }
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    Image.new("RGB", (1, 1)).save(tmp_path / "pixel.png")
    return [tmp_path / name for name in (*files, "pixel.png")]


def test_what_is_no_photo_is_refused_in_one_line_each(
    environment: dict[str, str], broken: list[Path], tmp_path: Path
) -> None:
    done = suisai(environment, "stylize", *map(str, broken), "-o", f"{tmp_path}/all/")

    assert done.returncode == 2
    refusals = [line for line in done.stderr.splitlines() if line.startswith(str(tmp_path))]
    assert [line.partition(": ")[0] for line in refusals] == [str(photo) for photo in broken]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "all").exists()


@pytest.mark.parametrize("command", ["stylize half.jpg -o", "demo --once half.jpg --out"])
def test_a_single_invalid_file_is_the_only_message(
    environment: dict[str, str], broken: list[Path], tmp_path: Path, command: str
) -> None:
    words = command.replace("half.jpg", str(broken[0])).split()

    done = suisai(environment, *words, str(tmp_path / "out.jpg"))

    assert done.returncode == 2
    assert only_line(done.stderr).startswith(f"{broken[0]}: ")
    assert not (tmp_path / "out.jpg").exists()


@pytest.mark.parametrize("command", ["stylize /dev/zero -o", "styles --sheet /dev/zero -o"])
def test_an_endless_file_is_refused_without_being_read_to_its_end(
    environment: dict[str, str], tmp_path: Path, command: str
) -> None:
    out = tmp_path / "out.png"

    done = suisai(environment, *command.split(), str(out))

    assert done.returncode == 2
    assert only_line(done.stderr).startswith("/dev/zero: ")
    assert not out.exists()


def test_answers_are_not_written_into_a_photo(environment: dict[str, str], tmp_path: Path) -> None:
    photo = Path(shutil.copy(ASTRONAUT, tmp_path))

    done = suisai(environment, "setup", "telegram", "--env-file", str(photo))

    assert done.returncode == 2
    assert "is no file of settings" in only_line(done.stderr)
    assert photo.read_bytes() == PHOTOS["astronaut"].read_bytes()


def test_a_photo_that_is_not_there_is_refused(environment: dict[str, str], tmp_path: Path) -> None:
    done = suisai(environment, "stylize", str(tmp_path / "no.jpg"), "-o", str(tmp_path / "out.jpg"))
    assert done.returncode == 2
    assert "cannot be read" in only_line(done.stderr)


def test_an_unknown_style_is_refused_with_the_nearest_one(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = suisai(
        environment, "stylize", ASTRONAUT, "-o", str(tmp_path / "out.jpg"), "--style", "filn"
    )
    assert done.returncode == 2
    assert "Did you mean 'film'?" in only_line(done.stderr)


def test_a_place_that_cannot_be_written_is_said(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("a file where a folder is wanted")
    done = suisai(environment, "stylize", ASTRONAUT, "-o", str(tmp_path / "file" / "out.jpg"))
    assert done.returncode == 1
    assert "Choose another place" in only_line(done.stderr)


def test_a_full_disk_leaves_no_partial_picture(environment: dict[str, str], tmp_path: Path) -> None:
    # A limit on the size of files makes a write fail in the middle, as a full disk does.
    done = subprocess.run(
        [sys.executable, "-m", "bots", "stylize", ASTRONAUT, "-o", str(tmp_path / "out.jpg")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )
    assert done.returncode == 1
    assert "Choose another place" in only_line(done.stderr)
    assert list(tmp_path.glob("*.jpg")) + list(tmp_path.glob(".*.part")) == []


def test_a_wrong_setting_is_named(environment: dict[str, str]) -> None:
    done = suisai({**environment, "SUISAI_LEASE_S": "soon"}, "sweep")
    assert done.returncode == 1
    assert "SUISAI_LEASE_S" in only_line(done.stderr)


def test_a_command_without_a_running_bot_says_how_to_start_one(
    environment: dict[str, str],
) -> None:
    done = suisai(environment, "job", "abc")
    assert done.returncode == 1
    assert "suisai up" in only_line(done.stderr)


def test_a_port_in_use_is_reported(environment: dict[str, str], tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        from tasks.valkey import EmbeddedValkey

        server = EmbeddedValkey(tmp_path / "data" / "valkey")
        server.ensure()
        done = suisai(environment, "web", "--port", port)
        server.stop()
    assert done.returncode == 1
    assert port in only_line(done.stderr)


def test_styles_are_listed_for_people_and_programs() -> None:
    assert "film" in CliRunner().invoke(app, ["styles"]).output
    rows = json.loads(CliRunner().invoke(app, ["styles", "--json"]).output)
    assert "ghibli" in next(row for row in rows if row["name"] == "film")["aliases"]


def commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the words of every command, however deep."""
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def every_command() -> list[tuple[str, ...]]:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    return sorted(commands(group))


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert "Example:" in shown.output

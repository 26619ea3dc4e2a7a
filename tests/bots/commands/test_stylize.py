"""`suisai stylize` never destroys a photo, and writes what the person named."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from bots.cli import app
from pipeline.encode import PictureFormat, PictureTooLarge, finish
from pipeline.provenance import C2paSigner, DigitalSource, Maker
from pipeline.verify import verify
from tests.photos import PHOTOS
from tests.pipeline.certificates import credentials

Suisai = Callable[..., Result]
ENVIRONMENT = {"SUISAI_SAFETY_CHECKS": "[]", "SUISAI_ENGINE": "painter", "COLUMNS": "80"}


@pytest.fixture
def suisai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Suisai:
    """Runs `suisai WORDS` in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    environment = {**ENVIRONMENT, "SUISAI_DATA_DIR": str(tmp_path / ".data")}
    return lambda *words: CliRunner().invoke(app, list(words), env=environment)


def photo(path: Path, size: tuple[int, int] = (96, 64)) -> bytes:
    """Write a small photo of the kind that the ending says; return its bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(PHOTOS["astronaut"]) as astronaut:
        astronaut.convert("RGB").resize(size).save(path)
    return path.read_bytes()


def refusal(done: Result) -> str:
    """The sentence with which a command refused; it exits with 2 then."""
    assert done.exception is not None, done.output
    return str(done.exception)


def size_of(path: Path) -> tuple[str | None, tuple[int, int]]:
    with Image.open(path) as picture:
        return picture.format, picture.size


@pytest.mark.parametrize("out", ["a.jpg", "./a.jpg", "../{folder}/a.jpg", "soft.jpg", "hard.jpg"])
@pytest.mark.parametrize("more", [(), ("--overwrite",)])
def test_no_name_of_the_photo_is_taken_for_its_painting(
    suisai: Suisai, tmp_path: Path, out: str, more: tuple[str, ...]
) -> None:
    before = photo(tmp_path / "a.jpg")
    (tmp_path / "soft.jpg").symlink_to("a.jpg")
    (tmp_path / "hard.jpg").hardlink_to(tmp_path / "a.jpg")

    said = refusal(suisai("stylize", "a.jpg", "-o", out.format(folder=tmp_path.name), *more))

    assert "is the photo itself" in said
    assert (tmp_path / "a.jpg").read_bytes() == before
    assert (tmp_path / "soft.jpg").is_symlink()


def test_in_the_photos_own_folder_the_painting_gets_another_name(
    suisai: Suisai, tmp_path: Path
) -> None:
    before = {name: photo(tmp_path / name) for name in ("a.jpg", "b.jpg", "b.png")}

    assert suisai("stylize", *before, "-o", ".", "--style", "ink").exit_code == 0

    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert sorted(path.name for path in tmp_path.glob("*-*")) == [
        "a-ink.jpg",
        "b-ink-2.jpg",
        "b-ink.jpg",
    ]


def test_a_photo_that_is_another_ones_painting_by_name_is_kept(
    suisai: Suisai, tmp_path: Path
) -> None:
    before = {name: photo(tmp_path / name) for name in ("a.jpg", "a-film.jpg")}

    done = suisai("stylize", *before, "-o", ".", "--overwrite")

    assert done.exit_code == 2
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert (tmp_path / "a-film-film.jpg").exists()


def test_what_exists_is_replaced_only_on_request(suisai: Suisai, tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "out.jpg").write_text("something else")

    assert "--overwrite" in refusal(suisai("stylize", "a.jpg", "-o", "out.jpg"))
    assert (tmp_path / "out.jpg").read_text() == "something else"
    assert suisai("stylize", "a.jpg", "-o", "out.jpg", "--overwrite").exit_code == 0
    assert size_of(tmp_path / "out.jpg") == ("JPEG", (96, 64))


def test_a_symlink_is_kept_and_its_target_is_written(suisai: Suisai, tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    (tmp_path / "link.png").symlink_to("target.png")

    assert suisai("stylize", "a.jpg", "-o", "link.png").exit_code == 0

    assert (tmp_path / "link.png").is_symlink()
    assert size_of(tmp_path / "target.png") == ("PNG", (96, 64))


def test_in_a_folder_what_is_painted_already_is_left_and_said(
    suisai: Suisai, tmp_path: Path
) -> None:
    for name in ("a.jpg", "b.jpg"):
        photo(tmp_path / name)
    assert suisai("stylize", "a.jpg", "-o", "out/").exit_code == 0
    before = (tmp_path / "out" / "a.jpg").stat()

    done = suisai("stylize", "a.jpg", "b.jpg", "-o", "out")

    assert done.exit_code == 2
    assert "out/a.jpg exists already" in done.stderr
    assert (tmp_path / "out" / "a.jpg").stat() == before
    assert size_of(tmp_path / "out" / "b.jpg") == ("JPEG", (96, 64))


@pytest.mark.parametrize(
    ("out", "kind"), [("o.jpg", "JPEG"), ("o.JPEG", "JPEG"), ("o.png", "PNG"), ("o.webp", "WEBP")]
)
def test_the_ending_decides_the_format(suisai: Suisai, tmp_path: Path, out: str, kind: str) -> None:
    photo(tmp_path / "a.jpg")
    assert suisai("stylize", "a.jpg", "-o", out).exit_code == 0
    assert size_of(tmp_path / out) == (kind, (96, 64))
    assert verify((tmp_path / out).read_bytes()).tool.startswith("Suisai (painter ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["a.jpg", "-o", "o.gif"], ".png"),
        (["a.jpg", "-o", "o"], "o/"),
        (["a.jpg", "b.jpg", "-o", "o.jpg"], "Name a folder"),
        (["a.jpg", "b.jpg", "-o", "-"], "Name a folder"),
        (["a.jpg", "-o", "o.png", "--format", "webp"], "--format"),
        (["a.jpg", "-o", "o/", "--format", "bmp"], "there are: jpg"),
        (["a.jpg", "-o", "o.png", "--quality", "80"], "lossless"),
        (["a.jpg", "-o", "o.jpg", "--size", "huge"], "original"),
        (["a.jpg", "-o", "o.jpg", "--size", "-5"], "original"),
        (["a.jpg", "-o", "a.jpg/"], "not a folder"),
        (["none-*.jpg", "-o", "o/"], "no file matches"),
        (["empty", "-o", "o/"], "--recursive"),
        (["gone.jpg", "-o", "o.jpg"], "cannot be read"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_write(
    suisai: Suisai, tmp_path: Path, words: list[str], said: str
) -> None:
    for name in ("a.jpg", "b.jpg"):
        photo(tmp_path / name)
    (tmp_path / "empty").mkdir()

    assert said in refusal(suisai("stylize", *words))
    assert not list(tmp_path.glob("o*"))


def test_a_folder_is_painted_with_its_folders_but_not_its_own_paintings(
    suisai: Suisai, tmp_path: Path
) -> None:
    for name in ("in/a.jpg", "in/day/a.png", "in/.trash/b.jpg", "in/day/deep/c.webp"):
        photo(tmp_path / name)
    (tmp_path / "in" / "notes.txt").write_text("no photo")
    (tmp_path / "in" / "day" / "up").symlink_to("..")

    flat = suisai("stylize", "in", "-o", "flat")
    first = suisai("stylize", "in", "-o", "in/out", "-r", "--format", "png")
    again = suisai("stylize", "in", "-o", "in/out", "-r", "--format", "png", "--overwrite")

    assert (flat.exit_code, first.exit_code, again.exit_code) == (0, 0, 0)
    assert [path.name for path in (tmp_path / "flat").rglob("*.*")] == ["a.jpg"]
    out = tmp_path / "in" / "out"
    assert sorted(str(path.relative_to(out)) for path in out.rglob("*.*")) == [
        "a.png",
        "day/a.png",
        "day/deep/c.png",
    ]


def test_a_quoted_pattern_names_each_file_once(suisai: Suisai, tmp_path: Path) -> None:
    for name in ("a.jpg", "b.jpg"):
        photo(tmp_path / name)
    assert suisai("stylize", "*.jpg", "a.jpg", "-o", "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.jpg", "b.jpg"]


def test_what_is_shrunk_is_said_and_the_original_size_can_be_kept(
    suisai: Suisai, tmp_path: Path
) -> None:
    photo(tmp_path / "a.jpg", (1500, 300))

    usual = suisai("stylize", "a.jpg", "-o", "usual.jpg")
    small = suisai("stylize", "a.jpg", "-o", "small.jpg", "--size", "200", "--quality", "40")
    whole = suisai("stylize", "a.jpg", "-o", "whole.jpg", "--size", "original")

    assert "1500 x 300 px, painted at 1024 x 205; --size original" in usual.stderr
    assert "painted at 200 x 40" in small.stderr
    assert whole.stderr == ""
    assert [size_of(tmp_path / f"{name}.jpg")[1] for name in ("usual", "small", "whole")] == [
        (1024, 205),
        (200, 40),
        (1500, 300),
    ]


def test_a_photo_and_a_painting_pass_through_standard_streams(tmp_path: Path) -> None:
    data = photo(tmp_path / "a.jpg")
    for out in ("-", "/dev/stdout"):
        done = subprocess.run(
            [sys.executable, "-m", "bots", "stylize", "-", "-o", out, "--format", "webp"],
            env={**os.environ, **ENVIRONMENT, "SUISAI_DATA_DIR": str(tmp_path / ".data")},
            input=data,
            capture_output=True,
            check=True,
            timeout=90,
        )
        with Image.open(BytesIO(done.stdout)) as picture:
            assert (picture.format, picture.size) == ("WEBP", (96, 64))
        assert done.stderr == b""


def test_a_pipe_is_written_to_and_not_replaced(suisai: Suisai, tmp_path: Path) -> None:
    photo(tmp_path / "a.jpg")
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", "pipe"], cwd=tmp_path, stdout=subprocess.PIPE) as reader:
        assert suisai("stylize", "a.jpg", "-o", "pipe").exit_code == 0
        assert reader.stdout is not None
        assert reader.stdout.read().startswith(b"\xff\xd8")
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize(
    "words", [("styles", "--sheet", "a.jpg"), ("demo", "--once", "a.jpg")], ids="-".join
)
def test_other_commands_do_not_replace_files_either(
    suisai: Suisai, tmp_path: Path, words: tuple[str, ...]
) -> None:
    before = photo(tmp_path / "a.jpg")
    (tmp_path / "there.jpg").write_text("something else")

    assert "itself" in refusal(suisai(*words, "--out", "a.jpg", "--overwrite"))
    assert "--overwrite" in refusal(suisai(*words, "--out", "there.jpg"))
    assert ".jpg" in refusal(suisai(*words, "--out", "there.gif"))
    assert (tmp_path / "a.jpg").read_bytes() == before
    assert (tmp_path / "there.jpg").read_text() == "something else"


@pytest.mark.parametrize("picture_format", list(PictureFormat))
def test_a_file_of_every_format_is_signed(picture_format: PictureFormat) -> None:
    pytest.importorskip("c2pa")
    own, trusted = credentials()
    pixels = np.full((40, 60, 3), 128, np.uint8)
    maker = Maker("painter", "1", DigitalSource.PAINTER)

    declaration = verify(
        finish(pixels, maker, C2paSigner(own), picture_format=picture_format), trusted
    )

    assert declaration.manifest is not None
    assert declaration.manifest.state == "trusted"


def test_a_picture_that_its_format_cannot_hold_is_refused() -> None:
    pixels = np.zeros((1, 17_000, 3), np.uint8)
    with pytest.raises(PictureTooLarge, match="PNG"):
        finish(
            pixels,
            Maker("painter", "1", DigitalSource.PAINTER),
            picture_format=PictureFormat.WEBP,
        )


def test_the_version_is_shown() -> None:
    assert CliRunner().invoke(app, ["--version"]).output.startswith("suisai ")


@pytest.mark.parametrize("words", [("styles",), ("models",), ("doctor",)], ids=" ".join)
def test_tables_fit_80_columns_and_cut_nothing_off(suisai: Suisai, words: tuple[str, ...]) -> None:
    lines = suisai(*words).stdout.splitlines()
    assert len(lines) > 5
    assert max(map(cell_len, lines)) <= 80
    assert "…" not in "".join(lines)


@pytest.mark.parametrize(
    "words", [("", "-o", "b.jpg"), ("a.jpg", "-o", ""), ("a.jpg", "", "-o", "all/")]
)
def test_an_empty_name_is_not_the_current_folder(
    suisai: Suisai, tmp_path: Path, words: tuple[str, ...]
) -> None:
    photo(tmp_path / "a.jpg")

    assert "An empty name" in refusal(suisai("stylize", *words))

    assert [path.name for path in tmp_path.iterdir() if path.name != ".data"] == ["a.jpg"]

"""`suisai stylize`, `styles`, `verify`: the pipeline without a bot."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from bots.commands.atomic_write import STREAM, check_output, format_of, write_whole
from bots.commands.common import InputRefused, describe_refusal, show, style_named, table
from bots.commands.photo_files import Target, check_target, find_photos, place_paintings
from pipeline.comparison import style_sheet
from pipeline.decode import PhotoLimits
from pipeline.encode import QUALITY, PictureFormat, PictureTooLarge, finish
from pipeline.engine import Photo
from pipeline.errors import PaintingFailed, PhotoRefused
from pipeline.photo import open_photo
from pipeline.provenance import Maker
from pipeline.styles import Style, load_styles
from pipeline.stylize import paint_photo
from pipeline.verify import verify as read_declaration
from tasks.engines import open_engine, open_screen, open_signer, photo_limits
from tasks.settings import Settings
from tasks.telemetry.logs import set_up_logs

_STDERR = Console(stderr=True)

_VERIFIED_MAX = 100_000_000
"""Bytes of a picture whose metadata is read."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(stylize)
    app.command()(styles)
    app.command()(verify)


def stylize(
    photos: Annotated[
        list[str],
        typer.Argument(
            metavar="PHOTO...", help="Photos, folders, quoted patterns, or - for standard input."
        ),
    ],
    out: Annotated[
        str,
        typer.Option(
            "-o",
            "--out",
            metavar="PATH",
            help="A file, whose ending decides the format (.jpg, .png, .webp), a folder, or - for "
            "standard output.",
        ),
    ],
    style: Annotated[str, typer.Option(help="A name or alias from `suisai styles`.")] = "film",
    engine: Annotated[str, typer.Option(help="auto, painter or diffusion.")] = "auto",
    strength: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="0: slight changes, 1: strongest.")
    ] = 0.6,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of random details, e.g. clouds.")
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="PX|original", help="Longest side; larger photos are reduced to it."),
    ] = None,
    quality: Annotated[
        int | None,
        typer.Option(min=1, max=100, help=f"JPEG and WebP quality. [default: {QUALITY}]"),
    ] = None,
    format_name: Annotated[
        str | None,
        typer.Option("--format", metavar="jpg|png|webp", help="Format in a folder or a stream."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace paintings that exist; never a photo.")
    ] = False,
    recursive: Annotated[
        bool, typer.Option("-r", "--recursive", help="Include subfolders.")
    ] = False,
) -> None:
    """Paint photos, without a bot. A photo is never replaced.

    [dim]Example:[/dim] suisai stylize holiday/ -o paintings/ --style watercolor
    """
    chosen = style_named(style)
    settings = Settings.model_validate({**Settings().model_dump(), "engine": engine})
    set_up_logs(settings.model_copy(update={"log_level": "WARNING"}))
    limits = _limits(size, settings)
    sources = find_photos(photos, out, recursive=recursive)
    work = place_paintings(sources, out, style=chosen.name, named_format=_format(format_name))
    if quality is not None and any(
        target.picture_format == PictureFormat.PNG for _, target in work
    ):
        raise InputRefused(
            "PNG is lossless and has no --quality. Leave it out, or choose JPEG or WebP."
        )
    refusals = _Refusals(several=len(work) > 1)
    ready = []
    for source, target in work:
        with refusals.collected():
            check_target(target, sources, overwrite=overwrite)
            ready.append((source, target))
    if ready:
        job = _Painting(
            settings,
            limits,
            chosen,
            strength,
            seed,
            quality or QUALITY,
            size_given=size is not None,
        )
        for source, target in track(
            ready, "Painting", disable=not refusals.several, console=_STDERR
        ):
            with refusals.collected():
                write_whole(target.path, job.paint(source.path, target), overwrite=overwrite)
    if refusals.count:
        raise typer.Exit(2)


class _Refusals:
    """Collects refusals, so that one of several photos does not stop the others; a single one raises."""

    def __init__(self, several: bool) -> None:
        self.several = several
        self.count = 0

    @contextmanager
    def collected(self) -> Iterator[None]:
        try:
            yield
        except InputRefused as refusal:
            if not self.several:
                raise
            self.count += 1
            _say(str(refusal))


class _Painting:
    """Paints photos one after the other with the options of the command."""

    def __init__(
        self,
        settings: Settings,
        limits: PhotoLimits,
        style: Style,
        strength: float,
        seed: int | None,
        quality: int,
        *,
        size_given: bool,
    ) -> None:
        self._limits, self._style = limits, style
        self._strength, self._seed, self._quality = strength, seed, quality
        self._size_given = size_given
        self._engine, self._screen = open_engine(settings), open_screen(settings)
        self._seal = open_signer(settings)

    def paint(self, path: Path, target: Target) -> bytes:
        """Return the finished file of one photo. Raises `InputRefused`, `OSError`."""
        photo = _open(path, self._limits)
        self._say_if_shrunk(path, photo)
        try:
            pixels = paint_photo(
                photo, self._style, self._engine, self._screen,
                strength=self._strength, seed=self._seed,
            )  # fmt: skip
            return finish(
                pixels, Maker.of(self._engine), self._seal,
                picture_format=target.picture_format, quality=self._quality,
            )  # fmt: skip
        except PhotoRefused as refusal:
            raise InputRefused(describe_refusal(path, refusal)) from refusal
        except PictureTooLarge as error:
            raise InputRefused(f"{path}: {error}") from error
        except PaintingFailed as failure:
            raise OSError(f"{path}: the engine could not paint it ({failure.reason}).") from failure

    def _say_if_shrunk(self, path: Path, photo: Photo) -> None:
        height, width = photo.pixels.shape[:2]
        if photo.original_px is not None and photo.original_px != (width, height):
            before = "{} x {}".format(*photo.original_px)
            more = "" if self._size_given else "; --size original keeps its size"
            _say(f"{path}: {before} px, painted at {width} x {height}{more}.")


def _open(path: Path, limits: PhotoLimits) -> Photo:
    try:
        return open_photo(_read(path, limits.bytes_max + 1), limits)
    except PhotoRefused as refusal:
        raise InputRefused(describe_refusal(path, refusal)) from refusal
    except OSError as error:
        raise InputRefused(f"{path}: cannot be read ({error.strerror}). Name a photo.") from error


def _read(path: Path, most: int) -> bytes:
    """Read no more of a file, a device or standard input than is needed to refuse it."""
    if path == STREAM:
        return sys.stdin.buffer.read(most)
    with path.open("rb") as file:
        return file.read(most)


def _limits(size: str | None, settings: Settings) -> PhotoLimits:
    usual = photo_limits(settings)
    if size is None:
        return usual
    if size != "original" and not (
        size.isascii() and size.isdigit() and usual.side_min_px <= int(size) <= usual.side_max_px
    ):
        raise InputRefused(
            f"--size {size}: give the longest side in pixels, "
            f"{usual.side_min_px} to {usual.side_max_px}, or the word original."
        )
    long_side_px = usual.side_max_px if size == "original" else int(size)
    if long_side_px <= usual.long_side_px:
        return replace(usual, long_side_px=long_side_px)
    # The caller's own photo may use more resources than a stranger's.
    return replace(usual, long_side_px=long_side_px, bytes_max=100_000_000,
                   memory_bytes=3_000_000_000, cpu_s=60.0)  # fmt: skip


def _format(name: str | None) -> PictureFormat | None:
    if name is None:
        return None
    chosen = PictureFormat.of_ending(f".{name.lower().removeprefix('.')}")
    if chosen is None:
        offered = ", ".join(ending.removeprefix(".") for ending in PictureFormat.endings())
        raise InputRefused(f"--format {name} is not offered; there are: {offered}.")
    return chosen


def _say(line: str) -> None:
    _STDERR.print(line, highlight=False, markup=False, soft_wrap=True)


def styles(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PHOTO", help="Paint this photo in every style.")
    ] = None,
    out: Annotated[
        Path, typer.Option("-o", "--out", help="The file of the sheet: .png, .jpg or .webp.")
    ] = Path("sheet.png"),
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a sheet that exists.")
    ] = False,
) -> None:
    """List the styles, or paint a photo in all of them side by side.

    [dim]Example:[/dim] suisai styles --sheet photo.jpg -o sheet.png
    """
    every = load_styles()
    if sheet is not None:
        _sheet(sheet, out, overwrite)
    elif as_json:
        rows = [
            {
                "name": s.name,
                "title": dict(s.title),
                "about": dict(s.about),
                "aliases": list(s.aliases),
            }
            for s in every.values()
        ]
        typer.echo(json.dumps(rows, ensure_ascii=False, indent=2))
    else:
        shown = table("style", "description", "also called", fixed=("style",))
        for s in every.values():
            aliases = [alias for alias in s.aliases if alias.isascii()]
            shown.add_row(s.name, s.about["en"], ", ".join(aliases))
        show(shown)
        typer.echo("The names in other languages: suisai styles --json")


def _sheet(photo: Path, out: Path, overwrite: bool) -> None:
    settings = Settings()
    set_up_logs(settings.model_copy(update={"log_level": "WARNING"}))
    picture_format = format_of(out)
    check_output(out, [photo], overwrite=overwrite)
    opened = _open(photo, photo_limits(settings))
    engine = open_engine(settings)
    pixels = style_sheet(opened.pixels, engine)
    sheet = finish(pixels, Maker.of(engine), picture_format=picture_format)
    write_whole(out, sheet, overwrite=overwrite)
    typer.echo(str(out))


def verify(
    picture: Path,
    trusted: Annotated[
        Path | None, typer.Option(help="PEM certificates of trusted signers.")
    ] = None,
) -> None:
    """Show what a picture's metadata says about how it was made.

    [dim]Example:[/dim] suisai verify painting.jpg
    """
    try:
        declared = read_declaration(
            _read(picture, _VERIFIED_MAX), trusted.read_bytes() if trusted else b""
        )
    except PhotoRefused as refusal:
        raise InputRefused(describe_refusal(picture, refusal)) from refusal
    except OSError as error:
        raise InputRefused(f"{error.filename}: cannot be read ({error.strerror}).") from error
    typer.echo(f"made by:        {declared.tool or 'not declared'}")
    typer.echo(f"digital source: {declared.digital_source or 'not declared'}")
    manifest = declared.manifest
    if manifest is None:
        typer.echo("C2PA manifest:  none")
        return
    typer.echo(f"C2PA manifest:  {manifest.state}")
    for name in ("generator", "signer", "digital_source"):
        typer.echo(f"  {name.replace('_', ' ')}: {getattr(manifest, name) or 'not declared'}")

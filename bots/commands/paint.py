"""`suisai stylize`, `styles`, `verify`: the pipeline alone, without a bot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from bots.commands.files import write_whole
from bots.commands.refusals import InputRefused, in_words, style_named
from pipeline.contract import Engine, PaintingFailed, PhotoRefused
from pipeline.photo import open_photo
from pipeline.safety import Screen
from pipeline.sheet import style_sheet
from pipeline.styles import Style, load_styles
from pipeline.stylize import stylize as stylize_one
from pipeline.verify import verify as read_declaration
from tasks.logs import set_up_logs
from tasks.settings import Settings
from tasks.studio import open_engine, open_screen, open_seal, photo_limits


def add_commands(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(stylize)
    app.command()(styles)
    app.command()(verify)


def stylize(
    photos: Annotated[list[Path], typer.Argument(metavar="PHOTO...", help="One or more photos.")],
    out: Annotated[
        Path, typer.Option("-o", "--out", help="A file, or a folder when there are many photos.")
    ],
    style: Annotated[str, typer.Option(help="A name or alias from `suisai styles`.")] = "film",
    engine: Annotated[str, typer.Option(help="auto, painter or diffusion.")] = "auto",
    strength: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="0 barely touched, 1 boldest.")
    ] = 0.6,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Of what is invented, e.g. clouds.")
    ] = None,
) -> None:
    """Paint photos, without a bot.

    [dim]Example:[/dim] suisai stylize holiday/*.jpg -o paintings/ --style watercolor
    """
    chosen = style_named(style)
    settings = Settings.model_validate({**Settings().model_dump(), "engine": engine})
    set_up_logs(settings.model_copy(update={"log_level": "WARNING"}))
    painter, screen = open_engine(settings), open_screen(settings)
    targets = _targets(photos, out)
    refused = 0
    several = len(targets) > 1
    for photo, target in track(
        targets, "Painting", disable=not several, console=Console(stderr=True)
    ):
        try:
            _paint_file(photo, target, chosen, painter, screen, settings, strength, seed)
        except InputRefused as refusal:
            if not several:
                raise
            refused += 1
            typer.echo(str(refusal), err=True)
    if refused:
        raise typer.Exit(2)


def _paint_file(
    photo: Path,
    target: Path,
    style: Style,
    engine: Engine,
    screen: Screen,
    settings: Settings,
    strength: float,
    seed: int | None,
) -> None:
    try:
        data = photo.read_bytes()
    except OSError as error:
        raise InputRefused(f"{photo}: cannot be read ({error.strerror}). Name a photo.") from error
    try:
        picture = stylize_one(
            data,
            style,
            engine,
            screen,
            strength=strength,
            seed=seed,
            limits=photo_limits(settings),
            seal=open_seal(settings),
        )
    except PhotoRefused as refusal:
        raise InputRefused(in_words(photo, refusal)) from refusal
    except PaintingFailed as failure:
        raise OSError(f"{photo}: the engine could not paint it ({failure.reason}).") from failure
    write_whole(target, picture)


def _targets(photos: Sequence[Path], out: Path) -> list[tuple[Path, Path]]:
    into_folder = len(photos) > 1 or out.is_dir() or str(out).endswith("/")
    if not into_folder:
        return [(photos[0], out)]
    if out.is_file():
        raise InputRefused(f"{out} is a file; name a folder for {len(photos)} paintings.")
    names: dict[str, int] = {}
    targets = []
    for photo in photos:
        number = names[photo.stem] = names.get(photo.stem, 0) + 1
        name = photo.stem if number == 1 else f"{photo.stem}-{number}"
        targets.append((photo, out / f"{name}.jpg"))
    return targets


def styles(
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    sheet: Annotated[
        Path | None, typer.Option(metavar="PHOTO", help="Paint this photo in every style.")
    ] = None,
    out: Annotated[Path, typer.Option("-o", "--out", help="Where the sheet goes.")] = Path(
        "sheet.png"
    ),
) -> None:
    """List the styles, or paint a photo in all of them side by side.

    [dim]Example:[/dim] suisai styles --sheet photo.jpg -o sheet.png
    """
    every = load_styles()
    if sheet is not None:
        _sheet(sheet, out)
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
        table = Table("style", "what it is like", "also called")
        for s in every.values():
            table.add_row(s.name, s.about["en"], ", ".join(s.aliases))
        Console().print(table)


def _sheet(photo: Path, out: Path) -> None:
    import cv2

    settings = Settings()
    set_up_logs(settings.model_copy(update={"log_level": "WARNING"}))
    try:
        opened = open_photo(photo.read_bytes(), photo_limits(settings))
    except PhotoRefused as refusal:
        raise InputRefused(in_words(photo, refusal)) from refusal
    except OSError as error:
        raise InputRefused(f"{photo}: cannot be read ({error.strerror}). Name a photo.") from error
    pixels = style_sheet(opened.pixels, open_engine(settings))
    suffix = out.suffix if out.suffix in (".png", ".jpg", ".webp") else ".png"
    write_whole(out, cv2.imencode(suffix, cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes())
    typer.echo(str(out))


def verify(
    picture: Path,
    trusted: Annotated[
        Path | None, typer.Option(help="PEM certificates of those whose signatures count.")
    ] = None,
) -> None:
    """Show what a picture's file says about how it was made.

    [dim]Example:[/dim] suisai verify painting.jpg
    """
    try:
        said = read_declaration(picture.read_bytes(), trusted.read_bytes() if trusted else b"")
    except PhotoRefused as refusal:
        raise InputRefused(in_words(picture, refusal)) from refusal
    except OSError as error:
        raise InputRefused(f"{error.filename}: cannot be read ({error.strerror}).") from error
    typer.echo(f"made by:        {said.tool or 'not said'}")
    typer.echo(f"digital source: {said.digital_source or 'not said'}")
    manifest = said.manifest
    if manifest is None:
        typer.echo("C2PA manifest:  none")
        return
    typer.echo(f"C2PA manifest:  {manifest.state}")
    for name in ("generator", "signer", "digital_source"):
        typer.echo(f"  {name.replace('_', ' ')}: {getattr(manifest, name) or 'not said'}")

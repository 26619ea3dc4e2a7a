"""`suisai backup` and `restore`: copies the bot's data, and restores it here or on another machine."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.common import InputRefused, read_settings, services
from bots.supervisor import FolderTaken, lock_data_dir, valkey_for_command
from tasks.backup import (
    BackupFailed,
    back_up,
    check_is_here,
    is_unused,
    read_manifest,
    remove_unused,
    start_unpacked,
    unpack,
)
from tasks.settings import Settings


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(backup)
    app.command()(restore)


def backup(
    archive: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", help="The file to write.")],
    move: Annotated[
        bool,
        typer.Option(
            "--move",
            help="Pause the bot first and keep it paused, because the copy will replace it.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace an existing file.")
    ] = False,
) -> None:
    """Copy ledger, photos and paintings into one file, without models; the bot may run.

    [dim]Example:[/dim] suisai backup suisai.tar.gz
    """
    settings = read_settings()
    _check_target(archive, settings, overwrite=overwrite)
    check_is_here(settings)
    with valkey_for_command(settings):
        made = back_up(services(), archive, move=move)
    size_mb = archive.stat().st_size / 1e6
    typer.echo(
        f"{archive}: {size_mb:,.1f} MB, {made.open_jobs} open jobs. Keep it private: it holds secrets."
    )
    typer.echo(
        "Copy your file of settings (.env) beside it; `suisai doctor` says which one that is."
    )
    if move:
        typer.echo(
            "The bot here is paused and answers nobody. Next: `suisai restore` on the other machine, "
            "`suisai service uninstall` here. To stay here after all: suisai resume all"
        )


def restore(
    archive: Annotated[Path, typer.Argument(metavar="FILE.tar.gz", exists=True, dir_okay=False)],
    answer_open: Annotated[
        bool, typer.Option("--answer-open", help="Go on with the jobs that were open at the copy.")
    ] = False,
    drop_open: Annotated[
        bool, typer.Option("--drop-open", help="End them without an answer.")
    ] = False,
) -> None:
    """Unpack a backup into the data folder of this machine, which `suisai up` then starts from.

    [dim]Example:[/dim] suisai restore suisai.tar.gz
    """
    settings, made = read_settings(), read_manifest(archive)
    check_is_here(settings)
    if made.open_jobs and not made.moved and answer_open == drop_open:
        when = datetime.fromtimestamp(made.made_at).astimezone()
        raise InputRefused(
            f"{archive} is of a bot that went on after {when:%Y-%m-%d %H:%M}, with {made.open_jobs} "
            "open jobs. If it answered them since, add --drop-open; if it died at that time, --answer-open."
        )
    _make_room(settings)
    unpack(settings, archive)
    with valkey_for_command(settings):
        ended = start_unpacked(services(), made, drop_open=drop_open)
    told = (
        f"{ended} open jobs ended without an answer"
        if drop_open
        else f"{made.open_jobs} open jobs go on"
    )
    typer.echo(f"Restored to {settings.data_dir}: {told}. Next: suisai doctor, then suisai up")
    typer.echo("Never start two machines from one copy: both would answer.")


def _check_target(archive: Path, settings: Settings, *, overwrite: bool) -> None:
    """Refuse what would replace anything but an older backup. Raises `InputRefused`."""
    target = archive.resolve()
    if target.is_relative_to(settings.data_dir.resolve()):
        raise InputRefused(f"{archive} lies in the folder that is copied. Name a file elsewhere.")
    if not target.parent.is_dir():
        raise InputRefused(f"{target.parent} is no folder. Make it first, or name another file.")
    if not target.exists():
        return
    if not target.is_file():
        raise InputRefused(f"{archive} is no plain file. Name another one.")
    if not overwrite:
        raise InputRefused(f"{archive} exists. Name another file, or add --overwrite.")
    try:
        read_manifest(target)
    except BackupFailed as error:
        raise InputRefused(f"{error} It is not replaced: name another file.") from error


def _make_room(settings: Settings) -> None:
    """Remove an unused ledger, as `suisai doctor` leaves it. Raises `InputRefused` for a used one."""
    if not settings.data_dir.exists():
        return
    try:
        with lock_data_dir(settings.data_dir):
            pass
    except FolderTaken as error:
        raise InputRefused(str(error)) from error
    with valkey_for_command(settings):
        unused = is_unused(services())
    if unused:
        remove_unused(settings)

"""The `suisai` command."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bots.commands import (
    admin,
    doctor,
    loadtest,
    models,
    platforms,
    run,
    service,
    setup,
    stylize,
    top,
)
from bots.commands.common import InputRefused
from bots.config import UNUSABLE, explain
from bots.supervisor import exit_with_parent
from pipeline.errors import UserFacingError
from pipeline.styles import StyleBroken
from tasks.settings import ENV_FILE

INPUT_REFUSED = 2
FAILED = 1

app = typer.Typer(
    name="suisai",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"suisai {version('suisai')}")
        raise typer.Exit


@app.callback()
def _options(
    lifeline: Annotated[int | None, typer.Option(hidden=True)] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Read settings from this file. [default: .env in the current folder, the data "
            "folder or ~/.config/suisai]",
        ),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version",
            "-V",
            is_eager=True,
            callback=_show_version,
            help="Show the version and exit.",
        ),
    ] = False,
) -> None:
    """Suisai (水彩) paints people's photos in the manner of hand-painted animation."""
    if env_file is not None:
        # For the processes that this one starts, too.
        os.environ[ENV_FILE] = str(env_file.resolve())
    if lifeline is not None:
        exit_with_parent(lifeline)


for room in (setup, doctor, stylize, models, run, platforms, admin, top, loadtest, service):
    room.add_commands(app)


def main() -> int:
    """Run the command; errors are one line for people. 0 done, 2 input refused, 1 anything else."""
    try:
        app()
    except InputRefused as refusal:
        return _say(str(refusal), INPUT_REFUSED)
    except UNUSABLE as error:
        return _say("\n".join(explain(error)), FAILED)
    except (UserFacingError, StyleBroken, OSError) as error:
        return _say(str(error), FAILED)
    except KeyboardInterrupt:
        return _say("Stopped.", FAILED)
    return 0


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

"""The `suisai` command."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.lazy import HELP_OPTIONS, LazyGroup
from pipeline.errors import UserFacingError

FAILED = 1

app = typer.Typer(
    name="suisai",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings=HELP_OPTIONS,
    cls=LazyGroup,
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
        from tasks.settings import ENV_FILE

        # In the environment, so that child processes read the same file.
        os.environ[ENV_FILE] = str(env_file.resolve())
    if lifeline is not None:
        from bots.supervisor import exit_with_parent

        exit_with_parent(lifeline)


def main() -> int:
    """Run the command; print expected errors as one line. Return 0, 2 for refused input, else 1."""
    try:
        app()
    except (UserFacingError, OSError) as error:
        return _say(str(error), getattr(error, "exit_code", FAILED))
    except KeyboardInterrupt:
        return _say("Stopped.", FAILED)
    except Exception as error:
        if not (lines := _explained(error)):
            raise
        return _say("\n".join(lines), FAILED)
    return 0


def _explained(error: Exception) -> list[str]:
    """Return lines that explain invalid settings or styles; empty for any other error."""
    from bots.config import UNUSABLE, explain
    from pipeline.styles import StyleBroken

    if isinstance(error, StyleBroken):
        return [str(error)]
    return explain(error) if isinstance(error, UNUSABLE) else []


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())

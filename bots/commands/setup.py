"""`suisai setup`: asks for missing keys, checks them, writes them to .env."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bots.commands.common import InputRefused
from bots.config import write_settings
from bots.plugins import NotAccepted, NotChecked, Question, Questions, plugins
from tasks.settings import find_env_file

_TRIES = 3


def add_commands(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(setup)


def setup(
    only: Annotated[str | None, typer.Argument(metavar="PLATFORM", help="Only this one.")] = None,
    env_file: Annotated[
        Path | None,
        typer.Option(
            help="Where the answers are written. [default: the file that settings are read from, "
            "else .env in the current folder]"
        ),
    ] = None,
) -> None:
    """Ask for the keys of each platform, check them at once, write them to .env.

    Without a network they are written unchecked.

    [dim]Example:[/dim] suisai setup telegram
    """
    found = {name: plugin.setup() for name, plugin in plugins().items()}
    platforms = {name: questions for name, questions in found.items() if questions is not None}
    if only is not None and only not in platforms:
        raise InputRefused(f"'{only}' needs no setup; there are: {', '.join(sorted(platforms))}.")
    target = env_file or find_env_file() or Path(".env")
    _check_is_text(target)
    written = [
        name
        for name in sorted(platforms)
        if only in (None, name) and _set_up(platforms[name], target, asked=name == only)
    ]
    if written:
        typer.echo("\nNext: suisai doctor, then suisai up")
    else:
        typer.echo("Nothing to write. The local page needs no keys: suisai up")


def _check_is_text(target: Path) -> None:
    """Refuse a file of anything but settings before anything is typed. Raises `InputRefused`."""
    try:
        is_text = "\0" not in target.read_text("utf-8") if target.exists() else True
    except (UnicodeDecodeError, OSError):
        is_text = False
    if not is_text:
        raise InputRefused(f"{target} is no file of settings. Name another one with --env-file.")


def _set_up(platform: Questions, env_file: Path, asked: bool) -> bool:
    """Ask one platform's questions; return whether anything was written."""
    if platform.is_answered() and not asked:
        typer.echo(f"{platform.title}: set up already.")
        return False
    if not asked and not typer.confirm(f"Set up {platform.title}?", default=False):
        return False
    typer.echo(f"\n{platform.how}")
    for _ in range(_TRIES):
        answers = {question.variable: _ask(question) for question in platform.questions}
        given = {variable: answer for variable, answer in answers.items() if answer}
        try:
            result = platform.check(given)
        except NotAccepted as error:
            typer.echo(f"{error}\n", err=True)
            continue
        except NotChecked as error:
            result = f"{error}\nNot checked. `suisai doctor` checks it once the network is there."
        write_settings(env_file, given)
        typer.echo(f"{result}\nWritten to {env_file}, which only you can read.")
        return True
    raise InputRefused(
        f"{platform.title} is not set up; nothing was written. Try `suisai setup` again."
    )


def _ask(question: Question) -> str:
    """Ask until a required question is answered; return the answer."""
    while True:
        answer = str(
            typer.prompt(
                question.words,
                default="" if not question.needed else None,
                hide_input=question.secret,
                show_default=False,
            )
        ).strip()
        if answer or not question.needed:
            return answer

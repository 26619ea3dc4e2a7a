"""`suisai service`: installs and removes a systemd unit, for one user or for the machine."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.common import InputRefused
from tasks.settings import ENV_FILE, Settings

UNIT = "suisai.service"
_ENDS_WITHIN_S = 150
"""Longer than a batch on a GPU, so that a stop does not abort a batch."""


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    service = typer.Typer(no_args_is_help=True, help="Run the bot under systemd.")
    service.command()(install)
    service.command()(uninstall)
    app.add_typer(service, name="service")


def install(
    system: Annotated[
        bool,
        typer.Option("--system", help="Install for the machine, as root; otherwise for your user."),
    ] = False,
    user: Annotated[
        str | None, typer.Option(help="User that a system service runs as. [default: you]")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="Folder of .env. [default: the current folder]")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Print the unit and write nothing.")] = False,
) -> None:
    """Write a systemd unit that runs `suisai up`, and say how to start it.

    [dim]Example:[/dim] suisai service install
    """
    if user is not None and not system:
        raise InputRefused("--user needs --system: without it the service runs as you.")
    owner = (user or os.environ.get("SUDO_USER") or _me()) if system else None
    text = unit(_data_dir(owner), (folder or Path.cwd()).resolve(), owner, os.environ.get(ENV_FILE))
    if show:
        typer.echo(text)
        return
    path = unit_path(system)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    except OSError as error:
        raise InputRefused(
            f"{path} cannot be written ({error.strerror}). Run this as root for --system, "
            "or without --system for your own user."
        ) from error
    _reload(system)
    own = "" if system else " --user"
    typer.echo(
        f"Written: {path}\n"
        f"Start it now and at every boot:  systemctl{own} enable --now suisai\n"
        f"Follow its log:                  journalctl{own} -u suisai -f\n"
        "Operator page:                   suisai operator-link"
    )
    if not system:
        typer.echo(f"Also while you are logged out:   sudo loginctl enable-linger {_me()}")


def _data_dir(owner: str | None) -> Path:
    """Return the data folder of the service: that of the settings, else the one in its user's home.

    Raises `InputRefused`.
    """
    settings = Settings()
    if owner is None or owner == _me() or "data_dir" in settings.model_fields_set:
        return settings.data_dir
    try:
        return Path(pwd.getpwnam(owner).pw_dir) / ".suisai"
    except KeyError as error:
        raise InputRefused(
            f"There is no user '{owner}'. Make it first, e.g. `useradd --system --create-home {owner}`."
        ) from error


def uninstall(
    system: Annotated[
        bool, typer.Option("--system", help="Remove the machine's unit, as root.")
    ] = False,
) -> None:
    """Stop the service and remove its unit; photos, settings and ledger are kept.

    [dim]Example:[/dim] suisai service uninstall
    """
    path = unit_path(system)
    if not path.exists():
        raise InputRefused(f"There is no service: {path} does not exist.")
    _systemctl(system, "disable", "--now", UNIT)
    try:
        path.unlink()
    except OSError as error:
        raise InputRefused(f"{path} cannot be removed ({error.strerror}).") from error
    _reload(system)
    typer.echo(f"Removed: {path}. The data folder stays: {Settings().data_dir}")


def unit_path(system: bool) -> Path:
    """Return the path of the unit file."""
    if system:
        return Path("/etc/systemd/system") / UNIT
    config = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(config) / "systemd" / "user" / UNIT


def unit(data_dir: Path, folder: Path, user: str | None, env_file: str | None = None) -> str:
    """Return the text of the unit; `user` is the user of a system service, None for a user service.

    `env_file`: the file of settings, where one was named.
    """
    named = f"Environment={_quoted(f'{ENV_FILE}={env_file}')}\n" if env_file else ""
    identity = f"User={user}\n" if user else ""
    # A user manager cannot change users or mount file systems, which these options need.
    protection = "ProtectSystem=full\nPrivateTmp=yes\n" if user else ""
    return f"""[Unit]
Description=Suisai, paints people's photos
After=network-online.target
Wants=network-online.target

[Service]
Type=exec
{identity}WorkingDirectory={str(folder).replace("%", "%%")}
Environment={_quoted(f"SUISAI_DATA_DIR={data_dir}")}
{named}ExecStart={_quoted(_program()).replace("$", "$$")} up
Restart=always
RestartSec=5
KillMode=mixed
TimeoutStopSec={_ENDS_WITHIN_S}
UMask=0077
NoNewPrivileges=yes
{protection}
[Install]
WantedBy={"multi-user.target" if user else "default.target"}
"""


def _program() -> str:
    """Return the path of this command."""
    beside = Path(sys.executable).with_name("suisai")
    return str(beside if beside.exists() else shutil.which("suisai") or sys.argv[0])


def _quoted(value: str | Path) -> str:
    # Quotes keep spaces together; % begins a systemd specifier.
    text = str(value).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{text}"'


def _me() -> str:
    return getpass.getuser()


def _reload(system: bool) -> None:
    _systemctl(system, "daemon-reload")


def _systemctl(system: bool, *arguments: str) -> None:
    """Run systemctl if it exists; without it, as in an image build, the unit file is enough."""
    if (systemctl := shutil.which("systemctl")) is None:
        return
    subprocess.run(
        [systemctl, *([] if system else ["--user"]), *arguments], check=False, capture_output=True
    )

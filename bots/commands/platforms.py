"""`suisai telegram`, `suisai x` (`login`, `webhook`), `suisai listen`: listeners and their setup."""

from __future__ import annotations

import webbrowser
from typing import Annotated

import typer

from bots.commands.common import at_work, read_settings, services, stop_on_signals
from bots.plugins import adapter
from bots.supervisor import valkey_for_command


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(telegram)
    app.command()(listen)
    x_commands = typer.Typer(invoke_without_command=True, callback=x)
    x_commands.command()(login)
    x_commands.command()(webhook)
    app.add_typer(x_commands, name="x")


def telegram() -> None:
    """Listen to Telegram.

    [dim]Example:[/dim] suisai telegram
    """
    listen("telegram")


def listen(platform: str) -> None:
    """Listen to a platform, including one from another package.

    [dim]Example:[/dim] suisai listen telegram
    """
    chosen, stop = adapter(platform), stop_on_signals()
    with at_work(platform) as opened:
        chosen.run(opened, stop)


def x(context: typer.Context) -> None:
    """Listen to X; `suisai x login` connects the account.

    [dim]Example:[/dim] suisai x
    """
    if context.invoked_subcommand is None:
        listen("x")


def login() -> None:
    """Connect the bot's account on X, in the browser.

    [dim]Example:[/dim] suisai x login
    """
    from bots.x.client import XClient
    from bots.x.login import login as connect

    with valkey_for_command(read_settings()):
        account = connect(XClient.open(services()), _show, webbrowser.open)
    typer.echo(f"Connected: @{account.username}. Start it with `suisai x` or `suisai up`.")


def webhook(
    address: Annotated[str | None, typer.Argument(help="Public URL of the web process.")] = None,
    off: Annotated[bool, typer.Option("--off", help="Remove all webhooks.")] = False,
) -> None:
    """Show the webhooks on X and their events; with an address, register one there.

    [dim]Example:[/dim] suisai x webhook https://your.host
    """
    from bots.x.client import XClient
    from bots.x.webhook_admin import WebhookAdmin

    with valkey_for_command(read_settings()):
        deliveries = WebhookAdmin(XClient.open(services()))
        if off:
            typer.echo(f"Webhooks removed: {deliveries.stop()}.")
            return
        hooks = [deliveries.start(address)] if address else deliveries.hooks()
    for hook in hooks:
        state = "answers" if hook.valid else "does not answer X's challenge"
        typer.echo(f"{hook.url} {state}; delivered: {', '.join(hook.events) or 'nothing'}")
    if not hooks:
        typer.echo("There is no webhook; the bot polls. Try: suisai x webhook https://your.host")


def _show(address: str) -> None:
    typer.echo(f"Open this address in a browser and allow the bot's account:\n\n{address}\n")

"""`suisai up`, `suisai demo`, and the single processes that they and the Procfile start."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bots.commands.atomic_write import free_name
from bots.commands.common import at_work, read_settings, stop_on_signals
from bots.commands.demo import Demo, free_port, run_demo
from bots.plugins import adapters
from bots.supervisor import Program, Supervisor, lock_data_dir
from bots.web.operator_auth import operator_link as link_of
from bots.web.settings import WebSettings
from pipeline.gpu import gpus_here
from tasks.maintenance import run_maintenance
from tasks.routing import models_of_gpus
from tasks.services import embedded_valkey
from tasks.settings import Settings, find_env_file
from tasks.worker.main import run_worker

WORKERS = ("io", "gpu")


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (up, demo, worker, sweep, web):
        app.command()(command)
    app.command("operator-link")(operator_link)


def up() -> None:
    """Run all processes on this machine; restart those that end.

    These are the workers, the sweep, the chat page, a listener for each platform with credentials, and an
    embedded Valkey unless SUISAI_REDIS_URL is set. [dim]Example:[/dim] suisai up
    """
    settings = read_settings()
    with lock_data_dir(settings.data_dir):
        wanted = [name for name, each in adapters().items() if each.wanted()]
        supervisor = Supervisor(
            programs(platforms=wanted, models=models_of_gpus(settings, _gpus())),
            None if settings.redis_url else embedded_valkey(settings),
            dict(os.environ),
        )
        stop = stop_on_signals()
        _print_links(settings)
        supervisor.start()
        stop.wait()
        supervisor.stop()


def demo(
    once: Annotated[
        Path | None, typer.Option("--once", metavar="PHOTO", help="Paint this photo and exit.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--out",
            help="Where the painting is written; with --once, photo and painting side by side. "
            "[default: out/demo.jpg, or the next free number]",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace a painting that exists; never the photo.")
    ] = False,
) -> None:
    """Run the whole bot in a temporary folder, send it a photo and save the painting.

    [dim]Example:[/dim] suisai demo --once photo.jpg --out painting.jpg
    """
    port = free_port(WebSettings().port)
    web = ("--host", "127.0.0.1", "--port", str(port))
    target = out or free_name(Path("out/demo.jpg"))
    run_demo(Demo(once, target, overwrite, once is None, programs(web), port, stop_on_signals()))


def worker(
    kind: Annotated[str, typer.Argument(metavar="|".join(WORKERS))],
    threads: Annotated[
        int | None, typer.Option(help="Threads of an io worker; default: SUISAI_IO_THREADS.")
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="GPU of a gpu worker, e.g. cuda:1; default: SUISAI_DEVICE.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="Model of a gpu worker; default: SUISAI_MODEL.")
    ] = None,
) -> None:
    """Run one worker: io fetches and delivers, gpu paints (on the CPU where there is no GPU).

    [dim]Example:[/dim] suisai worker io --threads 8
    """
    settings = read_settings()
    chosen = {"device": device, "model": model}
    given = {name: value for name, value in chosen.items() if value is not None}
    settings = settings.model_copy(update=given)
    if kind not in ("io", "gpu"):
        raise typer.BadParameter(f"'{kind}' is not a kind of worker: {', '.join(WORKERS)}.")
    raise typer.Exit(
        run_worker("io" if kind == "io" else "gpu", settings, threads or settings.io_threads)
    )


def sweep() -> None:
    """Run the sweep, which recovers the jobs of dead workers; several may run at once.

    [dim]Example:[/dim] suisai sweep
    """
    stop = stop_on_signals()
    with at_work("sweep") as services:
        run_maintenance(services, stop)


def web(
    host: Annotated[str | None, typer.Option(help="Default: SUISAI_WEB_HOST.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default: SUISAI_WEB_PORT.")
    ] = None,
) -> None:
    """Serve the local chat page.

    [dim]Example:[/dim] suisai web --port 8717
    """
    from bots.web.serve import run

    settings, stop = WebSettings(), stop_on_signals()
    with at_work("web") as services:
        run(services, host or settings.host, settings.port if port is None else port, stop)


def operator_link() -> None:
    """Print the operator's link to the status page. Keep it secret: it lets anyone operate the bot.

    [dim]Example:[/dim] suisai operator-link
    """
    typer.echo(link_of(WebSettings(), Settings().data_dir))


def _print_links(settings: Settings) -> None:
    web = WebSettings()
    link = link_of(web, settings.data_dir)
    # More people than the operator can read a journal, a file or the logs of a container.
    if not sys.stdout.isatty():
        link = "`suisai operator-link` prints the link"
    typer.echo(f"Settings:       {find_env_file() or 'from the environment only'}")
    typer.echo(f"Chat page:      {web.address}\nFor operators:  {link}")


def programs(
    web_options: tuple[str, ...] = (), platforms: Sequence[str] = (), models: Sequence[str] = ()
) -> list[Program]:
    """Return the programs of one machine: workers, sweep, chat page, and listeners of `platforms`.

    Each GPU has one worker, with the model for it in `models`; without a GPU, one worker paints on the CPU.
    """
    first = ("--model", models[0]) if models else ()
    more = list(enumerate(models))[1:]
    return [
        Program("io", ("worker", "io")),
        Program("gpu", ("worker", "gpu", *first)),
        *[
            Program(f"gpu-{i}", ("worker", "gpu", "--device", f"cuda:{i}", "--model", model))
            for i, model in more
        ],
        Program("sweep", ("sweep",)),
        Program("web", ("web", *web_options)),
        *[Program(name, ("listen", name)) for name in platforms],
    ]


def _gpus() -> int:
    """Return how many GPUs this machine's gpu workers may use."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return len(gpus_here()) if visible is None else len(list(filter(None, visible.split(","))))

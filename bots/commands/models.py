"""`suisai models`: the diffusion models, which fit this machine, and how to get them."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

from bots.commands.common import InputRefused, show, table
from bots.model_download import PullProgress, pull
from pipeline.gpu import gpus_here
from pipeline.models import Model, ModelUnknown, load_models
from pipeline.models.selection import AUTO, NothingFits, choose_model, fits, missing_parts
from tasks.engines import models_folder
from tasks.settings import Settings

_MIB = 1 << 20


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    models = typer.Typer(invoke_without_command=True, callback=list_models)
    models.command("pull")(pull_model)
    app.add_typer(models, name="models")


def list_models(context: typer.Context) -> None:
    """List the diffusion models and which of them fit this machine's GPU.

    [dim]Example:[/dim] suisai models
    """
    if context.invoked_subcommand is not None:
        return
    settings = Settings()
    free_bytes = _free_bytes()
    shown = table(
        "model", "what it is", "licence", "GPU memory", "fits", "downloaded",
        fixed=("model", "GPU memory", "fits", "downloaded"),
    )  # fmt: skip
    for model in load_models():
        here = "no GPU" if free_bytes == 0 else "yes" if fits(model, free_bytes) else "no"
        whole = not missing_parts(model, models_folder(settings))
        shown.add_row(
            model.name,
            model.title,
            f"{model.licence} (account needed)" if model.gated else model.licence,
            f"{model.memory_gib:g} GiB",
            here,
            "yes" if whole else f"no ({model.disk_gib:g} GB)",
        )
    show(shown)


def pull_model(
    name: Annotated[str, typer.Argument(help="A model of `suisai models`, or auto.")] = AUTO,
) -> None:
    """Download a model; an interrupted download continues where it stopped.

    [dim]Example:[/dim] suisai models pull flux2-klein
    """
    settings = Settings()
    model = _chosen(name)
    typer.echo(f"{model.name}: {model.title}. {model.licence}: {model.allows}")
    token = settings.hub_token.get_secret_value() if settings.hub_token else None
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(model.name, total=None)

        def tell(now: PullProgress) -> None:
            bar.update(
                task, completed=now.done_bytes, total=now.total_bytes, description=now.file[-40:]
            )

        pull(model, models_folder(settings), tell, hub=settings.hub_url, token=token)
    typer.echo("Ready. `suisai up` paints with it.")


def _chosen(name: str) -> Model:
    try:
        return choose_model(name, _free_bytes())[0]
    except (NothingFits, ModelUnknown) as error:
        raise InputRefused(f"{error} `suisai models` lists all; name the one you want.") from error


def _free_bytes() -> int:
    return max((gpu.free_mib * _MIB for gpu in gpus_here()), default=0)

"""`suisai job`, `pause`, `ban`, ...: an operator's commands for a running bot."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from bots.commands.common import InputRefused, services, show, table
from bots.person_ids import UnknownPerson, names_of_people, read_person
from tasks.ledger.ledger import UnknownJob
from tasks.ledger.records import CorruptRecord
from tasks.models import PAUSABLE, WORKER_STAGES, Job
from tasks.platform import platform_names
from tasks.services import Services

PSEUDONYM = re.compile(r"[0-9a-f]{32}")

Person = Annotated[str, typer.Argument(metavar="PLATFORM:PERSON", help="e.g. telegram:4711")]

Platform = Annotated[str | None, typer.Option(help="Only this platform.")]

What = Annotated[str, typer.Argument(metavar="|".join((*PAUSABLE, "all")))]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (job, pause, resume, drain, ban, unban, exempt, forget, people):
        app.command()(command)
    app.command("opt-in")(opt_in)
    dead = typer.Typer(no_args_is_help=True, help="Jobs that the bot gave up.")
    dead.command("list")(dead_list)
    dead.command("show")(dead_show)
    dead.command("retry")(dead_retry)
    dead.command("drop")(dead_drop)
    app.add_typer(dead, name="dead")


def job(job_id: Annotated[str, typer.Argument(metavar="ID")]) -> None:
    """Show a job's history with times.

    [dim]Example:[/dim] suisai job ywozt5ezay7audot
    """
    _print_job(services(), job_id)


def pause(what: What, platform: Platform = None) -> None:
    """Pause taking photos in, or a stage, until `suisai resume`.

    [dim]Example:[/dim] suisai pause deliver --platform x
    """
    chosen, controls = _pausable(what, platform), services().controls
    for each in chosen:
        controls.pause(each, platform)
    typer.echo(f"Paused: {what}{f' on {platform}' if platform else ''}. Nothing accepted is lost.")


def resume(what: What, platform: Platform = None) -> None:
    """End a pause.

    [dim]Example:[/dim] suisai resume deliver --platform x
    """
    chosen, controls = _pausable(what, platform), services().controls
    for each in chosen:
        controls.resume(each, platform)
    typer.echo(f"Resumed: {what}{f' on {platform}' if platform else ''}.")


def drain(
    process: Annotated[
        str, typer.Argument(metavar="WORKER", help="host:pid, as `suisai status` lists it.")
    ],
    end: Annotated[
        bool, typer.Option("--end", help="End the process once it holds no job.")
    ] = False,
    undo: Annotated[bool, typer.Option("--undo", help="Let it take jobs again.")] = False,
) -> None:
    """Let one worker finish the jobs it holds and take no new one.

    Jobs of its model go to other workers. What runs the process may start it again after --end.
    [dim]Example:[/dim] suisai drain gpu-host:4711 --end
    """
    opened = services()
    routing = opened.routing
    workers = {each.name for each in opened.heartbeats.alive() if each.kind in WORKER_STAGES}
    for gone in set(routing.draining()) - workers:
        routing.undrain(gone)
    if process not in workers:
        there = ", ".join(sorted(workers)) or "none"
        raise InputRefused(f"No worker '{process}' is running; there are: {there}.")
    if undo:
        was = routing.undrain(process)
        typer.echo(f"{process} takes jobs again." if was else f"{process} was not drained.")
        return
    routing.drain(process, "end" if end else "wait")
    then = "then it ends" if end else f"then it waits. Undo: suisai drain {process} --undo"
    typer.echo(f"{process} takes no new job. It finishes what it holds, {then}.")


def ban(person: Person) -> None:
    """Refuse everything from a person.

    [dim]Example:[/dim] suisai ban telegram:4711
    """
    platform, name = _person(person)
    people = services().users
    names = names_of_people(platform)
    before = all(people.status(each, name).banned for each in names)
    for each in names:
        people.ban(each, name)
    typer.echo(f"{'Already banned' if before else 'Banned'}: {person}. Undo: suisai unban {person}")


def unban(
    person: Annotated[
        str, typer.Argument(metavar="PLATFORM:PERSON", help="Or a pseudonym of `suisai people`.")
    ],
) -> None:
    """Lift a ban.

    [dim]Example:[/dim] suisai unban telegram:4711
    """
    if PSEUDONYM.fullmatch(person):
        before = services().users.unban_pseudonym(person)
    else:
        platform, name = _person(person)
        people = services().users
        names = names_of_people(platform)
        before = any(people.status(each, name).banned for each in names)
        for each in names:
            people.unban(each, name)
    typer.echo(f"{person} may ask again." if before else f"{person} was not banned.")


def exempt(
    person: Person,
    tier: Annotated[
        str,
        typer.Option(
            help="A tier of SUISAI_TIER_LIMITS or SUISAI_TIER_MODELS; 'usual' removes it."
        ),
    ] = "exempt",
) -> None:
    """Exempt a person from cooldown and quota, or give them the limits of a tier.

    [dim]Example:[/dim] suisai exempt telegram:4711 --tier subscriber
    """
    platform, name = _person(person)
    opened = services()
    settings = opened.settings
    if tier not in ("exempt", "usual", *settings.tier_limits, *settings.tier_models):
        raise InputRefused(
            f"There is no tier '{tier}' in SUISAI_TIER_LIMITS or SUISAI_TIER_MODELS."
        )
    opened.users.set_tier(platform, name, None if tier == "usual" else tier)
    given = "the limits for everybody" if tier == "usual" else f"the limits of tier '{tier}'"
    typer.echo(f"{person} has {given} now.")


def forget(
    person: Person,
    opt_out: Annotated[
        bool, typer.Option("--opt-out", help="Also refuse this person's photos from now on.")
    ] = False,
) -> None:
    """Delete a person's photos, pictures and records.

    [dim]Example:[/dim] suisai forget telegram:4711 --opt-out
    """
    platform, name = _person(person)
    users = services().users
    files = sum(users.forget(each, name, opt_out=opt_out) for each in names_of_people(platform))
    more = " Their photos are refused from now on." if opt_out else ""
    typer.echo(f"Forgotten: {person} ({files} files deleted).{more}")


def people(
    who: Annotated[
        str | None,
        typer.Argument(
            metavar="[PLATFORM:PERSON|JOB]", help="A person, or a job whose person is shown."
        ),
    ] = None,
) -> None:
    """List who is banned, opted out or has a tier; or show one person.

    [dim]Example:[/dim] suisai people telegram:4711
    """
    if who is not None and ":" not in who:
        opened = services()
        ask = _job(opened, who).request
        _print_person(opened, ask.platform, ask.person)
        return
    if who is not None:
        platform, name = _person(who)
        _print_person(services(), platform, name)
        return
    marked = services().users.marked()
    shown = table("person", "is", fixed=("person",))
    for name, tier in marked.tiers.items():
        shown.add_row(_plain(name), _plain(f"tier {tier}"))
    for pseudonym in marked.banned:
        shown.add_row(pseudonym, "banned")
    for pseudonym in marked.opted_out:
        shown.add_row(pseudonym, "opted out")
    if not shown.row_count:
        typer.echo("Nobody is banned, opted out or has a tier.")
        return
    show(shown)
    typer.echo("The ledger keeps no names of people who are banned or opted out, only pseudonyms.")


def opt_in(person: Person) -> None:
    """Cancel a person's opt-out: their photos may be painted again.

    [dim]Example:[/dim] suisai opt-in telegram:4711
    """
    people, (platform, name) = services().users, _person(person)
    names = names_of_people(platform)
    if not any(people.opted_out(each, name) for each in names):
        raise InputRefused(f"{person} has not opted out.")
    for each in names:
        people.opt_in(each, name)
    typer.echo(f"Opted in: {person}. Their photos may be painted again.")


def dead_list() -> None:
    """List the jobs that were given up, newest first.

    [dim]Example:[/dim] suisai dead list
    """
    shown = table("job", "given up", "reason", "platform", fixed=("job", "given up"))
    opened = services()
    for job_id, at in opened.ledger.dead():
        try:
            record = opened.ledger.job(job_id)
        except UnknownJob:
            shown.add_row(job_id, _clock(at), "record gone", "-")
        except CorruptRecord:
            shown.add_row(job_id, _clock(at), "corrupt-record", "-")
        else:
            shown.add_row(job_id, _clock(at), _plain(record.reason), record.request.platform)
    if shown.row_count:
        show(shown)
    else:
        typer.echo("No job was given up.")


def dead_show(job_id: str) -> None:
    """Show the history of a job that was given up.

    [dim]Example:[/dim] suisai dead show ywozt5ezay7audot
    """
    _print_job(services(), job_id)


def dead_retry(job_id: str) -> None:
    """Retry a job from the start, if its person got no answer.

    [dim]Example:[/dim] suisai dead retry ywozt5ezay7audot
    """
    if not services().ledger.retry_dead(job_id):
        raise InputRefused(f"Job {job_id} is not on the dead list, or its person was answered.")
    typer.echo(f"Queued again: {job_id}.")


def dead_drop(job_id: str) -> None:
    """Remove a job from the dead list.

    [dim]Example:[/dim] suisai dead drop ywozt5ezay7audot
    """
    if not services().ledger.discard_dead(job_id):
        raise InputRefused(f"Job {job_id} is not on the dead list.")
    typer.echo(f"Removed from the dead list: {job_id}.")


def _print_person(opened: Services, platform: str, name: str) -> None:
    status = opened.users.status(platform, name)
    typer.echo(f"{platform}:{name}")
    typer.echo(f"  banned:     {'yes' if status.banned else 'no'}")
    typer.echo(f"  opted out:  {'yes' if status.opted_out else 'no'}")
    typer.echo(f"  tier:       {status.tier or 'usual'}")
    typer.echo(f"  open jobs:  {', '.join(status.open_jobs) or 'none'}")
    typer.echo(f"  past jobs:  {', '.join(status.past_jobs[:5]) or 'none'}")


def _job(opened: Services, job_id: str) -> Job:
    try:
        return opened.ledger.job(job_id)
    except UnknownJob as error:
        raise InputRefused(
            f"There is no job '{job_id}': the ID is wrong, or its record has expired."
        ) from error
    except CorruptRecord as error:
        raise InputRefused(
            f"{error}. It is on the dead list; `suisai dead drop {job_id}` removes it."
        ) from error


def _print_job(opened: Services, job_id: str) -> None:
    console = Console(highlight=False)
    record = _job(opened, job_id)
    ask = record.request
    console.print(
        f"[bold]{record.id}[/bold]  {ask.platform}, {len(ask.photos)} photo(s), {ask.style}"
    )
    # Escaped: text from platforms and people must not be read as markup.
    console.print(f"asked by: {ask.platform}:{_plain(ask.person)}")
    console.print(f"now: {record.outcome or record.stage}  {_plain(record.reason)}")
    if record.trace_id:
        console.print(f"trace: {record.trace_id}")
    began = record.history[0].at if record.history else record.admitted_at
    for entry in record.history:
        console.print(
            f"  {_clock(entry.at)}  +{entry.at - began:8.3f} s  {entry.event}  "
            f"[dim]{_plain(entry.detail)}[/dim]"
        )


def _plain(text: str) -> str:
    """Return a text of people or platforms as it may be shown: no markup, nothing that steers a terminal."""
    return escape("".join(c if c.isprintable() else "\ufffd" for c in text))


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


def _person(word: str) -> tuple[str, str]:
    try:
        return read_person(word)
    except UnknownPerson as error:
        raise InputRefused(str(error)) from error


def _pausable(what: str, platform: str | None) -> tuple[str, ...]:
    if what not in (*PAUSABLE, "all"):
        raise InputRefused(f"'{what}' cannot be paused; there are: {', '.join(PAUSABLE)}, all.")
    if platform is not None and platform not in platform_names():
        names = ", ".join(platform_names())
        raise InputRefused(f"There is no platform '{platform}'; there are: {names}.")
    return PAUSABLE if what == "all" else (what,)

"""How each command in the documents is tested: run to its end, run for a while, or checked statically."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import yaml

from bots.config import all_settings, variables_of
from tests.docs.commands import ROOT


@dataclass(frozen=True, slots=True)
class Run:
    """A command that is run to its end while a bot is running."""

    pattern: str
    says: str = ""
    """Words that it prints."""
    instead: Mapping[str, str] = field(default_factory=dict)
    """Words that stand for something, or would take too long, and what is typed for them."""
    typed: str = ""
    """What it is answered when it asks."""
    code: int = 0
    settings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Stay:
    """A command that runs until it gets a signal, and must then exit cleanly."""

    pattern: str
    instead: Mapping[str, str] = field(default_factory=dict)
    logs: str = ""
    """What it says when it listens to signals, where that is later than it is seen."""


@dataclass(frozen=True, slots=True)
class Named:
    """A command that cannot be run in a test, and the static check for it."""

    pattern: str
    why: str
    slip: Callable[[list[str]], str]
    """Says what is wrong with its words, empty when nothing is."""


def compose_slip(words: list[str]) -> str:
    """Look whether the profiles and services of a `docker compose` command exist."""
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    profiles = {name for service in services.values() for name in service.get("profiles", ())}
    known = {"--profile": profiles, "--scale": set(services)}
    wrong = [
        f"no {name} for {option}"
        for option, name in pairwise(word.partition("=")[0] for word in words)
        if name not in known.get(option, {name})
    ]
    return ", ".join(wrong)


def make_slip(words: list[str]) -> str:
    """Let make say what it would do."""
    done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def module_slip(words: list[str]) -> str:
    """Look whether a module's help knows the options."""
    module, options = words[2], [word for word in words[3:] if word.startswith("-")]
    return "".join(f"no option {option}" for option in options if option not in _help(module))


@cache
def _help(module: str) -> str:
    line = [sys.executable, "-m", module, "--help"]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout


def setting_slip(words: list[str]) -> str:
    """Look whether a line sets what is a setting."""
    name = words[0].partition("=")[0]
    known = {variable.name for group in all_settings() for variable in variables_of(group)}
    return "" if name in known else f"no setting {name}"


def nothing(_: list[str]) -> str:
    """Find nothing: others look."""
    return ""


RUNS = (
    Run(r"suisai stylize photo.jpg .*"),
    Run(r"suisai stylize holiday/ .*", instead={"holiday/": "."}),
    Run(r"suisai styles.*"),
    Run(r"suisai models", says="flux2-klein"),
    Run(
        r"suisai models pull .*",
        says="cannot be reached",
        instead={"NAME": "ghibli-sd15", "auto": "ghibli-sd15"},
        code=1,
        settings={"SUISAI_HUB_URL": "http://127.0.0.1:9"},
    ),
    Run(r"suisai doctor", says="0 errors"),
    Run(r"suisai top", says="overload level"),
    Run(r"suisai status", says="operator page"),
    Run(r"suisai operator-link", says="token="),
    Run(r"suisai job ID", says="admitted"),
    Run(r"suisai forget PLATFORM:PERSON( --opt-out)?", says="Forgotten"),
    Run(r"suisai resume \w+( .*)?", says="Resumed"),
    Run(r"suisai people"),  # what it lists depends on the commands that ran before
    Run(
        r"suisai exempt telegram:4711 --tier subscriber",
        settings={"SUISAI_TIER_LIMITS": '{"subscriber": {"cooldown_s": 0}}'},
    ),
    Run(r"suisai drain WORKER( --undo| --end)?", says="No worker", code=2),
    Run(r"suisai dead list"),
    Run(r"suisai dead retry ID", says="not on the dead list", code=2),
    Run(r"suisai verify PICTURE"),
    Run(r"suisai loadtest .*", says="lost", instead={"10000": "8", "5": "0.02"}),
    Run(r"suisai setup", says="Nothing to write", typed="n\nn\n"),
    Run(r"suisai setup telegram", says="Telegram knows the bot", typed="{token}\n"),
    # Without the app's key; tests/bots/x/test_deliveries.py plays the rest against an X.
    Run(r"suisai x webhook.*", says="SUISAI_X_APP_BEARER", code=1),
    Run(r"suisai setup x", says="suisai x login", typed="client\nsecret\nyes\n"),
    Run(r"python -P -m tasks.healthcheck \w+"),
    Run(r"make help", says="demo"),
)

STAYS = (
    Stay(r"suisai worker (gpu|io).*", instead={"qwen-edit": "auto"}, logs=" ready."),
    Stay(r"suisai sweep"),
    Stay(r"suisai web( .*)?", instead={"8400": "{port}"}),
    Stay(r"suisai (listen )?telegram"),
)

NAMED = (
    Named(r"suisai pause all", "it would stop the bot that the other commands need", nothing),
    Named(
        r"suisai (backup|restore)( suisai\.tar\.gz.*)?",
        "tests/bots/commands/test_backup.py moves a bot of its own",
        nothing,
    ),
    Named(r"suisai --env-file FILE \.\.\.", "a form, with dots for any command", nothing),
    Named(r"suisai up", "it is the bot that all the others are run against", nothing),
    Named(
        r"suisai (ban|unban|opt-in|forget|pause|listen|stylize|sweep|dead (retry|drop)|people JOB"
        r"|(listen|setup) NAME)",
        "a command's name, without its arguments",
        nothing,
    ),
    Named(r"suisai listen (folder|x)", "tests of these platforms start their listeners", nothing),
    Named(r"suisai x login", "needs a browser and X; tests/bots/x/test_login.py plays it", nothing),
    Named(
        r"make (demo|test|check|lint|fix|bench|coverage|corpus DIR=.*)",
        "installs everything first",
        make_slip,
    ),
    Named(r"python -m (benchmarks\.\w+|tools\.\w+)( .*)?", "takes minutes", module_slip),
    Named(
        r"suisai service .*",
        "a test changes no service; test_service.py looks at the unit",
        nothing,
    ),
    Named(
        r"(systemctl|sudo loginctl|ssh|tar|rm|cd|mkdir|openssl|\.) .*|git pull|python3 -m venv .*",
        "of the machine, and no command of ours",
        nothing,
    ),
    Named(r"(uvx|pipx run) .*", "fetches packages; tools/try_wheel.py runs the wheel", nothing),
    Named(r"pip install.*", "fetches packages; test_commands.py looks at the extras", nothing),
    Named(r"kubectl .*", "there is no cluster; test_kubernetes.py reads the manifests", nothing),
    Named(r"docker compose .*", "there is no Docker daemon", compose_slip),
    Named(r"(git clone.*|nvidia-smi)", "no command of ours, and there is no GPU", nothing),
    Named(r"python -c 'import torch; .*", "torch is not among what tests need", nothing),
    Named(r"docker run .*", "there is no Docker daemon, and the image is not ours", nothing),
    Named(r"'?(SUISAI|OTEL)_\w+=\S.*", "a line of .env", setting_slip),
)


def case_of(command: str) -> Run | Stay | Named | None:
    """Return the case of a command, None if there is none."""
    cases = (*RUNS, *STAYS, *NAMED)
    return next((case for case in cases if re.fullmatch(case.pattern, command)), None)

"""Source files that run, and round trips to the ledger's server, for one Telegram photo, per process.

`python -m benchmarks.walk` starts the real processes with a real Valkey and the tests' local Bot API server,
paints some photos as warm-up, then traces more photos, one after the other, each from its update until its
job has ended and the listener has checked its placeholder. A file counts if one of its functions is called
meanwhile; a round trip is one write to a connection to the ledger's server. Periodic work (heartbeats,
maintenance, idle polls) is measured for the same time and subtracted. Files that run in any case (heartbeat,
redaction, logs) are not counted.
"""

from __future__ import annotations

import argparse
import json
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.settings import Limits, Settings
from tasks.valkey import EmbeddedValkey
from tests.bots.telegram.harness import snapshot
from tests.fakes.telegram_api import TelegramApi
from tests.stack import Stack, eventually

PROCESSES = ("telegram", "io", "gpu")
ALWAYS = ("tasks/heartbeat.py", "tasks/telemetry/redaction.py", "tasks/telemetry/logs.py")

_WARM_UP = 3
_SETTLED_S = 3.0
"""The job ends after its painting is shown, and the listener looks at its placeholder once more."""

PROBE = '''
"""Counts in every process of the bot; Python imports it as sitecustomize."""
import json, os, sys, threading, time
FOLDER, ROOT = os.environ["WALK_FOLDER"], os.environ["WALK_ROOT"]
FLAG = os.path.join(FOLDER, "watch")
files, trips = set(), []
def trip(command):
    frame, callers = sys._getframe(2), []
    while frame is not None and len(callers) < 3:
        name = frame.f_code.co_filename
        if name.startswith(ROOT) and "/.venv/" not in name:
            callers.append(f"{name[len(ROOT) + 1:]}:{frame.f_lineno}")
        frame = frame.f_back
    trips.append([_words(command), *callers])
def _words(command):
    parts = command if isinstance(command, (list, tuple)) else [command]
    raw = b"".join(p if isinstance(p, bytes) else str(p).encode() for p in parts)
    return " ".join(raw.decode("utf-8", "replace").split("\\r\\n")[2:7:2])[:60]
def seen(frame, event, _):
    if event == "call" and frame.f_code.co_filename.startswith(ROOT):
        files.add(frame.f_code.co_filename)
def switch():
    on = False
    while True:
        time.sleep(0.005)
        wanted = os.path.exists(FLAG)
        if wanted and not on:
            files.clear(); trips.clear()
            on = True
        elif on and not wanted:
            on = False
            path = os.path.join(FOLDER, f"{os.getpid()}.json")
            with open(path + ".part", "w") as out:
                json.dump({"argv": sys.orig_argv, "files": sorted(files), "trips": trips}, out)
            os.replace(path + ".part", path)
def count(cls):
    real = cls.send_packed_command
    if "async" in cls.__module__:
        async def send(self, *a, **k):
            trip(a[0] if a else "")
            return await real(self, *a, **k)
    else:
        def send(self, *a, **k):
            trip(a[0] if a else "")
            return real(self, *a, **k)
    cls.send_packed_command = send
if "bots" in sys.orig_argv:
    import redis.connection, redis.asyncio.connection
    count(redis.connection.AbstractConnection); count(redis.asyncio.connection.AbstractConnection)
    threading.setprofile(seen); sys.setprofile(seen)
    threading.Thread(target=switch, daemon=True).start()
'''


@contextmanager
def watched_bot(folder: Path) -> Iterator[TelegramApi]:
    """Run listener and workers with the probe; yield their Bot API server."""
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(PROBE)
    valkey = EmbeddedValkey(folder / "valkey")
    valkey.ensure()
    settings = Settings(
        data_dir=folder / "data",
        redis_url=valkey.url,  # type: ignore[arg-type] # pydantic makes a secret of it
        namespace=f"bench-{secrets.token_hex(4)}",
        limits=Limits(cooldown_s=0),
    )
    api = TelegramApi()
    stack = Stack(
        settings,
        folder / "logs",
        api.settings()
        | {
            "PYTHONPATH": str(folder / "site"),
            "WALK_FOLDER": str(folder),
            "WALK_ROOT": str(Path(__file__).parents[1]),
        },
    )
    try:
        stack.start_workers()
        stack.start("telegram", "telegram")
        yield api
    finally:
        stack.stop()
        api.close()
        valkey.stop()


@dataclass(frozen=True)
class Count:
    """The counts of one process."""

    files: frozenset[str]
    calls: list[list[str]]
    """Each round trip: the beginning of its command, and who of ours made it."""

    @property
    def trips(self) -> int:
        """How many round trips there were."""
        return len(self.calls)


def count_during(folder: Path, during: Callable[[], object]) -> dict[str, Count]:
    """Let all processes count while `during` runs; return the counts by process."""
    for old in folder.glob("*.json"):
        old.unlink()
    (folder / "watch").touch()
    time.sleep(0.1)  # the probes check the flag every few milliseconds
    during()
    (folder / "watch").unlink()
    return eventually(lambda: _counts(folder), 30.0, "the counts of all processes")


def _counts(folder: Path) -> dict[str, Count] | None:
    root = str(Path(__file__).parents[1]) + "/"
    found = {}
    for path in folder.glob("*.json"):
        row = json.loads(path.read_text())
        name = " ".join(row["argv"]).rpartition("bots ")[2].replace("worker ", "")
        files = {file.removeprefix(root) for file in row["files"]} - set(ALWAYS)
        ours = frozenset(f for f in files if f.startswith(("bots/", "tasks/", "pipeline/")))
        found[name] = Count(ours, row["trips"])
    return found if set(PROCESSES) <= set(found) else None


def _paint(api: TelegramApi, *people: int) -> None:
    for person in people:
        message = api.people.photo(person, snapshot(person))
        painted = partial(api.world.chat(person).paintings, message["message_id"])
        api.world.wait(painted, 120, what="the painting")
        time.sleep(_SETTLED_S)


def main() -> None:
    """Print files and round trips per process."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=int, default=5)
    parser.add_argument("--list", action="store_true", help="name every file and round trip")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with watched_bot(folder) as api:
            _paint(api, *range(1, 1 + _WARM_UP))
            begun = time.monotonic()
            busy = count_during(folder, lambda: _paint(api, *range(10, 10 + options.photos)))
            took = time.monotonic() - begun
            idle = count_during(folder, lambda: time.sleep(took))
    for process in PROCESSES:
        print(
            f"{process:10} files {len(busy[process].files):3}   round trips of {options.photos} photos "
            f"{busy[process].trips:4}   (idle: {idle[process].trips / took:.1f} a second)"
        )
    files = {file for count in busy.values() for file in count.files}
    trips = sum(busy[p].trips - idle[p].trips for p in PROCESSES) / options.photos
    print(f"a photo    files {len(files):3}   round trips {trips:.1f} above idle")
    if options.list:
        for process in PROCESSES:
            for call in busy[process].calls:
                print(f"{process:10}{' < '.join(call)}")
        print(*sorted(files), sep="\n")


if __name__ == "__main__":
    main()

"""The bot's own processes, started as in production."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr

from bots.commands.demo import free_port
from bots.config import variables_of
from bots.web.client import WebClient
from bots.web.operator_auth import operator_link
from bots.web.settings import WebSettings
from tasks.settings import Settings
from tests.preloaded import ForkedProcess, start

T = TypeVar("T")


def eventually(check: Callable[[], T | None], patience_s: float = 30.0, what: str = "") -> T:
    """Call `check` until it returns a true value; return that value. Raises `AssertionError`."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        seen = check()
        if seen:
            return seen
        time.sleep(0.02)
    raise AssertionError(f"did not happen within {patience_s} s: {what or check}")


def environment_of(settings: Settings) -> dict[str, str]:
    """Return settings as environment variables."""
    names = {variable.field: variable.name for variable in variables_of(type(settings))}
    return {
        names[field]: _plain(value)
        for field, value in settings
        if value is not None and value != ()
    }


def _plain(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, BaseModel):
        return value.model_dump_json()
    if isinstance(value, dict | tuple | bool):
        return json.dumps(
            {k: _value(v) for k, v in value.items()} if isinstance(value, dict) else value
        )
    return str(value)


def _value(value: object) -> object:
    return value.model_dump(exclude_none=True) if isinstance(value, BaseModel) else value


class Stack:
    """Processes of one bot, by name: `io`, `gpu`, `sweep`, `web`, ..."""

    def __init__(self, settings: Settings, logs: Path, extra: dict[str, str] | None = None) -> None:
        # All requests of a test come from one address.
        many_requests = {
            "SUISAI_WEB_ASKS_PER_MINUTE": "100000",
            "SUISAI_WEB_ASKS_PER_HOUR": "1000000",
        }
        self.environment = {
            **os.environ,
            **many_requests,
            **environment_of(settings),
            **(extra or {}),
        }
        self._logs = logs
        self._running: dict[str, ForkedProcess] = {}

    def start(self, name: str, *arguments: str) -> int:
        """Start `suisai ARGUMENTS` under a name; return its process id."""
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = start("bots", arguments, self.environment, output=log)
        return self._running[name].pid

    def start_workers(self) -> None:
        """Start one io worker, one painting worker and the sweep."""
        self.start("io", "worker", "io")
        self.start("gpu", "worker", "gpu")
        self.start("sweep", "sweep")

    def open_page(self) -> str:
        """Start the page on a free port; return its address once it answers."""
        address = f"http://127.0.0.1:{(port := free_port(0))}"
        self.start("web", "web", "--port", str(port))
        with WebClient(address) as client:
            eventually(client.is_open, what="the page")
        return address

    def operator_link(self, page: str) -> str:
        """Return the operator's login link for the page at this address."""
        port = page.rpartition(":")[2]
        data_dir = Path(self.environment["SUISAI_DATA_DIR"])
        return operator_link(WebSettings(port=int(port)), data_dir)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and wait for its end."""
        process = self._running.pop(name)
        process.send_signal(number)
        process.wait(timeout=40)

    def wait(self, name: str, patience_s: float) -> int:
        """Wait for a process to end by itself; return its exit code."""
        return self._running.pop(name).wait(timeout=patience_s)

    def log(self, name: str) -> str:
        """Return the log of a process."""
        return (self._logs / f"{name}.log").read_text(errors="replace")

    def stop(self) -> None:
        """Stop all processes."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()

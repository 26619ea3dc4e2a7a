"""Simulates several hosts on one machine: network namespaces that are connected by one hub."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

_HUB = "sx-hub"
_NET = "10.77"


def may_make_hosts() -> bool:
    """Return whether this machine can create network namespaces."""
    try:
        made = subprocess.run(["ip", "netns", "add", "sx-try"], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    subprocess.run(["ip", "netns", "del", "sx-try"], capture_output=True, check=False)
    return made.returncode == 0


@dataclass
class Network:
    """Hosts by name. This process is one of them, with the address 10.77.0.2."""

    logs: Path
    _addresses: dict[str, str] = field(default_factory=dict)
    _running: dict[str, list[subprocess.Popen[bytes]]] = field(default_factory=dict)

    def open(self) -> None:
        """Create the hub, which forwards packets, and the link from this process to it."""
        self.close()
        _ip("netns", "add", _HUB)
        _ip("netns", "exec", _HUB, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        _ip("link", "add", "sx-here", "type", "veth", "peer", "name", "here", "netns", _HUB)
        _ip("addr", "add", f"{_NET}.0.2/24", "dev", "sx-here")
        _ip("link", "set", "sx-here", "up")
        _ip("-n", _HUB, "addr", "add", f"{_NET}.0.1/24", "dev", "here")
        _ip("-n", _HUB, "link", "set", "here", "up")
        _ip("route", "add", f"{_NET}.0.0/16", "via", f"{_NET}.0.1")

    def add(self, name: str) -> str:
        """Create a host and return its address."""
        net = f"{_NET}.{len(self._addresses) + 1}"
        host, address = f"sx-{name}", f"{net}.2"
        _ip("netns", "add", host)
        _ip("-n", _HUB, "link", "add", name, "type", "veth", "peer", "name", "eth", "netns", host)
        _ip("-n", _HUB, "addr", "add", f"{net}.1/24", "dev", name)
        _ip("-n", _HUB, "link", "set", name, "up")
        _ip("-n", host, "addr", "add", f"{address}/24", "dev", "eth")
        for device in ("eth", "lo"):
            _ip("-n", host, "link", "set", device, "up")
        _ip("-n", host, "route", "add", "default", "via", f"{net}.1")
        self._addresses[name] = address
        return address

    def run(self, host: str, *command: str, environment: dict[str, str] | None = None) -> None:
        """Start a process on a host."""
        with (self.logs / f"{host}.log").open("ab") as log:
            process = subprocess.Popen(
                ["ip", "netns", "exec", f"sx-{host}", *command],
                env=environment or dict(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._running.setdefault(host, []).append(process)

    def cut(self, host: str) -> None:
        """Cut a host's link; neither side is notified."""
        _ip("-n", _HUB, "link", "set", host, "down")

    def heal(self, host: str) -> None:
        """Restore a host's link."""
        _ip("-n", _HUB, "link", "set", host, "up")

    def reaches(self, host: str, other: str, port: int) -> bool:
        """Return whether a host can connect to a port of another host."""
        look = f"import socket; socket.create_connection(('{self._addresses[other]}', {port}), 1)"
        words = ["ip", "netns", "exec", f"sx-{host}", sys.executable, "-c", look]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    def kill(self, host: str) -> None:
        """Kill all processes of a host at once."""
        for process in self._running.pop(host, []):
            os.killpg(process.pid, 9)
            process.wait()

    def close(self) -> None:
        """Kill all processes and remove all hosts, including those of an earlier run."""
        for host in list(self._running):
            self.kill(host)
        listed = subprocess.run(["ip", "netns"], capture_output=True, text=True, check=False).stdout
        for line in listed.splitlines():
            if line.startswith("sx-"):
                subprocess.run(["ip", "netns", "del", line.split()[0]], check=False)
        subprocess.run(["ip", "link", "del", "sx-here"], capture_output=True, check=False)


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)

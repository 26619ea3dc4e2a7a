"""Sandbox jobs that misbehave like a decoder with a hostile file: loops, crashes, reads, writes."""

from __future__ import annotations

import ctypes
import os
import threading
from pathlib import Path


def work(request: bytearray) -> bytes:
    """Run the behaviour that the first word of the request names."""
    verb, _, rest = bytes(request).partition(b" ")
    return {
        b"echo": echo,
        b"pid": lambda _: str(os.getpid()).encode(),
        b"parent": lambda _: str(os.getppid()).encode(),
        b"spin": spin,
        b"sleep": sleep,
        b"swell": swell,
        b"crash": crash,
        b"raise": fail,
        b"read": read,
        b"write": write,
        b"environment": lambda _: repr(dict(os.environ)).encode(),
        b"descriptors": descriptors,
    }[verb](rest)


def echo(rest: bytes) -> bytes:
    return rest


def spin(_: bytes) -> bytes:
    while True:
        pass


def sleep(_: bytes) -> bytes:
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()
    return b""


def swell(rest: bytes) -> bytes:
    try:
        return str(len(bytearray(int(rest)))).encode()
    except MemoryError:
        return b"no memory"


def crash(_: bytes) -> bytes:
    return ctypes.string_at(0)


def fail(_: bytes) -> bytes:
    raise ValueError


def read(rest: bytes) -> bytes:
    try:
        return Path(os.fsdecode(rest)).read_bytes()
    except OSError as error:
        return type(error).__name__.encode()


def write(rest: bytes) -> bytes:
    try:
        return str(Path(os.fsdecode(rest)).write_bytes(b"x")).encode()
    except OSError as error:
        return type(error).__name__.encode()


def descriptors(_: bytes) -> bytes:
    held = []
    for fd in range(256):
        try:
            os.write(fd, b"")
        except OSError:
            continue
        held.append(fd)
    return str(len(held)).encode()

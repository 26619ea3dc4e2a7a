"""A seccomp filter for a process that only computes (Linux on x86-64 and arm64).

After `confine_to_computing` the process can allocate memory, read clocks, start threads, and `write` to
its open file descriptors. The kernel answers every other system call with EPERM: no file can be
opened, changed or removed, no process started, signalled, traced or read, no socket made, no limit
or timer changed, no code mapped as executable. The filter cannot be removed.

The filter is classic BPF, see seccomp(2) and the kernel's Documentation/userspace-api/
seccomp_filter.rst. Numbers of system calls are those of asm/unistd_64.h and asm-generic/unistd.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
import platform
import struct
import sys
from collections.abc import Iterable, Mapping
from types import MappingProxyType

ALLOWED: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "x86_64": {
            # For the answer and for a decoder's output.
            "write": 1,
            # Memory. mmap and mprotect only without PROT_EXEC.
            "mmap": 9,
            "mprotect": 10,
            "munmap": 11,
            "brk": 12,
            "mremap": 25,
            "madvise": 28,
            # Threads: libde265 always decodes in one. clone only with the flags of a thread,
            # rt_sigaction only for the signals that the C library uses between threads.
            "rt_sigaction": 13,
            "rt_sigprocmask": 14,
            "sched_yield": 24,
            "clone": 56,
            "exit": 60,
            "sigaltstack": 131,
            "gettid": 186,
            "futex": 202,
            "sched_getaffinity": 204,
            "set_tid_address": 218,
            "exit_group": 231,
            "set_robust_list": 273,
            "membarrier": 324,
            "rseq": 334,
            # Clocks and random numbers.
            "nanosleep": 35,
            "gettimeofday": 96,
            "times": 100,
            "time": 201,
            "clock_gettime": 228,
            "clock_getres": 229,
            "clock_nanosleep": 230,
            "getrandom": 318,
            # Information about this process and the machine.
            "getpid": 39,
            "getrusage": 98,
            "sysinfo": 99,
            "getppid": 110,
        },
        "aarch64": {
            "write": 64,
            "mmap": 222,
            "mprotect": 226,
            "munmap": 215,
            "brk": 214,
            "mremap": 216,
            "madvise": 233,
            "rt_sigaction": 134,
            "rt_sigprocmask": 135,
            "sched_yield": 124,
            "clone": 220,
            "exit": 93,
            "sigaltstack": 132,
            "gettid": 178,
            "futex": 98,
            "sched_getaffinity": 123,
            "set_tid_address": 96,
            "exit_group": 94,
            "set_robust_list": 99,
            "membarrier": 283,
            "rseq": 293,
            "nanosleep": 101,
            "gettimeofday": 169,
            "times": 153,
            "clock_gettime": 113,
            "clock_getres": 114,
            "clock_nanosleep": 115,
            "getrandom": 278,
            "getpid": 172,
            "getrusage": 165,
            "sysinfo": 179,
            "getppid": 173,
        },
    }
)
"""The allowed system calls by machine: name -> number."""

_CLONE3 = 435
"""On every architecture. The C library falls back to `clone` on ENOSYS."""
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_PROT_EXEC = 4
_MADV_HWPOISON = 100
_THREAD = 0x00010000
# VM, FS, FILES, SIGHAND, THREAD, SYSVSEM, SETTLS, PARENT_SETTID, CHILD_CLEARTID, DETACHED, CHILD_SETTID
_FLAGS_OF_THREADS = 0x00000F00 | 0x00010000 | 0x00040000 | 0x01780000
_FIRST_REALTIME_SIGNAL = 32

# Offsets in struct seccomp_data. Arguments are 64 bits wide; both machines are little-endian.
_NUMBER, _ARCH, _ARGUMENTS = 0, 4, 16

# BPF: load a word, jump where equal, greater or equal, or any bit is set, return.
_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_KILL_PROCESS, _ERRNO, _ALLOW = 0x80000000, 0x00050000, 0x7FFF0000

_PR_SET_PDEATHSIG, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS = 1, 22, 38
_SECCOMP_MODE_FILTER = 2

Instruction = tuple[int, int, int, int]
"""Opcode, instructions to skip if the comparison is true, instructions to skip if it is false, operand."""


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def die_with_parent(signal_number: int) -> None:
    """Let the kernel send this process a signal when its parent ends; does nothing except on Linux."""
    if sys.platform == "linux":
        _prctl(_PR_SET_PDEATHSIG, signal_number)


def confine_to_computing() -> bool:
    """Filter the system calls of this process and its threads from now on.

    Returns False, without an effect, if there is no filter for this machine or the kernel refuses it.
    """
    machine = machine_with_filter()
    if machine is None or not _prctl(_PR_SET_NO_NEW_PRIVS, 1):
        return False
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program(machine))
    filters = _Program(len(code) // 8, code)
    return _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(filters))


def try_a_signal(_: bytearray) -> bytes:
    """Answer `refused` if system calls are filtered in this process, else `sent` (a sandbox job)."""
    try:
        os.kill(os.getpid(), 0)
    except PermissionError:
        return b"refused"
    return b"sent"


def machine_with_filter() -> str | None:
    """Return the key of this machine in `ALLOWED`, or None if there is no filter for it."""
    machine = platform.machine()
    is_64_bit = struct.calcsize("P") == 8
    return machine if sys.platform == "linux" and is_64_bit and machine in ALLOWED else None


def program(machine: str) -> list[Instruction]:
    """Assemble the filter for a machine of `ALLOWED`."""
    numbers = dict(ALLOWED[machine])
    conditions = {
        numbers.pop("mmap"): _unless_any_bit(2, _PROT_EXEC),
        numbers.pop("mprotect"): _unless_any_bit(2, _PROT_EXEC),
        # The advice of administrators takes pages of the machine out of use.
        numbers.pop("madvise"): [
            (_LD, 0, 0, _ARGUMENTS + 8 * 2),
            (_JGE, 1, 0, _MADV_HWPOISON),
            *_return(_ALLOW),
        ],
        numbers.pop("rt_sigaction"): [
            (_LD, 0, 0, _ARGUMENTS),
            (_JGE, 0, 1, _FIRST_REALTIME_SIGNAL),
            *_return(_ALLOW),
        ],
        numbers.pop("clone"): [
            (_LD, 0, 0, _ARGUMENTS),
            (_JSET, 2, 0, ~_FLAGS_OF_THREADS & 0xFFFFFFFF),
            (_JSET, 0, 1, _THREAD),
            *_return(_ALLOW),
        ],
        _CLONE3: _return(_ERRNO | errno.ENOSYS),
    }
    return [
        # 32-bit code has different system call numbers.
        (_LD, 0, 0, _ARCH),
        (_JEQ, 1, 0, _AUDIT_ARCH[machine]),
        *_return(_KILL_PROCESS),
        (_LD, 0, 0, _NUMBER),
        *_each(dict.fromkeys(numbers.values(), _return(_ALLOW))),
        *_each({number: [*then, *_refuse()] for number, then in conditions.items()}),
        *_refuse(),
    ]


def _each(blocks: Mapping[int, Iterable[Instruction]]) -> Iterable[Instruction]:
    for number, block in blocks.items():
        instructions = list(block)
        yield (_JEQ, 0, len(instructions), number)
        yield from instructions


def _unless_any_bit(argument: int, bits: int) -> list[Instruction]:
    return [(_LD, 0, 0, _ARGUMENTS + 8 * argument), (_JSET, 1, 0, bits), *_return(_ALLOW)]


def _refuse() -> list[Instruction]:
    return _return(_ERRNO | errno.EPERM)


def _return(action: int) -> list[Instruction]:
    return [(_RET, 0, 0, action)]


def _prctl(option: int, *arguments: int) -> bool:
    call = ctypes.CDLL(None, use_errno=True).prctl
    padded = (*arguments, 0, 0, 0, 0)[:4]
    return bool(call(option, *(ctypes.c_ulong(argument) for argument in padded)) == 0)

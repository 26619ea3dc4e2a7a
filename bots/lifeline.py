"""Ends a process when the one that started it is gone, however that one died."""

from __future__ import annotations

import os
import signal
import threading


def hold_on_to(descriptor: int) -> None:
    """Send this process a SIGTERM once the other end of this pipe is closed."""

    def wait() -> None:
        os.read(descriptor, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, name="lifeline", daemon=True).start()

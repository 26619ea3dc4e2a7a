"""`python -m benchmarks._noop_worker`: a gpu worker whose engine returns every photo unchanged."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pipeline.engine import RGB, Engine, ProgressCallback, RenderJob
from pipeline.errors import PaintingFailed
from tasks.settings import Settings
from tasks.telemetry.logs import set_up_logs
from tasks.worker import main
from tasks.worker.main import run_worker


class Noop:
    """An `Engine` that does nothing, so that only the cost of the rest of the system is measured."""

    name = "noop"
    version = "1"
    model_name = "noop"
    threads = 1
    follows_words = False

    def warm_up(self) -> None:
        """Do nothing."""

    def bucket(self, width_px: int, height_px: int) -> str:
        return f"{width_px}x{height_px}"

    def capacity(self, bucket: str) -> int:
        return 64

    def paint(
        self, jobs: Sequence[RenderJob], on_progress: ProgressCallback
    ) -> list[RGB | PaintingFailed]:
        on_progress(1.0)
        return [job.pixels for job in jobs]


def open_noop(_: Settings) -> Engine:
    """Replace `tasks.engines.open_engine`."""
    return Noop()


if __name__ == "__main__":
    setattr(main, "open_engine", open_noop)  # noqa: B010 - replaces the engine
    settings = Settings()
    set_up_logs(settings)
    sys.exit(run_worker("gpu", settings, 1))

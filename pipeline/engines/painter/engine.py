"""The painter: the engine that runs on the CPU and needs no download."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np

from pipeline.engine import RGB, ProgressCallback, RenderJob
from pipeline.engines.painter.render import PainterPipeline
from pipeline.errors import EngineUnusable, PaintingFailed
from pipeline.styles import load_styles


class Painter:
    """Paints with image filters. The number of threads changes the speed, never the picture."""

    name = "painter"
    version = "2"
    model_name = "painter"
    threads = 1
    follows_words = False

    def __init__(self, threads: int | None = None) -> None:
        self.pool = ThreadPoolExecutor(threads or cv2.getNumThreads(), "painter")
        self.pipeline = PainterPipeline(self.pool)

    def close(self) -> None:
        """Stop the worker threads."""
        self.pool.shutdown()

    def warm_up(self) -> None:
        """Paint a small bright square in every style, so that networks and palettes are ready."""
        square = np.full((128, 128, 3), 220, np.uint8)
        for style in load_styles().values():
            first = self.paint_one(RenderJob(square, style, strength=0.6, seed=0))
            if isinstance(first, PaintingFailed):
                raise EngineUnusable(f"The painter cannot paint here: {first.reason}")

    def bucket(self, width_px: int, height_px: int) -> str:
        """Any photos can share a call: they are painted one by one."""
        return "any"

    def capacity(self, bucket: str) -> int:
        return 1

    def paint(
        self, jobs: Sequence[RenderJob], watch: ProgressCallback
    ) -> list[RGB | PaintingFailed]:
        pictures: list[RGB | PaintingFailed] = []
        for done, job in enumerate(jobs):
            watch(done / len(jobs))
            pictures.append(self.paint_one(job))
        watch(1.0)
        return pictures

    def paint_one(self, job: RenderJob) -> RGB | PaintingFailed:
        """Paint one photo; an error of OpenCV or a lack of memory fails this photo only."""
        try:
            return self.pipeline.paint(job)
        # Any other error is a bug and must not be reported as a bad photo.
        except (cv2.error, MemoryError) as refusal:
            return PaintingFailed(f"painter: {refusal}")

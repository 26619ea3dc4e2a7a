"""Peak memory of a process that only paints: `python -m benchmarks._peak SIDE_PX`."""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np

from pipeline.engine import RenderJob
from pipeline.engines.painter import Painter
from pipeline.styles import load_styles
from tests.photos import photo


def main() -> None:
    """Paint a square portrait in every style, twice, and print the peak in MB."""
    side_px = int(sys.argv[1])
    portrait = cv2.resize(photo("astronaut"), (side_px, side_px), interpolation=cv2.INTER_CUBIC)
    painter = Painter(threads=2)
    for style in [*load_styles().values()] * 2:
        painter.paint([RenderJob(np.asarray(portrait, np.uint8), style, 0.6, 1)], lambda _: None)
    print(peak_mb())


def peak_mb() -> int:
    """Return the peak RSS in MB from VmHWM; getrusage would include the parent's memory at the fork."""
    status = Path("/proc/self/status").read_text("ascii").splitlines()
    (line,) = (line for line in status if line.startswith("VmHWM:"))
    return round(int(line.split()[1]) / 1024)


if __name__ == "__main__":
    main()

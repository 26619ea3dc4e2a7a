"""Time and memory for opening a photo, on one core: `python -m benchmarks.intake`.

Each photo is opened in the sandbox and in this process, alternating; the ratio is the overhead of the
sandbox. The peak is the memory of the decoding process, including memory that it shares with its parent.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

from PIL import Image

from pipeline.decode import PhotoLimits, decode
from pipeline.file_types import kind_of
from pipeline.photo import decoders, digest_of, open_photo
from tests.photos import photo
from tests.pipeline.photographs import encoded

# In a new process, because a child's peak includes the memory of its parent.
PEAK = """
import resource, sys
from pipeline.photo import decoders, open_photo
sandbox = decoders()
open_photo(sys.stdin.buffer.read(), sandbox=sandbox)
sandbox.close()
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 / 1e6)
"""


@dataclass(frozen=True)
class PhotoRow:
    """The figures of one kind of photo."""

    photo: str
    file_mb: float
    sandboxed_ms: float
    bare_ms: float
    ratio: float
    peak_mb: float


def main() -> None:
    """Measure the formats that phones and browsers produce."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--json", action="store_true", help="print one JSON object per row")
    arguments.add_argument("--rounds", type=int, default=21)
    options = arguments.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if not options.json:
        print(
            f"{'photo':14}{'file MB':>9}{'sandboxed ms':>14}{'bare ms':>9}{'ratio':>7}{'peak MB':>9}"
        )
    for name, data in photographs().items():
        row = measured(name, data, options.rounds)
        print(json.dumps(asdict(row)) if options.json else _line(row), flush=True)


def photographs() -> dict[str, bytes]:
    """Make the files from one real photo."""
    scene = Image.fromarray(photo("coffee"))
    large = scene.resize((4000, 3000), Image.Resampling.BICUBIC)
    return {
        "JPEG 1 MP": encoded(scene.resize((1200, 900)), "JPEG", quality=85),
        "JPEG 12 MP": encoded(large, "JPEG", quality=90),
        "progressive": encoded(large, "JPEG", quality=90, progressive=True),
        "HEIC 12 MP": encoded(large, "HEIF"),
        "AVIF 12 MP": encoded(large, "AVIF", speed=10),
        "WebP 12 MP": encoded(large, "WEBP", method=0),
        "PNG 12 MP": encoded(large, "PNG", compress_level=1),
    }


def measured(name: str, data: bytes, rounds: int) -> PhotoRow:
    """Open one file many times, alternating between sandboxed and unsandboxed."""
    sandbox = decoders()
    open_photo(data, sandbox=sandbox)
    sandboxed, bare = [], []
    for _ in range(rounds):
        sandboxed.append(_timed_ms(lambda: open_photo(data, sandbox=sandbox)))
        bare.append(_timed_ms(lambda: digest_of(decode(data, kind_of(data), PhotoLimits())[0])))
    sandbox.close()
    inside, outside = statistics.median(sandboxed), statistics.median(bare)
    peak = subprocess.run([sys.executable, "-c", PEAK], input=data, capture_output=True, check=True)
    return PhotoRow(name, len(data) / 1e6, inside, outside, inside / outside, float(peak.stdout))


def _timed_ms(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return (time.perf_counter() - began) * 1000


def _line(row: PhotoRow) -> str:
    return (
        f"{row.photo:14}{row.file_mb:9.1f}{row.sandboxed_ms:14.1f}{row.bare_ms:9.1f}"
        f"{row.ratio:7.2f}{row.peak_mb:9.0f}"
    )


if __name__ == "__main__":
    main()

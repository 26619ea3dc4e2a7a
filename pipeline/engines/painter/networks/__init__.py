"""The two networks that ship with the painter; see NOTICE.md beside this file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2

CLASSIC = 1
"""OpenCV's number for its older engine, the only one that gives a TFLite model's several outputs."""


def network(name: str) -> Any:  # noqa: ANN401 - cv2.dnn has no types
    """Load `name`.tflite; not to be used by two threads at once."""
    return cv2.dnn.readNetFromTFLite(str(Path(__file__).with_name(f"{name}.tflite")), CLASSIC)

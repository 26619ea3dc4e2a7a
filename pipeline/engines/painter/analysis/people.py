"""Where people are: the matte of MediaPipe's selfie segmentation."""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from pipeline.engine import RGB
from pipeline.engines.painter.analysis.faces import Window
from pipeline.engines.painter.arrays import Plane, resize
from pipeline.engines.painter.canvas import scaled
from pipeline.engines.painter.networks import network

SIDE_PX = 256

GRID = 64
"""Cells per side in which people are counted."""

CLOSER = 0.8
"""Of the picture's long side: a longer cut-out would be seen hardly better than the whole was."""


class PeopleFinder:
    """Finds people. One thread at a time."""

    def __init__(self) -> None:
        self.network = network("selfie_segmentation")

    def matte(self, picture: RGB) -> Plane:
        """Say for each spot of a 256 x 256 picture whether it belongs to a person, 0..1."""
        small = scaled(picture, SIDE_PX, SIDE_PX)
        self.network.setInput(cv2.dnn.blobFromImage(small, 1 / 255))
        return cast(Plane, self.network.forward().reshape(SIDE_PX, SIDE_PX))


def worth_a_look(matte: Plane, picture: RGB) -> list[Window]:
    """Cut out the two largest groups of people, where their heads can be and can be seen better so."""
    height, width = picture.shape[:2]
    cells = (resize(matte, (GRID, GRID)) > 0.4).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(cells)
    groups = sorted(stats[1:].tolist(), key=lambda group: -group[4])[:2]
    cuts = [around(group, width / GRID, height / GRID) for group in groups if group[4] >= GRID / 5]
    return [cut for cut in cuts if max(cut.width, cut.height) < CLOSER * max(width, height)]


def around(group: list[int], cell_width: float, cell_height: float) -> Window:
    """Turn a group of cells into a window with some room, at most 1.5 times as tall as wide."""
    left, top, across, down, _ = group
    x0, y0 = max(0, left - 3), max(0, top - 3)
    x1, y1 = min(GRID, left + across + 3), min(GRID, top + down + 3)
    width, height = (x1 - x0) * cell_width, (y1 - y0) * cell_height
    height = min(height, max(1.5 * width, 0.6 * height))
    return Window(int(x0 * cell_width), int(y0 * cell_height), int(width), int(height))

"""The few operations that all steps share, typed. Planes are float32: H x W, or H x W x 3 in RGB, 0..1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.engine import RGB

Plane: TypeAlias = NDArray[np.float32]
"""H x W, float32."""

Colours: TypeAlias = NDArray[np.float32]
"""H x W x 3, float32, RGB 0..1 where nothing else is said."""

FINEST_PX = 0.3
"""A Gaussian narrower than this changes nothing that can be seen."""

BESIDE = cv2.INTER_NEAREST | cv2.WARP_RELATIVE_MAP
"""Look-ups told by how far aside they are, in px, instead of where."""


def blur(plane: Plane, sigma_px: float) -> Plane:
    """Gaussian blur."""
    if sigma_px < FINEST_PX:
        return plane
    width = 2 * blur_reach(sigma_px) + 1
    return cast(Plane, cv2.GaussianBlur(plane, (width, width), sigma_px))


def blur_reach(sigma_px: float) -> int:
    """Say how far a blur looks, px. OpenCV would look 4 sigma far, for what no eye can see."""
    return math.ceil(2.6 * sigma_px)


def wide_blur(plane: Plane, sigma_px: float) -> Plane:
    """Gaussian blur of a radius that a smaller picture holds as well: shrunk, blurred, enlarged."""
    factor = int(sigma_px / 3)
    if factor < 2:
        return blur(plane, sigma_px)
    small = resize(plane, (plane.shape[0] // factor + 1, plane.shape[1] // factor + 1))
    return resize(blur(small, sigma_px / factor), (plane.shape[0], plane.shape[1]))


def resize(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Resize to (height, width, ...): averaging when smaller, linear when larger."""
    height, width = shape[:2]
    if plane.shape[:2] == (height, width):
        return plane
    shrinks = height * width < plane.shape[0] * plane.shape[1]
    way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cast(Plane, cv2.resize(plane, (width, height), interpolation=way))


def part(plane: Plane, fraction: float) -> Plane:
    """Shrink to a fraction of the size, never to nothing."""
    height, width = plane.shape[:2]
    return resize(plane, (max(1, round(height * fraction)), max(1, round(width * fraction))))


def mix(under: Plane, over: Plane, share: Plane | float) -> Plane:
    """Go from `under` (share 0) to `over` (share 1)."""
    if isinstance(share, np.ndarray):
        if under.ndim == 3:
            return cast(Plane, cv2.blendLinear(over, under, share, 1 - share))
        return under + (over - under) * share
    return cast(Plane, cv2.addWeighted(under, 1 - share, over, share, 0))


def times(picture: Colours, plane: Plane) -> Colours:
    """Multiply each channel by one plane; several times faster than numpy's broadcasting."""
    return cast(Colours, cv2.multiply(picture, thrice(plane)))


def thrice(plane: Plane) -> Colours:
    """Spread one plane over three channels."""
    return cast(Colours, cv2.cvtColor(plane, cv2.COLOR_GRAY2RGB))


def plain(shape: tuple[int, ...], channels: Sequence[float]) -> Colours:
    """Fill a picture with one colour; numpy's broadcasting over three channels is ten times slower."""
    height, width = shape[:2]
    row = np.tile(np.array(channels, np.float32), (1, width, 1))
    return cast(Colours, cv2.repeat(row, height, 1))


def without_fourth(layers: Plane) -> Colours:
    """Drop the fourth of four channels."""
    return cast(Colours, cv2.cvtColor(layers, cv2.COLOR_RGBA2RGB))


def spread(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Give every spot of a plane to 2 x 2, or to one, of a picture of (height, width).

    Of directions, the mean of two may be none. Done so, it takes a third of the time of `cv2.resize`.
    """
    if plane.shape == shape[:2]:
        return plane
    wide = cv2.merge([plane, plane]).reshape(len(plane), -1)
    return np.repeat(wide, 2, axis=0)


def ramp(plane: Plane, low: float, high: float) -> Plane:
    """Hermite step: 0 up to `low`, 1 from `high`; falling where `low` is above `high`."""
    t = (plane - np.float32(low)) * np.float32(1 / (high - low))
    np.clip(t, 0, 1, out=t)
    bend = np.float32(3) - t * np.float32(2)
    t *= t
    t *= bend
    return cast(Plane, t)


def unit(plane: Plane) -> Plane:
    """Clip to 0..1."""
    return cast(Plane, np.clip(plane, 0, 1))


def tint(plane: Plane, weights: Sequence[float]) -> Colours:
    """Spread one plane over three channels, each with its weight."""
    return cast(Colours, cv2.merge([plane * np.float32(weight) for weight in weights]))


def magnitude(x: Plane, y: Plane) -> Plane:
    """Return the length of each vector (x, y).

    The last bit of `cv2.magnitude` depends on where in memory the result lies: the same photo
    would not always give the same bytes.
    """
    return np.sqrt(x * x + y * y)


def luma(colours: Colours) -> Plane:
    """Rec. 601 luma of RGB."""
    return cast(Plane, cv2.cvtColor(colours, cv2.COLOR_RGB2GRAY))


def to_lab(colours: Colours) -> Colours:
    """RGB 0..1 -> CIE Lab, L 0..100."""
    return cast(Colours, cv2.cvtColor(colours, cv2.COLOR_RGB2LAB))


def from_lab(lab: Colours) -> Colours:
    """CIE Lab -> RGB 0..1."""
    return cast(Colours, cv2.cvtColor(lab, cv2.COLOR_LAB2RGB))


def look_up(plane: Plane, x: Plane, y: Plane, way: int = cv2.INTER_NEAREST) -> Plane:
    """Read `plane` at coordinates in px; past the rim, the rim goes on."""
    return cast(Plane, cv2.remap(plane, x, y, way, borderMode=cv2.BORDER_REPLICATE))


def as_colours(pixels: RGB) -> Colours:
    """Bytes -> 0..1."""
    out = pixels.astype(np.float32)
    out *= np.float32(1 / 255)
    return out


def as_bytes(colours: Colours) -> RGB:
    """0..1 -> bytes, rounded."""
    return np.asarray(cv2.convertScaleAbs(np.clip(colours, 0, 1), alpha=255), np.uint8)


def colour(code: str) -> tuple[float, float, float]:
    """`#rrggbb` -> RGB 0..1."""
    red, green, blue = (int(code[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue

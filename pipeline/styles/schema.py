"""The keys of a style file. Each has a default that changes the photo little or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from pydantic import Field

Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]
"""A fraction, 0..1."""

Gain: TypeAlias = Annotated[float, Field(ge=0, le=4)]
"""A factor, 0..4; 1 changes nothing."""

Hex: TypeAlias = Annotated[str, Field(pattern="^#[0-9a-f]{6}$")]
"""An sRGB colour as in `#2b2b44`."""

Shift: TypeAlias = Annotated[float, Field(ge=-60, le=60)]
"""Degrees of hue or units of CIE Lab."""


@dataclass(frozen=True, slots=True)
class Stroke:
    """How the brush simplifies forms."""

    size: Gain = 1.0
    """Brush width, relative to a fine brush of 0.4% of the picture's width."""
    calm: Share = 0.8
    """How much broader the brush is in areas without detail."""
    clumps: Share = 0.0
    """How much broader the brush is on leaves and gravel."""
    length: Share = 0.0
    """Length of visible bristle marks that follow the forms."""
    wobble: Gain = 0.0
    """Amplitude of irregular displacements of contours."""


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of one tone instead of gradients and textures (Xu 2011)."""

    flatness: Share = 0.0
    """0 leaves brush strokes unchanged, 1 replaces them by flat areas."""
    merge: Gain = 1.0
    """How much contrast is removed: 1 keeps folds of cloth and clumps of leaves, 3 only large forms."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Flat tones instead of gradients (Winnemoeller 2006)."""

    count: Annotated[int, Field(ge=2, le=16)] = 8
    weight: Share = 0.6
    sharpness: Annotated[float, Field(ge=1, le=20)] = 5.0


@dataclass(frozen=True, slots=True)
class Line:
    """Ink lines along contours (Kang 2007, Winnemoeller 2012)."""

    weight: Share = 0.6
    width: Gain = 1.0
    detail: Gain = 1.0
    """Above 1, weaker contours get a line too."""
    colour: Hex = "#45302b"
    texture: Share = 0.0
    """0: continuous pen lines, 1: interrupted lines of a dry brush."""


@dataclass(frozen=True, slots=True)
class Palette:
    """How colours change, in CIE Lab."""

    chroma: Gain = 1.0
    contrast: Annotated[float, Field(ge=-1, le=1)] = 0.0
    lift: Annotated[float, Field(ge=-40, le=40)] = 0.0
    """Lightness added in the midtones."""
    black: Annotated[float, Field(ge=0, le=60)] = 0.0
    white: Annotated[float, Field(ge=40, le=100)] = 100.0
    """The lightness to which black and white are mapped."""
    greens: Shift = 0.0
    blues: Shift = 0.0
    reds: Shift = 0.0
    """Degrees of hue."""
    greens_chroma: Gain = 1.0
    blues_chroma: Gain = 1.0
    reds_chroma: Gain = 1.0
    shadow: Hex = "#808080"
    highlight: Hex = "#808080"
    """Tint of shadows and highlights; grey has no effect."""
    tint: Share = 0.0
    """Strength of both tints."""
    pigments: tuple[Hex, ...] = ()
    """Colours are moved towards the nearest of these."""
    pull: Share = 0.0
    """How far colours are moved towards `pigments`."""
    skin: Share = 1.0
    """How well skin keeps its hue. Its lightness is always kept, unless `relight` is set."""
    relight: bool = False
    """Lets skin change its lightness, for styles that change the time of day."""


@dataclass(frozen=True, slots=True)
class Clouds:
    """Clouds painted into an empty sky."""

    amount: Share = 0.0
    lit: Hex = "#fdfbf6"
    body: Hex = "#e6edf7"
    shade: Hex = "#b5cfe8"


@dataclass(frozen=True, slots=True)
class Sky:
    """The sky of a daylight photo, applied only if a sky is detected with certainty."""

    weight: Share = 0.0
    top: Hex = "#3887d4"
    middle: Hex = "#73bdeb"
    horizon: Hex = "#d1ebf2"
    stars: Share = 0.0
    clouds: Clouds = Clouds()


@dataclass(frozen=True, slots=True)
class Pigment:
    """The texture of paint and paper (Bousseau 2006)."""

    density: Share = 0.0
    """Uneven pigment density of washes."""
    grain: Share = 0.0
    """Texture of the paper or canvas."""
    edge: Share = 0.0
    """Darker edges of washes."""
    bleed: Share = 0.0
    """Unpainted paper where the photo is light, and an irregular margin."""
    hatch: Share = 0.0
    """Slanted strokes of chalk or pencil."""
    paper: Hex = "#ffffff"


@dataclass(frozen=True, slots=True)
class Light:
    """Effects of light and camera on the finished painting."""

    bloom: Share = 0.0
    sun: Share = 0.0
    """A warm glow from the upper left, by day only."""
    vignette: Share = 0.0
    blush: Share = 0.0
    eyes: Share = 0.0
    """How much larger eyes are drawn."""


@dataclass(frozen=True, slots=True)
class Diffusion:
    """The style as a prompt and parameters for a diffusion model."""

    prompt: str = ""
    negative_prompt: str = ""
    strength: tuple[Share, Share] = (0.3, 0.7)
    """The part of the model's own strength range to which a person's strength of 0 to 1 is mapped."""
    guidance: Annotated[float, Field(ge=0, le=20)] | None = None
    """None: the model's own value."""
    lora: tuple[str, ...] = ()
    """Names of LoRAs; those that the model does not have are ignored."""


@dataclass(frozen=True, slots=True)
class Style:
    """A style: its names and the parameters of all engines."""

    name: str
    order: int = 100
    """Position in the menus."""
    aliases: tuple[str, ...] = ()
    title: Mapping[str, str] = field(default_factory=dict, hash=False)
    about: Mapping[str, str] = field(default_factory=dict, hash=False)
    """One line each, by language."""
    stroke: Stroke = Stroke()
    areas: Areas = Areas()
    steps: Steps = Steps()
    line: Line = Line()
    palette: Palette = Palette()
    sky: Sky = Sky()
    pigment: Pigment = Pigment()
    light: Light = Light()
    diffusion: Diffusion = Diffusion()

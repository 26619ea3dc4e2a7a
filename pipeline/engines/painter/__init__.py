"""Photos painted with brushes, ink and pigment made of image filters, on a CPU."""

from __future__ import annotations

from pipeline.engines.painter.engine import Painter

__all__ = ["Painter"]

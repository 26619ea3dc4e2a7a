"""The diffusion engine: real models that redraw a photo, several people's photos in one call.

In the order of a batch's way: `engine` plans `calls` of one of the few `shapes`, `canvas` fits photos
into them, `studio` holds the open model, `redraw` is the loop that all `families` are painted in, and
`verdict` looks whether a picture came out. Nothing here imports torch before a model is opened.
"""

from pipeline.engines.diffusion.engine import DiffusionEngine
from pipeline.engines.diffusion.factory import start_engine
from pipeline.engines.diffusion.options import Options

__all__ = ["DiffusionEngine", "Options", "start_engine"]

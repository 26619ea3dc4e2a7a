"""The diffusion engine: models that redraw photos, several people's photos in one batch.

In the order in which a batch passes through them: `engine` splits it by `batching` into calls of one of
the few `shapes`, `canvas` fits the photos into the shape, `loaded_model` holds the open model, `sampling`
is the denoising loop of all `families`, and `output_check` rejects empty pictures. Importing this package
does not import torch; opening a model does.
"""

from pipeline.engines.diffusion.engine import DiffusionEngine
from pipeline.engines.diffusion.factory import start_engine
from pipeline.engines.diffusion.options import Options

__all__ = ["DiffusionEngine", "Options", "start_engine"]

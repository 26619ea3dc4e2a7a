"""The diffusion models and their recipes, each described by a TOML file beside this module."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from pipeline.errors import UserFacingError

GIB = 1 << 30

Family = Literal["klein", "kontext", "qwen-edit", "sd15"]
"""Which code runs the model: a module of `pipeline.engines.diffusion.families`."""


class ModelUnknown(UserFacingError):
    """No model has this name, or its file cannot be read; the message lists the existing ones."""


@dataclass(frozen=True, slots=True)
class ModelSource:
    """A repository on the hub and the parts of it that are needed."""

    repository: str
    parts: tuple[str, ...]
    """Folders of the repository, or single files of it."""
    revision: str = "main"
    variant: str = ""
    """Infix of the weights' file names, e.g. `fp16`."""

    @property
    def folder(self) -> str:
        """Its folder's name among the models' files; models with the same repository share it."""
        return self.repository.replace("/", "--")


@dataclass(frozen=True, slots=True)
class Lora:
    """A small set of weights that is added to the model's."""

    name: str
    source: ModelSource
    weight: float = 1.0
    always: bool = False
    """False: only for the styles that name it."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The sampling steps and the size of one picture."""

    steps: int
    side_px: int
    """Side of the square whose area the model paints."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model, its needs, and how it is used."""

    name: str
    title: str
    family: Family
    licence: str
    allows: str
    """What the licence means for an operator, in one sentence."""
    source: ModelSource
    recipe: Recipe
    draft: Recipe
    """The faster recipe, for brownout."""
    memory_gib: float
    """Free GPU memory needed to paint one photo at a time."""
    disk_gib: float
    text_encoder_gib: float
    """Size of the text encoder, which is needed only until the styles' prompts are encoded."""
    prompt: str
    """Prompt template; `{style}` is replaced by the style's prompt."""
    strength: tuple[float, float]
    """Share of the noise schedule that is run for a person's strength of 0 and of 1."""
    batch_max: int
    instruction: str = ""
    """Prompt template for a person's own words, with the placeholders `{style}` and `{words}`. Empty: the
    model does not follow instructions, and own words are not used."""
    negative_prompt: str = ""
    guidance: float = 1.0
    shift: float | None = None
    """Fixed shift of the noise schedule, in place of one that follows from the picture's size."""
    text_tokens: int = 512
    dtype: Literal["bfloat16", "float16", "float32"] = "bfloat16"
    quantisation: Literal["none", "fp8"] = "none"
    """`fp8`: weights are stored as 8-bit floats and converted layer by layer for computing."""
    controlnet: ModelSource | None = None
    loras: tuple[Lora, ...] = ()
    gated: bool = False
    """The hub requires an account that accepted the licence."""
    auto: bool = False
    """Whether `auto` may choose it."""
    digest: str = ""
    """SHA-256 of the TOML file."""

    @property
    def sources(self) -> tuple[ModelSource, ...]:
        """All sources that must be on disk."""
        extra = (self.controlnet,) if self.controlnet else ()
        return (self.source, *extra, *(lora.source for lora in self.loras))

    def recipe_for(self, draft: bool) -> Recipe:
        """Return the recipe of a job."""
        return self.draft if draft else self.recipe


def model_names() -> list[str]:
    """Return the names of all models, in alphabetical order."""
    entries = (entry.name for entry in files(__name__).iterdir())
    return sorted(name.removesuffix(".toml") for name in entries if name.endswith(".toml"))


def load_model(name: str) -> Model:
    """Return the model of this name. Raises `ModelUnknown`."""
    if name not in model_names():
        raise ModelUnknown(f"There is no model {name!r}; there are: {', '.join(model_names())}.")
    return parse_model(name, files(__name__).joinpath(f"{name}.toml").read_text("utf-8"))


def load_models() -> list[Model]:
    """Return all models, in alphabetical order."""
    return [load_model(name) for name in model_names()]


def parse_model(name: str, toml: str) -> Model:
    """Return the model that a TOML text describes. Raises `ModelUnknown` if it is invalid."""
    digest = hashlib.sha256(toml.encode()).hexdigest()
    try:
        table = {"name": name, "digest": digest} | tomllib.loads(toml)
        return TypeAdapter(Model).validate_python(table, extra="forbid")
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise ModelUnknown(f"{name}.toml describes no model: {error}") from error

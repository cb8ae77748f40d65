"""The configuration of a model, and its JSON in the header of a model file.

    {"autoencoder": {...}, "prior": {...}, "quality": [...], "description": "...", "decoder_version": 1,
     "modality": "audio"}

The modality says which shapes autoencoder and prior have; models for pictures leave it out. In JSON, the rate points of
the autoencoder are `rates`, and the streams of the prior `layers`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from cattrs import Converter
from cattrs.errors import BaseValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from vqcodec.model.quality import Setting
from vqcodec.prior.config import PixelCNNConfig, WaveNetConfig
from vqcodec.system.bounds import PRIOR_OF_PIXELS, PRIOR_OF_SAMPLES, Cost
from vqcodec.transform.audio import config as audio
from vqcodec.transform.image import config as image

__all__ = ["Modality", "ModelConfig", "from_json", "to_json"]

Modality = Literal["image", "audio"]

# Far above the lambdas of any model. Products with larger ones would not stay finite.
MOST_QUALITY_LAMBDA = 1e6
MOST_LAMBDA = 1e12
MOST_QUALITIES = 1000

# The shapes of autoencoder and prior.
SHAPES = {
    "image": (image.AutoencoderConfig, PixelCNNConfig),
    "audio": (audio.AutoencoderConfig, WaveNetConfig),
}


@dataclass(frozen=True)
class ModelConfig:
    """What a model is besides its weights; ValueError if something is out of bounds or does not fit together.

    Attributes:
        autoencoder: the shape of encoder and decoder.
        prior: the shape of the prior.
        quality: the settings of quality 1..100, evenly spaced, each at least as fine as the one before it.
        description: a line for people.
        decoder_version: counts the decoders that were released for the same normative part.
        modality: what the model is for; autoencoder and prior are of this modality.
        lambdas: the weight of the distortion against bits a pixel or sample, at each rate point; empty if not known.
        distortion: which distortion that is, for a model of pictures.
    """

    autoencoder: image.AutoencoderConfig | audio.AutoencoderConfig
    prior: PixelCNNConfig | WaveNetConfig
    quality: tuple[Setting, ...]
    description: str = ""
    decoder_version: int = 1
    modality: Modality = "image"
    lambdas: tuple[float, ...] = ()
    distortion: image.Distortion = "squared error"

    def __post_init__(self) -> None:
        if not self.quality or not 0 <= self.decoder_version < 2**32:
            raise ValueError("a model needs settings for its qualities, and a decoder version in 0..2**32 - 1")
        if (type(self.autoencoder), type(self.prior)) != SHAPES.get(self.modality):
            raise ValueError("autoencoder and prior must be of the modality of the model")
        self._check_quality()
        # Each by itself, not only the least and greatest, as one may be NaN.
        in_range = all(0 < lambda_ <= MOST_LAMBDA for lambda_ in self.lambdas)
        if self.lambdas and (len(self.lambdas) != self.autoencoder.rate_points or not in_range):
            raise ValueError(f"a model needs a lambda above 0 and up to {MOST_LAMBDA:g} for each rate point")

    def _check_quality(self) -> None:
        if len(self.quality) > MOST_QUALITIES:
            raise ValueError(f"a model has settings for up to {MOST_QUALITIES} qualities")
        if any(chosen.lambda_ > MOST_QUALITY_LAMBDA for chosen in self.quality):
            raise ValueError(f"the lambda of a quality is at most {MOST_QUALITY_LAMBDA:g}")
        if max(chosen.rate_point for chosen in self.quality) >= self.autoencoder.rate_points:
            raise ValueError("a quality has a rate point that the model does not have")
        if any((b.rate_point, -b.lambda_) < (a.rate_point, -a.lambda_) for a, b in pairwise(self.quality)):
            raise ValueError("a quality is coarser than the one before it")

    @property
    def covered(self) -> tuple[int, Cost]:
        """Pixels, or samples of a channel, of a latent position, and the most that the prior may take for each."""
        if isinstance(self.autoencoder, audio.AutoencoderConfig):
            return self.autoencoder.stride, PRIOR_OF_SAMPLES
        return self.autoencoder.stride**2, PRIOR_OF_PIXELS

    @property
    def normative(self) -> str:
        """What the arrays of the normative part do not say: the order of the planes, and the size of a position."""
        text = f"{self.prior.planes} {self.prior.streams} {self.autoencoder.stride}"
        if isinstance(self.autoencoder, audio.AutoencoderConfig):
            text += f" {self.autoencoder.sample_rate}"
        return text


def _structuring(autoencoder: type, prior: type) -> Callable[[Any, Any], ModelConfig]:
    """The function that makes a configuration with these shapes from parsed JSON."""
    return make_dict_structure_fn(
        ModelConfig,
        _converter,
        autoencoder=override(struct_hook=lambda value, _: _converter.structure(value, autoencoder)),
        prior=override(struct_hook=lambda value, _: _converter.structure(value, prior)),
    )


def _rename(shape: type, **keys: str) -> None:
    """Let attributes of a shape have other keys in JSON."""
    overrides: Any = {attribute: override(rename=key) for attribute, key in keys.items()}
    _converter.register_structure_hook(shape, make_dict_structure_fn(shape, _converter, **overrides))
    _converter.register_unstructure_hook(shape, make_dict_unstructure_fn(shape, _converter, **overrides))


_converter = Converter(forbid_extra_keys=True)
for _autoencoder, _prior in SHAPES.values():
    _rename(_autoencoder, rate_points="rates")
    _rename(_prior, streams="layers")
_converter.register_unstructure_hook(
    ModelConfig,
    make_dict_unstructure_fn(
        ModelConfig,
        _converter,
        modality=override(omit_if_default=True),
        lambdas=override(omit_if_default=True),
        distortion=override(omit_if_default=True),
    ),
)
_structurings = {modality: _structuring(*shapes) for modality, shapes in SHAPES.items()}


def from_json(text: str) -> ModelConfig:
    """The configuration that `to_json` wrote.

    Raises:
        ValueError: the text is not a configuration.
    """
    try:
        settings = json.loads(text)
        return _structurings[settings.get("modality", "image")](settings, ModelConfig)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BaseValidationError):
        raise ValueError("not the configuration of a model for pictures or sound") from None


def to_json(config: ModelConfig) -> str:
    """One line of JSON."""
    return json.dumps(_converter.unstructure(config))

"""The configuration of a model, and its JSON in the header of a model file.

    {"autoencoder": {...}, "prior": {...}, "quality": [...], "description": "...", "decoder_version": 1,
     "modality": "audio"}

The modality says what autoencoder and prior are; models for pictures, which were there first, leave it out.
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

# Far above those of any model; with others, what they are multiplied with would not stay finite.
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
    """What a model is, beside its weights. ValueError is raised for what no model is.

    Attributes:
        autoencoder: the shape of encoder and decoder.
        prior: the shape of the prior.
        quality: the settings of quality 1..100, evenly spaced, each at least as fine as the one before it.
        description: a line for people.
        decoder_version: counts the decoders that were released for the same normative part.
        modality: what the model is for; autoencoder and prior are its.
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
            raise ValueError("a model has settings for its qualities, and a version from 0 to 2**32 - 1")
        if (type(self.autoencoder), type(self.prior)) != SHAPES.get(self.modality):
            raise ValueError("a model has autoencoder and prior of one modality")
        self._check_quality()
        # Not of their least and greatest, as one may be no number.
        in_range = all(0 < lambda_ <= MOST_LAMBDA for lambda_ in self.lambdas)
        if self.lambdas and (len(self.lambdas) != self.autoencoder.rate_points or not in_range):
            raise ValueError(f"a model has one lambda above 0, and up to {MOST_LAMBDA:g}, for each rate point")

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
        """Pixels, or samples of a channel, that a position stands for, and the most that the prior takes for each."""
        if isinstance(self.autoencoder, audio.AutoencoderConfig):
            return self.autoencoder.stride, PRIOR_OF_SAMPLES
        return self.autoencoder.stride**2, PRIOR_OF_PIXELS

    @property
    def normative(self) -> str:
        """What of the normative part is in no array: the order of the planes, and what a position stands for."""
        text = f"{self.prior.planes} {self.prior.streams} {self.autoencoder.stride}"
        if isinstance(self.autoencoder, audio.AutoencoderConfig):
            text += f" {self.autoencoder.sample_rate}"
        return text


def _structuring(autoencoder: type, prior: type) -> Callable[[Any, Any], ModelConfig]:
    """What makes a configuration with these shapes from parsed JSON."""
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
        ValueError: it is none.
    """
    try:
        settings = json.loads(text)
        return _structurings[settings.get("modality", "image")](settings, ModelConfig)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, BaseValidationError):
        raise ValueError("not the configuration of a model, or of one for something unknown") from None


def to_json(config: ModelConfig) -> str:
    """One line of JSON."""
    return json.dumps(_converter.unstructure(config))

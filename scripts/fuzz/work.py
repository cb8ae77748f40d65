"""How much work a file is with a model, as docs/FORMAT.md says, and whether a reader with limits may do it."""

from __future__ import annotations

from bitstream import AudioSource, ImageSource, Limits

from .text import ModelFile

__all__ = ["ALLOWED", "Source", "may_be_decoded", "shape"]

Source = ImageSource | AudioSource

# Small, so that nothing that is allowed takes long.
ALLOWED = Limits(max_pixels=2**15, max_samples=2**17, max_seconds=2**5, max_steps=2**14)
RATES, MOST_CHANNELS = range(1_000, 10_000_001), 1_024
ALPHA_STEPS = 8  # of each diagonal of pixels


def may_be_decoded(model: ModelFile, source: Source) -> bool:
    """Whether a file of the modality of the model is within the limits of ALLOWED."""
    if isinstance(source, AudioSource):
        samples = max(source.samples, _coded_samples(model, source)) * source.channels
        playable = source.sample_rate in RATES and source.channels <= MOST_CHANNELS
        is_short = source.samples <= ALLOWED.max_seconds * source.sample_rate
        return playable and is_short and samples <= ALLOWED.max_samples
    return source.width * source.height <= ALLOWED.max_pixels and _steps(model, source) <= ALLOWED.max_steps


def shape(model: ModelFile, source: Source) -> tuple[int, int]:
    """Rows and columns of the index volume."""
    if isinstance(source, AudioSource):
        return source.coded_rows, -(-_coded_samples(model, source) // model.stride)
    return -(-source.coded_height // model.stride), -(-source.coded_width // model.stride)


def _coded_samples(model: ModelFile, source: AudioSource) -> int:
    """Samples of a channel at the rate of the model."""
    return int(-(-source.samples * model.config["autoencoder"]["sample_rate"] // source.sample_rate))


def _steps(model: ModelFile, source: ImageSource) -> int:
    """What is done one after the other: planes and layers of each diagonal of positions, or diagonals of pixels."""
    diagonals = -(-source.width // model.stride) + 2 * -(-source.height // model.stride)
    layers = [name for name in model.arrays if "/causal/" in name and name.endswith("/weight")]
    calls = len(model.sizes[0]) + len(layers) + len(model.slices)
    return int(max(diagonals * calls, ALPHA_STEPS * (source.width + 2 * source.height)))

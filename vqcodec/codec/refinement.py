"""Efforts above "fast": codes are refined for the decoded picture, instead of chosen for the latents of the encoder.

An encoder has only one guess at the latents of a picture. Here the latents are refined for this one picture, as in
Campos et al., 'Content adaptive optimization for neural image compression' (2019), but over hard codes:

    z_e --choose codes in context--> z_q --decoder--> distortion, --prior--> bits
     ^                                                    |               |
     part of the way towards  z_q - gradient / curvature -+---------------+

The distortion is the one that the model is trained for. Its sum with the bits is modelled as quadratic in the latents,
with the metric of the quantizer as its curvature. Training makes the metric for this: codes are chosen as if the
squared errors of latents, in widths, added up to the distortion of the picture. The bits are those that a code costs
other codes (see `rate_gradient`); its own are known when it is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream import InputError
from vqcodec.defaults import Effort
from vqcodec.model.quality import Setting
from vqcodec.system.progress import watched

if TYPE_CHECKING:
    from vqcodec.codec.base import Codec
    from vqcodec.model.model import Model
    from vqcodec.transform.image.networks import ImageNetworks

__all__ = ["BEST_LAMBDA", "refine", "setting_to_refine"]

# The part of the way to the minimum of the quadratic model that latents go in each pass. All positions move at once, so
# larger steps would overshoot. With the small steps at the end, latents are a mean over many passes.
STEPS: dict[Effort, list[float]] = {
    "normal": np.geomspace(0.6, 0.2, 4).tolist(),
    "high": np.geomspace(0.6, 0.05, 20).tolist(),
}
# Lambda where widths are best, in squared widths a bit: d(width^2 / 12) / d(bits) at high resolution.
BEST_LAMBDA = math.log(2) / 6
LEAST = 1e-6  # stands for smaller lambdas of a quality table, some of which may be 0


def refine(
    codec: Codec,
    networks: ImageNetworks,
    rate_gradient: Callable[[NDArray[np.int32], int], NDArray[np.float32] | float],
    pixels: NDArray[np.uint8],
    aim: NDArray[np.float32],
    chosen: Setting,
    steps: Sequence[float],
) -> NDArray[np.int32]:
    """Indices `[P, h, w]` for pixels `[H, W, 3]`, no worse than those of `Codec.choose`.

    Args:
        codec, networks: of a model.
        rate_gradient: its `RateGradient`.
        pixels: the picture.
        aim: its z_e `[P, D, h, w]`, which are refined in place.
        chosen: rate point and lambda.
        steps: one for each pass; see `STEPS`.

    Raises:
        InputError: the model has no lambdas.
    """
    codebooks, rate_point = codec.model.codebooks, chosen.rate_point
    weight = _lambdas(codec.model)[rate_point] * BEST_LAMBDA  # of the distortion of a pixel, in squared widths
    descent = 0.5 / codebooks.metric[rate_point][..., None, None]  # half the curvature is the metric
    indices = codec.choose(aim, chosen)
    best, least = indices, math.inf
    all_steps = [*steps, 0.0]  # the last pass only measures the codes of the one before
    for (number,) in watched([range(number, number + 1) for number in range(len(all_steps))], len(all_steps)):
        step = all_steps[number]
        aim *= 1 - step
        for plane, own in enumerate(indices):
            aim[plane] += step * codebooks.of(rate_point, plane)[own].transpose(2, 0, 1)
        error = 0.0
        for i, j, part, gradient in networks.errors(pixels, indices, rate_point, codec.model.config.distortion):
            error += part
            slope = gradient.reshape(*aim.shape[:2], *gradient.shape[1:])
            aim[:, :, i.window(), j.window()] -= step * weight * descent * slope
        if step:
            aim -= step * chosen.lambda_ * descent * rate_gradient(indices, rate_point)
        found = codec.assign_in_context(aim, chosen, indices)
        cost = weight * error + chosen.lambda_ * found.bits_before
        if cost < least:
            best, least = indices, cost
        indices = found.indices
    return best


def setting_to_refine(model: Model, quality: float) -> Setting:
    """The setting of a quality 1..100 for codes that are refined.

    In the quality table, each rate point serves a range of lambdas, and refinement gains less near the ends of it. So
    the table is smoothed first: a straight line over quality is fitted to the logarithm of the exchange, which is the
    distortion weight of the rate point over lambda. With the exchange of a quality, each rate point has its own lambda,
    and the rate point is taken whose lambda is closest to BEST_LAMBDA.

    Raises:
        InputError: the model has no lambdas.
    """
    table, lambdas = model.config.quality, _lambdas(model)
    exchanges = np.log([lambdas[entry.rate_point] / max(entry.lambda_, LEAST) for entry in table])
    slope, level = np.polyfit(np.linspace(1, 100, len(table)), exchanges, 1) if len(table) > 1 else (0, exchanges[0])
    exchange = math.exp(level + max(slope, 0) * quality)
    settings = [Setting(rate_point, lambda_ / exchange) for rate_point, lambda_ in enumerate(lambdas)]
    return min(settings, key=lambda each: abs(math.log(each.lambda_ / BEST_LAMBDA)))


def _lambdas(model: Model) -> tuple[float, ...]:
    """The weight of the distortion against bits a pixel, at each rate point; InputError if the model has none."""
    if not model.config.lambdas:
        raise InputError("the model has no lambdas, which high effort needs")
    return model.config.lambdas

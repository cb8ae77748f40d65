"""Codes for the picture that a decoder makes of them, rather than for the latents of an encoder: `effort="high"`.

An encoder has one guess at the latents of any picture. Here they are refined for the picture at hand, as in Campos et
al., 'Content adaptive optimization for neural image compression' (2019), but over hard codes:

    z_e --choose codes in context--> z_q --decoder--> distortion
     ^                                                    |
     part of the way towards  z_q - gradient / curvature -+

The distortion is that which the model is trained for. It is taken to be quadratic with the metric of the quantizer,
which is what training made the metric for: codes are chosen as if errors of latents, squared and in widths, added up to
that of the picture.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bitstream import InputError
from vqcodec.model.quality import Setting
from vqcodec.system.progress import watched

if TYPE_CHECKING:
    from vqcodec.codec.base import Codec
    from vqcodec.model.model import Model
    from vqcodec.transform.image.networks import ImageNetworks

__all__ = ["BEST_LAMBDA", "refine", "setting_to_refine"]

# How far latents go towards the minimum of the quadratic model, pass by pass: all positions move at once, and overshoot
# with more; towards the end they are a mean over many passes. The last pass only judges what the one before has found.
STEPS = (*np.geomspace(0.4, 0.08, 10).tolist(), 0.0)
# Lambda where widths are best, in squared widths a bit: d(width^2 / 12) / d(bits) at high resolution.
BEST_LAMBDA = math.log(2) / 6
LEAST = 1e-6  # of the lambdas of a quality table, some of which may be 0


def refine(
    codec: Codec, networks: ImageNetworks, pixels: NDArray[np.uint8], aim: NDArray[np.float32], chosen: Setting
) -> NDArray[np.int32]:
    """Indices `[P, h, w]` for pixels `[H, W, 3]`, no worse than those of `Codec.choose`.

    Args:
        codec, networks: of a model.
        pixels: the picture.
        aim: its z_e `[P, D, h, w]`; what they are refined to is left there.
        chosen: rate point and lambda.

    Raises:
        InputError: the model does not tell its lambdas.
    """
    codebooks, rate_point = codec.model.codebooks, chosen.rate_point
    weight = _lambdas(codec.model)[rate_point] * BEST_LAMBDA  # of the distortion of a pixel, in squared widths
    descent = weight / 2 / codebooks.metric[rate_point][..., None, None]  # half the curvature is the metric
    indices = codec.choose(aim, chosen)
    best, least = indices, math.inf
    for (number,) in watched([range(number, number + 1) for number in range(len(STEPS))], len(STEPS)):
        step = STEPS[number]
        aim *= 1 - step
        for plane, own in enumerate(indices):
            aim[plane] += step * codebooks.of(rate_point, plane)[own].transpose(2, 0, 1)
        error = 0.0
        for i, j, part, gradient in networks.errors(pixels, indices, rate_point, codec.model.config.distortion):
            error += part
            aim[:, :, i.window(), j.window()] -= step * descent * gradient.reshape(*aim.shape[:2], *gradient.shape[1:])
        found = codec.assign_in_context(aim, chosen, indices)
        cost = weight * error + chosen.lambda_ * found.bits_before
        if cost < least:
            best, least = indices, cost
        indices = found.indices
    return best


def setting_to_refine(model: Model, quality: float) -> Setting:
    """The setting of a quality 1..100 for codes that are refined.

    Near the ends of the range that a rate point has in the quality table refined codes gain less: those of the next one
    are better there. So a quality stands for the trend of the table, by which a bit has to save less and less of the
    distortion. At this rate of exchange each rate point has a lambda, and the rate point is that whose widths it suits.

    Raises:
        InputError: the model does not tell its lambdas.
    """
    table, lambdas = model.config.quality, _lambdas(model)
    exchanges = np.log([lambdas[entry.rate_point] / max(entry.lambda_, LEAST) for entry in table])
    slope, level = np.polyfit(np.linspace(1, 100, len(table)), exchanges, 1) if len(table) > 1 else (0, exchanges[0])
    exchange = math.exp(level + max(slope, 0) * quality)
    settings = [Setting(rate_point, lambda_ / exchange) for rate_point, lambda_ in enumerate(lambdas)]
    return min(settings, key=lambda each: abs(math.log(each.lambda_ / BEST_LAMBDA)))


def _lambdas(model: Model) -> tuple[float, ...]:
    """What the distortion of a pixel is worth, in bits, at each rate point; InputError if the model does not tell."""
    if not model.config.lambdas:
        raise InputError("the model does not tell what an error is worth, which an encoding of high effort has to know")
    return model.config.lambdas

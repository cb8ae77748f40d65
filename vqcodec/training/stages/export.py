"""From trained networks to a model: codes are sorted by use, unused ones are dropped, and the prior has order 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from vqcodec.model.config import ModelConfig
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.prior.config import WaveNetConfig
from vqcodec.training.prior.networks import prior_network
from vqcodec.transform.codebooks import Codebooks
from vqcodec.transform.torch_networks import arrays_of

if TYPE_CHECKING:
    from vqcodec.training.quantizer import ProductQuantizer
    from vqcodec.training.stages.objective import Decoder, Encoder, LikelihoodHead
    from vqcodec.training.stages.settings import TrainingSettings

__all__ = ["default_quality", "export_model", "sorted_codebooks"]

# A code that is used less often by the counted latents is dropped.
LEAST_USE = 2


def default_quality(rate_points: int, lambda_: float) -> tuple[Setting, ...]:
    """Settings before a model is calibrated: rate points in order, each from a high to a low lambda."""
    factors = (2.0, 1.0, 0.5)
    return tuple(
        Setting(rate_point, max(lambda_, 1e-6) * factor) for rate_point in range(rate_points) for factor in factors
    )


@torch.no_grad()
def sorted_codebooks(quantizer: ProductQuantizer, latents: Tensor, lambda_: float) -> Codebooks:
    """Codebooks whose codes are sorted by how often they are used for `latents` `[1, C, N, 1]`."""
    config = quantizer.config
    codewords = np.zeros(tuple(quantizer.codebooks.shape), np.float32)
    code_bits = np.zeros(codewords.shape[:3], np.float32)
    sizes = np.ones(codewords.shape[:2], np.intp)
    for rate_point in range(config.rate_points):
        point = torch.tensor([rate_point])
        uses = [quantizer.assign(latents, point, lambda_ * factor) for factor in (0.5, 1.0)]
        for plane in range(config.planes):
            count = torch.stack([torch.bincount(use[0, plane].flatten(), minlength=config.alphabet) for use in uses])
            total = count.sum(0).double()
            order = total.argsort(descending=True, stable=True)
            kept = order[: max(1, int((total >= LEAST_USE).sum()))]
            sizes[rate_point, plane] = len(kept)
            codewords[rate_point, plane, : len(kept)] = quantizer.codebooks[rate_point, plane, kept].numpy()
            code_bits[rate_point, plane, : len(kept)] = -torch.log2(total[kept] / total[kept].sum()).numpy()
    # Rounded as in the file, as the prior is fitted to stored codewords.
    codewords = codewords.astype(np.float16).astype(np.float32)
    return Codebooks(codewords, sizes, quantizer.metric.numpy().copy(), code_bits)


def export_model(
    settings: TrainingSettings,
    encoder: Encoder,
    decoder: Decoder,
    likelihood: LikelihoodHead,
    quantizer: ProductQuantizer,
    latents: Tensor,
) -> Model:
    """The model of trained networks, with a prior that knows the order-0 frequencies only."""
    lambda_ = settings.codes.lambda_
    codebooks = sorted_codebooks(quantizer, latents, lambda_)
    network = prior_network(settings.prior, codebooks)
    config = ModelConfig(
        autoencoder=settings.autoencoder,
        prior=settings.prior,
        quality=default_quality(len(settings.lambdas), lambda_),
        description=settings.description,
        modality="audio" if isinstance(settings.prior, WaveNetConfig) else "image",
        lambdas=settings.lambdas,
        distortion=getattr(settings, "distortion", "squared error"),
    )
    networks = arrays_of("encoder", encoder) | arrays_of("decoder", decoder) | arrays_of("likelihood", likelihood)
    return Model(config, codebooks, network.export(), networks)

"""Sharpening: the last step of fitting a prior, which makes samples of the prior cost as many bits as real indices.

Samples of a well fitted prior cost more bits than the indices that it was fitted to. An unlikely draw leads to
surroundings that real pictures never have; there the prior is less certain, and more unlikely draws follow. So all
logits are multiplied by a factor a little above 1, one for each rate point. At the optimum of the fit, this costs real
indices bits only to second order, while samples lose bits to first order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vqcodec.prior.base import EntropyModel
from vqcodec.prior.fastest import fastest
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.training.prior.networks import PriorNetwork
from vqcodec.training.prior.volumes import IndexVolumes

__all__ = ["sharpen"]

MOST = 1.5
HALVINGS = 5
DRAWS = 24
LONGEST = 128  # rows and columns of a sample, at most, as samples take long to draw


def sharpen(network: PriorNetwork, volumes: IndexVolumes) -> list[float]:
    """Set `network.sharpness` by bisection on the exact prior, and return the factors.

    Args:
        network: fitted, with rounding.
        volumes: held out of the fit; about DRAWS of each rate point are used.
    """
    for rate_point, held_out in enumerate(tqdm(volumes.volumes, desc="sharpness", disable=None)):
        some = held_out[:: max(1, len(held_out) // DRAWS)]
        chosen = [volume[:, :LONGEST, :LONGEST].astype(np.int32) for volume in some]
        low, high = 1.0, MOST
        if draws_excess(fastest(network.export()), chosen, rate_point) <= 0:
            continue
        for _ in range(HALVINGS):
            network.sharpness[rate_point] = (low + high) / 2
            if draws_excess(fastest(network.export()), chosen, rate_point) > 0:
                low = (low + high) / 2
            else:
                high = (low + high) / 2
        network.sharpness[rate_point] = (low + high) / 2
    return network.sharpness.tolist()


def draws_excess(prior: EntropyModel, volumes: list[NDArray[np.int32]], rate_point: int) -> float:
    """How many more bits samples of the same sizes cost than the volumes."""
    draws = [prior.sample(SymbolSampler(seed), rate_point, *volume.shape[1:]) for seed, volume in enumerate(volumes)]
    costs = [sum(float(prior.bits(volume, rate_point).sum()) for volume in each) for each in (draws, volumes)]
    return costs[0] - costs[1]

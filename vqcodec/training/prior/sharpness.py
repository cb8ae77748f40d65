"""The last touch to a prior: its own draws shall cost what the indices of files cost.

A draw that real pictures would seldom have leads to surroundings that they never have, in which the prior is less sure
of anything, and so on: ancestral samples of a well fitted prior take more bits than what it was fitted to. Its logits
are therefore multiplied by a factor a little above 1, one for each rate point. At the optimum of the fit this costs
real indices bits to second order only, and draws lose bits to first order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from vqcodec.prior.base import Prior
from vqcodec.prior.sampling import SymbolSampler
from vqcodec.training.prior.networks import PriorNetwork
from vqcodec.training.prior.volumes import IndexVolumes

__all__ = ["sharpen"]

MOST = 1.5
HALVINGS = 5
DRAWS = 24
LONGEST = 128  # rows and columns of a draw: they are made one after the other


def sharpen(network: PriorNetwork, volumes: IndexVolumes) -> list[float]:
    """Set `network.sharpness`, by bisection on the exact prior; the factors.

    Args:
        network: fitted, with rounding.
        volumes: held out of the fit; at most DRAWS of each rate point are used.
    """
    for rate_point, held_out in enumerate(tqdm(volumes.volumes, desc="sharpness", disable=None)):
        some = held_out[:: max(1, len(held_out) // DRAWS)]
        chosen = [volume[:, :LONGEST, :LONGEST].astype(np.int32) for volume in some]
        low, high = 1.0, MOST
        if draws_excess(network.export(), chosen, rate_point) <= 0:
            continue
        for _ in range(HALVINGS):
            network.sharpness[rate_point] = (low + high) / 2
            if draws_excess(network.export(), chosen, rate_point) > 0:
                low = (low + high) / 2
            else:
                high = (low + high) / 2
        network.sharpness[rate_point] = (low + high) / 2
    return network.sharpness.tolist()


def draws_excess(prior: Prior, volumes: list[NDArray[np.int32]], rate_point: int) -> float:
    """Bits that draws of the volumes' sizes cost more than the volumes."""
    draws = [prior.sample(SymbolSampler(seed), rate_point, *volume.shape[1:]) for seed, volume in enumerate(volumes)]
    costs = [sum(float(prior.bits(volume, rate_point).sum()) for volume in each) for each in (draws, volumes)]
    return costs[0] - costs[1]

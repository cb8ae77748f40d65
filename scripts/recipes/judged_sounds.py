"""How decoded recordings stand beside their originals: what the scripts that train on sound measure by."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np
import torch
from numpy.typing import NDArray
from pystoi import stoi
from torch import Tensor

from vqcodec.evaluation.sounds.metrics import RATE, Scores, mono, pesq_wb, score
from vqcodec.training.audio import SoundObjective

__all__ = ["Decoded", "Judged", "first_seconds", "judge"]

SECONDS = 8


@dataclass(frozen=True)
class Decoded:
    """What became of a recording.

    Attributes:
        location: `[1, 1, N]`, nominally in -1..1.
        bits: of its latents, in one or more ways of coding them.
    """

    location: Tensor
    bits: tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """Means over recordings.

    Attributes:
        kbps: kbit/s, for each way of coding.
        distance: what is trained for.
        pesq, stoi, visqol: see `Scores`; ViSQOL is NaN unless it was asked for.
    """

    kbps: tuple[float, ...]
    distance: float
    pesq: float
    stoi: float
    visqol: float


def first_seconds(sounds: Sequence[NDArray[np.int16]], sample_rate: int, stride: int) -> list[Tensor]:
    """The first SECONDS of each recording, or as much as there is, in whole strides: `[1, 1, N]` in -1..1."""
    cuts = [sound[: min(len(sound), SECONDS * sample_rate) // stride * stride] for sound in sounds]
    return [torch.from_numpy(cut.astype(np.float32) / 2**15)[None, None] for cut in cuts if len(cut)]


@torch.no_grad()  # not inference mode: the distance keeps tensors that training will use
def judge(
    originals: Sequence[Tensor],
    decode: Callable[[Tensor], Decoded],
    objective: SoundObjective,
    visqol: bool = False,
) -> Judged:
    """Measure `decode` on recordings `[1, 1, N]`; ViSQOL takes longer than all else."""
    rate, rows = objective.sample_rate, []
    for x in originals:
        decoded = decode(x)
        seconds = x.shape[2] / rate
        kbps = [bits / seconds / 1000 for bits in decoded.bits]
        samples = (mono(each[0].float().numpy(), rate) for each in (x, decoded.location))
        scores = score(*samples) if visqol else _quick_scores(*samples)
        distance = objective.distortion(x, decoded.location).item()
        rows.append((distance, scores.pesq, scores.stoi, scores.visqol, *kbps))
    distance, *means = map(fmean, zip(*rows, strict=True))
    return Judged(tuple(means[3:]), distance, *means[:3])


def _quick_scores(original: NDArray[np.float32], decoded: NDArray[np.float32]) -> Scores:
    return Scores(pesq_wb(original, decoded), float(stoi(original, decoded, RATE)), math.nan)

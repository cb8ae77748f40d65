"""No table of the prior of sound depends on what is not decoded at its step; and it depends on all that may help."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.helpers.priors import random_indices
from tests.helpers.wavenets import MAKERS, RAGGED, ragged_network, wavenet_named
from vqcodec.prior.wavenet import WaveNet

FRAMES = 16
REACH = 2 + sum(RAGGED.dilations)  # how many frames back a slice sees its own values


@pytest.mark.parametrize("number", range(len(RAGGED.planes)))
def test_no_logit_depends_on_the_future(number: int) -> None:
    """By gradient of the twin: on own values before the frame, on earlier slices' to one after it, on no others."""
    network, rate = ragged_network(), 1
    indices = torch.from_numpy(random_indices(wavenet_named("ragged"), rate, 1, FRAMES)[:, 0]).long()
    values = network.look_up(indices[None], rate).requires_grad_()
    planes, project = network.ranges[number], network.project[number]
    first, last = planes.start * 2, planes.stop * 2
    hidden = network.hidden(values, rate, quantized=False)[number]
    logits = torch.cat([network.logits(plane, project, hidden, rate, quantized=False) for plane in planes], -1)
    for frame in range(FRAMES):
        score = logits[0, frame] @ torch.randn(logits.shape[-1])
        (gradient,) = torch.autograd.grad(score, values, retain_graph=True)
        earlier, own, later = np.split((gradient[0] != 0).numpy(), [first, last], axis=1)
        assert not later.any()
        assert np.flatnonzero(own.any(1)).tolist() == list(range(max(0, frame - REACH), frame))
        seen = range(max(0, frame + 1 - REACH), min(FRAMES, frame + 2)) if number else range(0)
        assert np.flatnonzero(earlier.any(1)).tolist() == list(seen)


def costs_of(prior: WaveNet, indices: NDArray[np.int32], rate: int) -> dict[int, NDArray[np.float32]]:
    """Of each plane with a choice, `[C, T, K]`."""
    found: dict[int, list[NDArray[np.float32]]] = {}
    for plane, _, cost in prior.costs(indices, rate):
        found.setdefault(plane, []).append(cost)
    return {plane: np.concatenate(parts).reshape(*indices.shape[1:], -1) for plane, parts in found.items()}


@pytest.mark.parametrize("name", MAKERS)
@settings(deadline=None, max_examples=15)
@given(st.data())
def test_no_table_depends_on_the_future(name: str, data: st.DataObject) -> None:
    """By perturbation of the exact prior."""
    prior, rate = wavenet_named(name), data.draw(st.integers(0, 1))
    plane = data.draw(st.sampled_from(np.flatnonzero(prior.sizes[rate] > 1).tolist()))
    channel, frame = data.draw(st.integers(0, 1)), data.draw(st.integers(0, FRAMES - 1))
    indices = random_indices(prior, rate, 2, FRAMES)
    other = indices.copy()
    other[plane, channel, frame] = (other[plane, channel, frame] + 1) % prior.sizes[rate, plane]
    before, after = costs_of(prior, indices, rate), costs_of(prior, other, rate)
    (own,) = [planes for planes in prior.plane_ranges if plane in planes]
    for each in before:
        changed = (before[each] != after[each]).any(2)
        assert not changed[1 - channel].any()
        if each < own.start:
            assert not changed.any()
        elif each in own:
            assert not changed[channel, : frame + 1].any()
        else:
            assert not changed[channel, : max(0, frame - 1)].any()


@pytest.mark.parametrize("name", MAKERS)
def test_tables_depend_on_the_past(name: str) -> None:
    prior = wavenet_named(name)
    indices = random_indices(prior, 0, 1, FRAMES)
    other = indices.copy()
    other[0, 0, 5] = (other[0, 0, 5] + 1) % prior.sizes[0, 0]
    before, after = costs_of(prior, indices, 0), costs_of(prior, other, 0)
    assert (before[0][0, 6] != after[0][0, 6]).any()
    last = max(before)
    if last not in prior.plane_ranges[0]:
        assert (before[last][0, 4] != after[last][0, 4]).any()  # a frame ahead

"""No table depends on what is not decoded before it; and it depends on what may help."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.helpers import pixelcnns, wavenets
from tests.helpers.every_prior import NAMES, EitherPrior, prior_named, tables_of
from tests.helpers.priors import random_indices
from vqcodec.prior.pixelcnn import PixelCNN

FRAMES = 16
REACH = 2 + sum(wavenets.RAGGED.dilations)  # how many frames back a slice of sound sees its own values

every_prior = pytest.mark.parametrize("name", NAMES)


def time_of(height: int, width: int) -> NDArray[np.intp]:
    """When a position of a picture is decoded."""
    return np.arange(width) + 2 * np.arange(height)[:, None]


# By gradient of the trainable twins --------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(len(pixelcnns.RAGGED.planes)))
def test_no_logit_of_a_picture_depends_on_the_future(number: int) -> None:
    """Only on the slice's own values at an earlier time, and on earlier slices, anywhere."""
    network, height, width, rate_point = pixelcnns.ragged_network(), 5, 6, 1
    indices = torch.from_numpy(random_indices(prior_named("pixelcnn-ragged"), rate_point, height, width)).long()
    values = network.look_up(indices[None], rate_point).requires_grad_()
    planes, module = network.ranges[number], network.slices[number]
    first, last = planes.start * 2, planes.stop * 2
    hidden = module(values[:, first:last], values[:, :first], rate_point, quantized=False).permute(0, 2, 3, 1)
    parts = [network.logits(plane, module.project, hidden, rate_point, quantized=False) for plane in planes]
    logits, time = torch.cat(parts, -1), time_of(height, width)
    reached = np.zeros((height, width), bool)
    for i, j in np.ndindex(height, width):
        score = logits[0, i, j] @ torch.randn(logits.shape[-1])
        (gradient,) = torch.autograd.grad(score, values, retain_graph=True)
        touched = (gradient[0] != 0).numpy()
        assert not touched[first:last, time >= time[i, j]].any()
        assert not touched[last:].any()
        reached |= touched[first:last].any(0)
        assert touched[:first].any() == (number > 0)
        assert all(
            touched[first:last, i + di, j + dj].any()
            for di, dj in ((0, -1), (-1, -1), (-1, 0), (-1, 1))
            if i + di >= 0 and 0 <= j + dj < width
        )
    assert reached.sum() == height * width - 1  # all but the last position are of use to some other


@pytest.mark.parametrize("number", range(len(wavenets.RAGGED.planes)))
def test_no_logit_of_a_sound_depends_on_the_future(number: int) -> None:
    """On own values before the frame, on earlier slices' to one after it, on no others."""
    network, rate_point = wavenets.ragged_network(), 1
    indices = torch.from_numpy(random_indices(prior_named("wavenet-ragged"), rate_point, 1, FRAMES)[:, 0]).long()
    values = network.look_up(indices[None], rate_point).requires_grad_()
    planes, project = network.ranges[number], network.project[number]
    first, last = planes.start * 2, planes.stop * 2
    hidden = network.hidden(values, rate_point, quantized=False)[number]
    logits = torch.cat([network.logits(plane, project, hidden, rate_point, quantized=False) for plane in planes], -1)
    for frame in range(FRAMES):
        score = logits[0, frame] @ torch.randn(logits.shape[-1])
        (gradient,) = torch.autograd.grad(score, values, retain_graph=True)
        earlier, own, later = np.split((gradient[0] != 0).numpy(), [first, last], axis=1)
        assert not later.any()
        assert np.flatnonzero(own.any(1)).tolist() == list(range(max(0, frame - REACH), frame))
        seen = range(max(0, frame + 1 - REACH), min(FRAMES, frame + 2)) if number else range(0)
        assert np.flatnonzero(earlier.any(1)).tolist() == list(seen)


# By perturbation of the exact priors -------------------------------------------------------------------------------


def may_see(prior: EitherPrior, shape: tuple[int, int], place: tuple[int, int], is_own: bool) -> NDArray[np.bool_]:
    """The positions `[rows, columns]` that may depend on an index at `place`, in its own slice or a later one."""
    row, column = place
    if isinstance(prior, PixelCNN):
        time = time_of(*shape)
        return time > time[place] if is_own else np.ones(shape, bool)
    seen = np.zeros(shape, bool)
    seen[row, column + 1 if is_own else max(0, column - 1) :] = True
    return seen


@every_prior
@settings(deadline=None, max_examples=15)
@given(st.data())
def test_no_table_depends_on_the_future(name: str, data: st.DataObject) -> None:
    prior, rate_point = prior_named(name), data.draw(st.integers(0, 1))
    shape = (5, 5) if isinstance(prior, PixelCNN) else (2, FRAMES)
    plane = data.draw(st.sampled_from(np.flatnonzero(prior.sizes[rate_point] > 1).tolist()))
    place = data.draw(st.tuples(*(st.integers(0, size - 1) for size in shape)))
    indices = random_indices(prior, rate_point, *shape)
    other = indices.copy()
    other[plane, *place] = (other[plane, *place] + 1) % prior.sizes[rate_point, plane]
    before, after = tables_of(prior, indices, rate_point), tables_of(prior, other, rate_point)
    (own,) = [planes for planes in prior.plane_ranges if plane in planes]
    for each in before:
        changed = (before[each] != after[each]).any(1).reshape(shape)
        seen = may_see(prior, shape, place, each in own) if each >= own.start else np.zeros(shape, bool)
        assert not changed[~seen].any()


@every_prior
@pytest.mark.parametrize("rate_point", [0, 1])
def test_tables_depend_on_the_past(name: str, rate_point: int) -> None:
    """Some other index makes a difference to its neighbour; and to the last slice in place, of sound a frame ahead."""
    prior = prior_named(name)
    of_picture, of_sound = ((5, 5), (0, 0), 1, 0), ((1, FRAMES), (0, 5), 6, 4)
    shape, place, neighbour, ahead = of_picture if isinstance(prior, PixelCNN) else of_sound
    indices = random_indices(prior, rate_point, *shape)
    before = tables_of(prior, indices, rate_point)
    plane, last = min(before), max(before)
    changed_neighbour = changed_last = False
    for value in range(prior.sizes[rate_point, plane]):
        other = indices.copy()
        other[plane, *place] = value
        after = tables_of(prior, other, rate_point)
        changed_neighbour |= bool((before[plane][neighbour] != after[plane][neighbour]).any())
        changed_last |= bool((before[last][ahead] != after[last][ahead]).any())
    assert changed_neighbour
    own = next(planes for planes in prior.plane_ranges if plane in planes)
    assert changed_last == (last not in own)

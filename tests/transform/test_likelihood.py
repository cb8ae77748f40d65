"""The discretized logistic: a distribution over 0..255 whatever its location and scale, in every precision."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from vqcodec.training.likelihood import code_length, pixel_code_length, sample_code_length
from vqcodec.transform import likelihood

LEVELS = torch.arange(256.0)
LOCATIONS = torch.tensor([-1e5, -300.0, -0.5, 0.0, 0.3, 17.5, 128.0, 254.9, 255.0, 255.5, 400.0, 1e5])
LOG_SCALES = torch.tensor([-6.0, -3.0, -1.0, 0.0, 1.5, 3.0, 5.0, 8.0])


def grid(dtype: torch.dtype) -> tuple[Tensor, Tensor, Tensor]:
    """All levels at all locations and scales: `[256, locations, scales]`."""
    values, location, log_scale = torch.meshgrid(LEVELS, LOCATIONS, LOG_SCALES, indexing="ij")
    return values.to(dtype), location.to(dtype), log_scale.to(dtype)


def float64(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 2e-4)])
def test_masses_sum_to_one(dtype: torch.dtype, tolerance: float) -> None:
    masses = torch.exp2(-code_length(*grid(dtype)))
    assert (masses.sum(0) - 1).abs().max() < tolerance


@settings(deadline=None, max_examples=100)
@given(st.floats(-2000, 2000), st.floats(-5, 6))
def test_masses_sum_to_one_anywhere(location: float, log_scale: float) -> None:
    values = LEVELS.double()
    bits = code_length(values, torch.full_like(values, location), torch.full_like(values, log_scale))
    assert bits.min() > -1e-6
    assert torch.exp2(-bits).sum().item() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("value", [1, 3, 100, 254])
@pytest.mark.parametrize(("location", "log_scale"), [(100.2, 2.5), (99.0, 2.0), (0.0, 3.0), (250.0, 1.0)])
def test_mass_is_the_difference_of_two_logistic_functions(value: int, location: float, log_scale: float) -> None:
    scale = math.exp(log_scale)
    lower, upper = (1 / (1 + math.exp(-(value + edge - location) / scale)) for edge in (-0.5, 0.5))
    bits = code_length(float64(value), float64(location), float64(log_scale))
    assert bits.item() == pytest.approx(-math.log2(upper - lower), rel=1e-6)


@pytest.mark.parametrize(("value", "location"), [(0.0, -3.0), (0.0, 2.0), (255.0, 250.0), (255.0, 260.0)])
def test_ends_are_open(value: float, location: float) -> None:
    edge = (0.5 - location) if value == 0 else (location - 254.5)
    bits = code_length(float64(value), float64(location), float64(0))
    assert bits.item() == pytest.approx(math.log2(1 + math.exp(-edge)), rel=1e-9)


def test_levels_mirror() -> None:
    values, location, log_scale = grid(torch.float64)
    mirrored = code_length(255 - values, 255 - location, log_scale)
    torch.testing.assert_close(mirrored, code_length(values, location, log_scale), rtol=1e-9, atol=1e-9)


def test_float32_agrees_with_float64_where_pictures_are() -> None:
    values, location, log_scale = grid(torch.float64)
    exact = code_length(values, location, log_scale)
    rounded = code_length(values.float(), location.float(), log_scale.float())
    usual = (location.abs() < 1000) & (log_scale >= -3) & (log_scale <= 5)
    assert ((rounded - exact).abs() < 1e-3 * exact.clamp_min(1))[usual].all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("location", [-1e6, 0.0, 127.5, 255.0, 1e6])
@pytest.mark.parametrize("log_scale", [-10.0, -3.0, 5.0, 20.0])
def test_extremes_are_finite(dtype: torch.dtype, location: float, log_scale: float) -> None:
    values = LEVELS.to(dtype)
    m, s = (torch.full_like(values, each).requires_grad_() for each in (location, log_scale))
    bits = code_length(values, m, s)
    bits.sum().backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(bits).all()
    assert all(each.grad is not None and torch.isfinite(each.grad).all() for each in (m, s))


def test_gradients_are_those_of_finite_differences() -> None:
    values = torch.tensor([0.0, 3.0, 90.0, 255.0], dtype=torch.float64)
    location = torch.tensor([1.2, 7.0, 91.3, 251.0], dtype=torch.float64, requires_grad=True)
    log_scale = torch.tensor([0.1, 2.0, -0.5, 1.0], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda m, s: code_length(values, m, s), (location, log_scale))


def test_descent_finds_the_values() -> None:
    values = torch.tensor([10.0, 200.0, 250.0])
    location = torch.tensor([128.0, 128.0, 128.0], requires_grad=True)
    optimizer = torch.optim.SGD([location], lr=300.0)
    for _ in range(60):
        optimizer.zero_grad()
        code_length(values, location, torch.full_like(values, 3.0)).sum().backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    torch.testing.assert_close(location.detach(), values, atol=1.0, rtol=0)


# The colours of a pixel --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_each_colour_has_masses_that_sum_to_one_given_the_earlier_ones(colour: int) -> None:
    torch.manual_seed(colour)
    known = torch.randint(256, (1, 3, 8, 8)).double()
    location, log_scale, weights = 255 * torch.rand(1, 3, 8, 8), 4 * torch.rand(1, 3, 8, 8) - 1, torch.randn(1, 3, 8, 8)
    values = known.repeat(256, 1, 1, 1)
    values[:, colour] = LEVELS[:, None, None]
    bits = pixel_code_length(values, *(part.double().expand_as(values) for part in (location, log_scale, weights)))
    assert (torch.exp2(-bits[:, colour]).sum(0) - 1).abs().max() < 1e-9
    assert (bits[:, :colour] == bits[:1, :colour]).all()  # the earlier ones do not depend on it


def test_pixels_have_masses_that_sum_to_one() -> None:
    """Over all colours at once; so few of them that others have no mass."""
    levels = torch.arange(32.0, dtype=torch.float64)
    values = torch.stack(torch.meshgrid(levels, levels, levels, indexing="ij")).reshape(1, 3, 32, 32 * 32)
    parts = [[6.0, 2.5, 9.0], [-0.5, -1.0, -0.8], [0.8, -0.4, 0.6]]  # location, log scale, weights
    location, log_scale, weights = torch.tensor(parts, dtype=torch.float64)[:, None, :, None, None]
    bits = pixel_code_length(values, *(part.expand_as(values) for part in (location, log_scale, weights))).sum(1)
    assert torch.exp2(-bits).sum().item() == pytest.approx(1, abs=1e-6)


def test_green_follows_red_and_blue_follows_both() -> None:
    parts = [[100.0, 120.0, 90.0], [97.0, 121.0, 92.0], [1.0, 1.5, 2.0], [0.5, -0.25, 0.125]]
    values, location, log_scale, weights = torch.tensor(parts, dtype=torch.float64)[:, None, :, None, None]
    follow = torch.tensor([0.0, 0.5 * 3, -0.25 * 3 + 0.125 * -1], dtype=torch.float64)[:, None, None]
    bits = pixel_code_length(values, location, log_scale, weights)
    torch.testing.assert_close(bits, code_length(values, location + follow, log_scale))


# In numpy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-9), (torch.float32, 1e-3)])
@pytest.mark.parametrize("ends", [likelihood.PIXEL_RANGE, likelihood.SAMPLE_RANGE])
def test_arrays_have_the_code_lengths_of_tensors(dtype: torch.dtype, tolerance: float, ends: tuple[int, int]) -> None:
    """Everywhere, without a warning."""
    values, location, log_scale = grid(dtype)
    values = values * (ends[1] - ends[0]) / 255 + ends[0]
    expected = code_length(values, location, log_scale, ends).numpy()
    with np.errstate(all="raise", under="ignore"):
        found = likelihood.code_length(values.numpy(), location.numpy(), log_scale.numpy(), ends)
    assert found.dtype == expected.dtype
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_pixels_and_samples_as_arrays() -> None:
    generator = torch.Generator().manual_seed(0)
    values = torch.randint(256, (1, 3, 8, 9), generator=generator).float()
    location, log_scale, weights = (torch.rand(1, 3, 8, 9, generator=generator) * scale for scale in (255, 3, 1))
    expected = pixel_code_length(values, location, log_scale, weights).numpy()
    arrays = [each.numpy() for each in (values, location, log_scale, weights)]
    before = arrays[1].copy()
    np.testing.assert_allclose(likelihood.pixel_code_length(*arrays), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(arrays[1], before)
    sound = [each.flatten(1) for each in (100 * (values - 128), 100 * (location - 128), log_scale + 4, weights)]
    expected = sample_code_length(*sound).numpy()
    np.testing.assert_allclose(likelihood.sample_code_length(*(each.numpy() for each in sound)), expected, rtol=1e-4)

"""The quantizer: where gradients go, how codebooks follow, and how codes are chosen."""

from __future__ import annotations

import itertools
import math
from typing import Literal

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from vqcodec.training import quantizer as quantizer_module
from vqcodec.training.quantizer import ProductQuantizer, Quantized, QuantizerConfig
from vqcodec.training.stages.codebooks import fit_codebooks
from vqcodec.transform.codebooks import Codebooks

Update = Literal["gradient", "ema"]

PLANES, DIMENSION, ALPHABET, RATE_POINT_COUNT = 3, 2, 5, 2


def quantizer(update: Update = "ema", seed: int = 0, decay: float = 0.9) -> ProductQuantizer:
    """One with different weights in its metric and different code lengths."""
    torch.manual_seed(seed)
    made = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, ALPHABET, RATE_POINT_COUNT, update, decay))
    made.metric.copy_(0.5 + torch.rand_like(made.metric))
    made.code_bits.copy_(1 + 4 * torch.rand_like(made.code_bits))
    return made


def latents(batch: int = 4, seed: int = 1) -> Tensor:
    return torch.randn(batch, PLANES * DIMENSION, 3, 4, generator=torch.Generator().manual_seed(seed))


POINTS = torch.tensor([0, 1, 1, 0])  # the rate point of each item


# Algorithm 1 of van den Oord et al. (2017) -------------------------------------------------------------------------


class AutoEncoder:
    """A linear encoder and decoder around a quantizer, after one pass."""

    def __init__(self, update: Update, lambda_: float = 0.0) -> None:
        self.quantizer = quantizer(update)
        channels = PLANES * DIMENSION
        self.encoder, self.decoder = nn.Conv2d(4, channels, 1), nn.Conv2d(channels, 4, 1)
        x = torch.randn(4, 4, 3, 4)
        self.z_e = self.encoder(x)
        self.z_e.retain_grad()
        self.quantized: Quantized = self.quantizer(self.z_e, POINTS, lambda_)
        self.reconstruction = (self.decoder(self.quantized.z_q) - x).square().mean()

    def loss(self, name: str) -> Tensor:
        found: Tensor = self.reconstruction if name == "reconstruction" else getattr(self.quantized, name)
        return found.mean()

    def reached(self) -> set[str]:
        """The parts that have a gradient other than zero."""
        parts = {
            "encoder": self.encoder.weight,
            "decoder": self.decoder.weight,
            "codebooks": self.quantizer.codebooks,
        }
        return {name for name, part in parts.items() if part.grad is not None and part.grad.abs().max() > 0}


@pytest.mark.parametrize(
    ("name", "reached"),
    [
        ("reconstruction", {"encoder", "decoder"}),
        ("codebook_loss", {"codebooks"}),
        ("commitment_loss", {"encoder"}),
        ("bits", {"encoder"}),
    ],
)
def test_gradients_reach_what_they_should(name: str, reached: set[str]) -> None:
    model = AutoEncoder("gradient", lambda_=0.3)
    model.loss(name).backward()  # type: ignore[no-untyped-call]
    assert model.reached() == reached


@pytest.mark.parametrize("update", ["gradient", "ema"])
def test_reconstruction_gradient_passes_straight_through(update: Update) -> None:
    model = AutoEncoder(update)
    model.quantized.z_q.retain_grad()
    model.reconstruction.backward()
    after, before = model.quantized.z_q.grad, model.z_e.grad
    assert after is not None
    assert before is not None
    assert after.abs().max() > 0
    assert torch.equal(before, after)


def test_moving_averages_take_no_gradient() -> None:
    model = AutoEncoder("ema")
    assert not model.quantizer.codebooks.requires_grad
    assert not model.quantized.codebook_loss.requires_grad


@pytest.mark.parametrize("name", ["codebook_loss", "commitment_loss"])
def test_losses_are_distances_in_the_metric(name: str) -> None:
    model = quantizer("gradient")
    z = latents()
    quantized = model(z, POINTS)
    expected = torch.zeros(4)
    for item, plane, i, j in itertools.product(range(4), range(PLANES), range(3), range(4)):
        rate, vector = POINTS[item], z[item, plane * DIMENSION : (plane + 1) * DIMENSION, i, j]
        codeword = model.codebooks[rate, plane, quantized.indices[item, plane, i, j]]
        expected[item] += ((vector - codeword).square() * model.metric[rate, plane]).sum().detach() / 12
    torch.testing.assert_close(getattr(quantized, name).detach(), expected)


def test_codebook_loss_moves_codewords_to_their_vectors() -> None:
    model = quantizer("gradient")
    z = latents()
    quantized = model(z, POINTS)
    (gradient,) = torch.autograd.grad(quantized.codebook_loss.sum(), model.codebooks)
    difference = model.look_up(quantized.indices, POINTS) - z
    mine = [(item, model.split(difference)[item, 0]) for item in (0, 3)]  # rate point 0
    code = quantized.indices[0, 0, 0, 0]
    expected = sum(part[quantized.indices[item, 0].flatten() == code].sum(0) for item, part in mine)
    torch.testing.assert_close(gradient[0, 0, code], 2 * expected * model.metric[0, 0] / 12)


def test_z_q_is_made_of_codewords() -> None:
    model = quantizer("gradient")
    quantized = model(latents(), POINTS)
    torch.testing.assert_close(quantized.z_q, model.look_up(quantized.indices, POINTS))


# The moving average, appendix A.1 ----------------------------------------------------------------------------------


def test_moving_average_is_the_closed_form() -> None:
    """N <- d N + (1 - d) n, m <- d m + (1 - d) sum z, e = m / N; from N = 1, m = e."""
    model = quantizer("ema", decay=0.8)
    steps = 4
    counts = np.zeros((steps, RATE_POINT_COUNT, PLANES, ALPHABET))
    sums = np.zeros((steps, RATE_POINT_COUNT, PLANES, ALPHABET, DIMENSION))
    start = model.codebooks.detach().numpy().astype(float).copy()
    for step in range(steps):
        z = latents(seed=step)
        indices = model(z, POINTS).indices
        vectors = model.split(z)
        for item, plane, n in itertools.product(range(4), range(PLANES), range(12)):
            where = (step, int(POINTS[item]), plane, int(indices[item, plane].flatten()[n]))
            counts[where] += 1
            sums[where] += vectors[item, plane, n].numpy()
    weights = 0.2 * 0.8 ** np.arange(steps - 1, -1, -1)
    count = 0.8**steps + np.tensordot(weights, counts, 1)
    total = 0.8**steps * start + np.tensordot(weights, sums, 1)
    np.testing.assert_allclose(model.ema_count.numpy(), count, rtol=1e-5)
    np.testing.assert_allclose(model.codebooks.numpy(), total / count[..., None], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("update", "training"), [("ema", False), ("gradient", True)])
def test_codebooks_that_stay(update: Update, training: bool) -> None:
    model = quantizer(update).train(training)
    before = model.codebooks.detach().clone()
    model(latents(), POINTS)
    assert torch.equal(model.codebooks, before)


def test_only_the_rate_points_of_the_batch_move() -> None:
    model = quantizer("ema")
    before = model.codebooks.clone()
    model(latents(2), torch.tensor([1, 1]))
    assert torch.equal(model.codebooks[0], before[0])
    assert (model.codebooks[1] != before[1]).any()


# Choosing codes ----------------------------------------------------------------------------------------------------


def brute_force(model: ProductQuantizer, z: Tensor, rate: Tensor, lambda_: float) -> Tensor:
    """The costs of all codes in float64, `[B, P, N, K]`."""
    vectors = model.split(z).double()[:, :, :, None]
    codes = model.codebooks.detach().double()[rate][:, :, None]
    metric = model.metric.double()[rate][:, :, None, None]
    return ((vectors - codes).square() * metric).sum(-1) + lambda_ * model.code_bits.double()[rate][:, :, None]


@pytest.mark.parametrize("lambda_", [0.0, 0.2, 3.0])
@pytest.mark.parametrize("chunk", [1, 1 << 24])
def test_cheapest_code_against_brute_force(lambda_: float, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantizer_module, "CHUNK", chunk)
    model, z = quantizer(), latents()
    indices = model.assign(z, POINTS, lambda_)
    costs = brute_force(model, z, POINTS, lambda_)
    chosen = costs.gather(-1, indices.flatten(2)[..., None])[..., 0]
    assert indices.shape == (4, PLANES, 3, 4)
    assert (chosen - costs.min(-1).values).max() < 1e-5
    model.eval()
    assert torch.equal(model(z, POINTS, lambda_).indices, indices)


@pytest.mark.parametrize("lambda_", [0.0, 0.2, 3.0])
def test_numpy_codebooks_choose_alike(lambda_: float) -> None:
    model, z = quantizer(), latents()
    sizes = np.full((RATE_POINT_COUNT, PLANES), ALPHABET)
    arrays = [each.detach().numpy() for each in (model.codebooks, model.metric, model.code_bits)]
    codebooks = Codebooks(arrays[0], sizes, arrays[1], arrays[2])
    for item, plane in itertools.product(range(4), range(PLANES)):
        rate = int(POINTS[item])
        penalty = lambda_ * codebooks.order0_bits(rate, plane)
        mine = codebooks.nearest(model.split(z)[item, plane].numpy(), rate, plane, penalty)
        assert (mine == model.assign(z, POINTS, lambda_)[item, plane].flatten().numpy()).all()


def test_look_up_inverts_split() -> None:
    model = quantizer()
    indices = model.assign(latents(), POINTS)
    z_q = model.look_up(indices, POINTS)
    assert torch.equal(model.split(z_q)[2, 1, 7], model.codebooks[1, 1, indices[2, 1].flatten()[7]])
    assert torch.equal(model.assign(z_q, POINTS), indices)


def test_dead_codes_are_never_chosen() -> None:
    model = quantizer()
    model.alive[:, :, 1:] = False
    assert not model.assign(latents(), POINTS).any()


@pytest.mark.parametrize("dimension", [1, 0])
def test_codewords_have_at_least_two_dimensions(dimension: int) -> None:
    with pytest.raises(ValueError, match="at least 2"):
        QuantizerConfig(dimension=dimension)


# Counting use ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fit", [False, True])
def test_without_a_price_the_bits_are_those_of_a_uniform_prior(fit: bool) -> None:
    model = ProductQuantizer(QuantizerConfig(PLANES, DIMENSION, ALPHABET, RATE_POINT_COUNT))
    if fit:
        fit_codebooks(model, latents(1).reshape(1, -1, 12, 1), None, 0.0, iterations=3)
    bits = model(latents(), POINTS).bits
    torch.testing.assert_close(bits, torch.full((4,), PLANES * math.log2(ALPHABET)))


def test_code_bits_are_the_code_lengths_of_the_counts() -> None:
    model = quantizer()
    model.ema_count.copy_(torch.tensor([8.0, 4.0, 2.0, 2.0, 0.0]).expand_as(model.ema_count))
    model.alive[..., 4] = False
    model.update_code_bits()
    counts = torch.tensor([8.1, 4.1, 2.1, 2.1])
    expected = -torch.log2(counts / counts.sum())
    torch.testing.assert_close(model.code_bits[..., :4], expected.expand(RATE_POINT_COUNT, PLANES, 4))
    assert (model.code_bits[..., 4] == 24).all()


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ([0, 0, 0, 0, 0], 1.0),
        ([7, 0, 0, 0, 0], 1.0),
        ([3, 3, 0, 3, 3], 4.0),
        ([1, 1, 1, 1, 1], 5.0),
        ([2, 1, 1, 0, 0], 2**1.5),
        ([3, 1, 0, 0, 0], 4 / 3**0.75),
    ],
)
def test_perplexity_by_hand(usage: list[float], expected: float) -> None:
    model = quantizer()
    model.usage.copy_(torch.tensor(usage).expand_as(model.usage))
    torch.testing.assert_close(
        model.perplexity(), torch.full((RATE_POINT_COUNT, PLANES), expected), rtol=1e-4, atol=1e-4
    )


def test_use_is_counted_by_rate_point_and_plane() -> None:
    model = quantizer()
    indices = model(latents(), POINTS).indices
    expected = torch.bincount(indices[1:3, 2].flatten(), minlength=ALPHABET)
    assert torch.equal(model.usage[1, 2], expected.float())
    assert model.usage.sum() == indices.numel()
    model.reset_usage()
    assert model.usage.sum() == 0


def test_dead_codes_are_restarted_on_latents() -> None:
    model, z = quantizer("gradient"), latents()
    with torch.no_grad():
        model.codebooks[:, :, 3] = 1e3  # never the nearest
    model(z, POINTS)
    model.reset_usage()  # of the log: what is restarted does not depend on it
    dead, before = model.idle.clone(), model.codebooks.detach().clone()
    assert dead[:, :, 3].all()
    assert model.restart_dead_codes(z, POINTS, np.random.default_rng(0)) == dead.sum()
    assert torch.equal(model.codebooks[~dead], before[~dead])
    assert torch.equal(model.ema_sum[dead], model.codebooks[dead])
    for rate, plane, code in dead.nonzero().tolist():
        vectors = model.split(z)[rate == POINTS, plane].flatten(0, 1)
        assert (vectors == model.codebooks[rate, plane, code]).all(-1).any()

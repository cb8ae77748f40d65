"""Where training starts: the linear path as a Karhunen-Loeve transform, a factorized prior of given latents, and a
model whose dead channels come back."""

from __future__ import annotations

from dataclasses import replace
from itertools import repeat

import pytest
import torch
import torch.nn.functional as F

from bitstream import ModelError
from tests.helpers.image_models import tiny_model
from tests.helpers.pictures import pictures
from vqcodec.model.model import Model
from vqcodec.training.data.pictures import crops_to_tensor
from vqcodec.training.factorized_prior import FactorizedPrior
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.training.stages import start
from vqcodec.training.stages.revival import reduced_rank_regression, revive
from vqcodec.training.stages.start import hear_coarser, interpolation, start_from_model, start_linear_path
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.torch_networks import state_of


@pytest.fixture(autouse=True)
def _few_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "PATCHES", 3_000)


def linear_reconstruction(channels: int) -> tuple[float, float]:
    """Mean squared error of the linear paths of encoder and decoder on what they began with, and its variance."""
    config = AutoencoderConfig(patch=2, widths=(4, 4), blocks=(0, 0), latent_channels=channels, linear_path=True)
    torch.manual_seed(0)
    encoder, decoder = Encoder(config), Decoder(config)
    crops = crops_to_tensor(pictures(200, 64, seed=1))
    start_linear_path(encoder, decoder, config, iter([crops] * 20))
    assert encoder.linear is not None
    assert decoder.linear is not None
    patches = F.pixel_unshuffle(crops, config.stride)
    with torch.no_grad():
        error = decoder.linear(encoder.linear(patches)) - patches
    return error.square().mean().item(), patches.square().mean().item()


def test_linear_path_keeps_the_strongest_components() -> None:
    errors, energies = zip(*[linear_reconstruction(channels) for channels in (2, 6, 24, 48, 60)], strict=True)
    assert energies[0] > errors[0] > errors[1] > errors[2] > errors[3]
    assert errors[1] < 0.1 * energies[1]
    assert errors[3] < 1e-9  # 48 = 4 x 4 x 3 components are all
    assert errors[4] < 1e-9


def test_without_a_linear_path_nothing_is_done() -> None:
    config = AutoencoderConfig(patch=2, widths=(4,), blocks=(0,), latent_channels=4)
    encoder, decoder = Encoder(config), Decoder(config)
    before = [p.clone() for p in (*encoder.parameters(), *decoder.parameters())]
    start_linear_path(encoder, decoder, config, iter([]))
    assert all(torch.equal(a, b) for a, b in zip(before, (*encoder.parameters(), *decoder.parameters()), strict=True))


def test_factorized_prior_that_starts_from_latents_costs_about_their_entropy() -> None:
    torch.manual_seed(0)
    spread = torch.tensor([0.1, 1.0, 30.0])
    latents = (
        spread[None, :, None, None] * torch.randn(1, 3, 4000, 1) + torch.tensor([5.0, 0, -7.0])[None, :, None, None]
    )
    metric = torch.tensor([[4.0, 4.0, 4.0]])  # widths of 1/2
    factorized_prior = FactorizedPrior(3, 1)
    factorized_prior.start(latents, metric)
    noisy, bits = factorized_prior(latents, torch.tensor([0]), torch.rand_like(latents) - 0.5)
    gaussian = torch.log2(spread / 0.5) + 2.05  # h(z) - log2 width
    assert bits.mean((0, 2, 3))[1:].tolist() == pytest.approx(gaussian[1:].tolist(), abs=0.5)
    assert bits.mean((0, 2, 3))[0] < 0.8
    torch.testing.assert_close(factorized_prior.widths(), torch.full((1, 3), 0.5))
    assert noisy.shape == latents.shape


def test_what_belongs_to_rate_points_is_interpolated() -> None:
    between = interpolation(torch.tensor([1.0, 2.0, 4.0]), torch.tensor([0.0, 1.0, 1.5, 3.0, 4.0, 9.0]))
    rows = torch.tensor([[10.0, 0.0], [20.0, 1.0], [40.0, 3.0]])
    expected = [[10, 0], [10, 0], [15, 0.5], [30, 2], [40, 3], [40, 3]]
    torch.testing.assert_close(between @ rows, torch.tensor(expected, dtype=torch.float32))


def shape_of(model: Model) -> AutoencoderConfig:
    shape = model.config.autoencoder
    assert isinstance(shape, AutoencoderConfig)
    return shape


def test_starting_from_a_model_keeps_its_pictures_and_knows_its_lambdas() -> None:
    model = tiny_model()
    known = tuple(0.001 * 4**rate for rate in range(model.config.autoencoder.rate_points))
    model = replace(model, config=replace(model.config, lambdas=known))
    lambdas = torch.tensor([known[0] / 4, *known, 4 * known[-1]])
    config = replace(shape_of(model), rate_points=len(lambdas), linear_path=True)
    encoder, decoder, factorized_prior = (
        Encoder(config),
        Decoder(config),
        FactorizedPrior(config.latent_channels, config.rate_points),
    )
    crops = crops_to_tensor(pictures(20, 64, seed=1))
    start_from_model(model, lambdas, encoder, decoder, factorized_prior, repeat(crops))
    widths = torch.from_numpy(model.codebooks.metric).flatten(1).rsqrt()
    torch.testing.assert_close(factorized_prior.widths(), torch.cat([2 * widths[:1], widths, widths[-1:] / 2]))
    old_encoder, old_decoder = Encoder(shape_of(model)), Decoder(shape_of(model))
    old_encoder.load_state_dict(state_of(model.networks, "encoder"))
    old_decoder.load_state_dict(state_of(model.networks, "decoder"))
    with torch.no_grad():
        z = encoder(crops)
        torch.testing.assert_close(z, old_encoder(crops))
        for rate in range(len(known)):
            location = decoder(z, torch.full((len(z),), rate + 1))[0]
            torch.testing.assert_close(location, old_decoder(z, torch.full((len(z),), rate))[0])


def test_without_a_noise_stage_a_model_is_taken_as_it_is() -> None:
    model = tiny_model()
    metric = model.codebooks.metric.copy()
    metric[0, 1] = 1e-9  # two channels that rate point 0 does not hear
    lambdas = torch.tensor([0.01, 0.04])
    told = replace(model.config, lambdas=tuple(lambdas.tolist()))
    model = replace(model, config=told, codebooks=replace(model.codebooks, metric=metric))
    config = shape_of(model)
    widths, crops = torch.from_numpy(metric).flatten(1).rsqrt(), crops_to_tensor(pictures(20, 64, seed=1))
    for hear in (True, False):
        encoder, decoder, factorized_prior = (
            Encoder(config),
            Decoder(config),
            FactorizedPrior(config.latent_channels, config.rate_points),
        )
        start_from_model(model, lambdas, encoder, decoder, factorized_prior, repeat(crops), hear=hear)
        assert torch.allclose(factorized_prior.widths(), widths) != hear
        assert torch.allclose(decoder.gain, state_of(model.networks, "decoder")["gain"]) != hear


def test_channels_are_heard_at_coarser_rate_points() -> None:
    """Of three channels, one is heard everywhere, one from rate point 2 on, and one nowhere."""
    lambdas = torch.tensor([1.0, 4.0, 36.0, 72.0])
    spread = torch.tensor([1.0, 1.0, 1.0])
    widths = torch.tensor([[3.0, 300, 300], [2.0, 200, 200], [1.0, 2, 100], [0.5, 1, 50]])
    gains = torch.tensor([[0.9, 0, 0], [0.9, 0, 0], [0.9, 0.6, 0], [0.9, 0.8, 0]])
    heard_widths, heard_gains = hear_coarser(widths, gains, spread, lambdas)
    expected = widths.clone()
    expected[1, 1] = 2 * 3  # an error is worth a ninth; at rate point 0 it is too little
    torch.testing.assert_close(heard_widths, expected)
    belief = [1 / (1 + width**2 / 12) for width in (2, 6)]
    expected = gains.clone()
    expected[1, 1] = 0.6 / belief[0] * belief[1]
    torch.testing.assert_close(heard_gains, expected)


def test_rate_points_of_another_objective_correspond_from_coarse_to_fine() -> None:
    model = tiny_model()
    config = replace(shape_of(model), rate_points=3)
    encoder, decoder, factorized_prior = Encoder(config), Decoder(config), FactorizedPrior(config.latent_channels, 3)
    crops = repeat(crops_to_tensor(pictures(20, 64, seed=1)))
    start_from_model(
        model, torch.tensor([10.0, 50.0, 200.0]), encoder, decoder, factorized_prior, crops, same_objective=False
    )
    widths = torch.from_numpy(model.codebooks.metric).flatten(1).rsqrt()
    expected = torch.stack([widths[0], (widths[0] * widths[1]).sqrt(), widths[1]])
    torch.testing.assert_close(factorized_prior.widths(), expected, rtol=1e-4, atol=0)


def test_a_model_with_more_rate_points_must_know_its_lambdas() -> None:
    model = tiny_model()
    model = replace(model, config=replace(model.config, lambdas=()))
    config = replace(shape_of(model), rate_points=1)
    networks = Encoder(config), Decoder(config), FactorizedPrior(config.latent_channels, 1)
    with pytest.raises(ModelError, match="lambdas"):
        start_from_model(model, torch.tensor([0.01]), *networks, iter([]))


def test_regression_finds_what_can_be_predicted() -> None:
    torch.manual_seed(0)
    x = torch.randn(5000, 12, dtype=torch.double) * torch.linspace(0.1, 3, 12)
    through = torch.randn(12, 2, dtype=torch.double) @ torch.randn(2, 12, dtype=torch.double)
    wanted = x @ through.T
    readers, writers, variances = reduced_rank_regression(x.T @ x / 5000, wanted.T @ x / 5000, 3)
    torch.testing.assert_close((x.float() @ readers.T @ writers.T), wanted.float(), atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(writers.T @ writers, torch.eye(3), atol=1e-5, rtol=0)
    torch.testing.assert_close((x.float() @ readers.T).square().mean(0), variances, rtol=1e-3, atol=1e-5)
    assert variances[2] < 1e-6 * variances[1]


def test_dead_channels_come_back_for_what_the_decoder_misses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.training.stages.revival.REGRESSION_PATCHES", 5000)
    torch.manual_seed(0)
    config = AutoencoderConfig(
        patch=2, widths=(4, 4), blocks=(0, 0), latent_channels=24, rate_points=2, linear_path=True
    )
    encoder, decoder, factorized_prior = Encoder(config), Decoder(config), FactorizedPrior(24, 2)
    crops = crops_to_tensor(pictures(50, 64, seed=1))
    lambdas = torch.tensor([0.001, 0.1])
    with torch.no_grad():
        for linear in (encoder.linear, decoder.linear):
            assert linear is not None
            linear.weight.zero_()
            assert linear.bias is not None
            linear.bias.zero_()
        last = encoder.layers[-1]
        assert isinstance(last, torch.nn.Conv2d)
        last.weight[4:] *= 1e-6
        factorized_prior.log_width.fill_(-5)

    def error(rate: int) -> float:
        with torch.no_grad():
            return float((decoder(encoder(crops), torch.full((50,), rate))[0] - crops).square().mean())

    kept, before = encoder(crops)[:, :4].detach(), [error(0), error(1)]
    assert revive(encoder, decoder, factorized_prior, lambdas, repeat(crops)) == 20
    torch.testing.assert_close(encoder(crops)[:, :4], kept)
    assert error(1) < 0.6 * before[1]
    assert error(0) < 1.01 * before[0]
    z = encoder(crops)
    noise = torch.rand_like(z) - 0.5
    coarse, fine = (factorized_prior(z, torch.full((50,), rate), noise)[1][:, 4:].mean() for rate in (0, 1))
    assert 2 * coarse < fine

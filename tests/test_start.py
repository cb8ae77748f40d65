"""Where training starts: the linear path as a Karhunen-Loeve transform, and a density that fits given latents."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from tiny import pictures

from vqcodec.image.autoencoder import Decoder, Encoder
from vqcodec.image.config import AutoencoderConfig
from vqcodec.nn.density import NoiseDensity
from vqcodec.training.data import crops_to_tensor
from vqcodec.training.start import start_linear_path


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


def test_density_that_starts_from_latents_costs_about_their_entropy() -> None:
    torch.manual_seed(0)
    spread = torch.tensor([0.1, 1.0, 30.0])
    latents = (
        spread[None, :, None, None] * torch.randn(1, 3, 4000, 1) + torch.tensor([5.0, 0, -7.0])[None, :, None, None]
    )
    metric = torch.tensor([[4.0, 4.0, 4.0]])  # widths of 1/2
    density = NoiseDensity(3, 1)
    density.start(latents, metric)
    noisy, bits = density(latents, torch.tensor([0]))
    gaussian = torch.log2(spread / 0.5) + 2.05  # h(z) - log2 width
    assert bits.mean((0, 2, 3))[1:].tolist() == pytest.approx(gaussian[1:].tolist(), abs=0.5)
    assert bits.mean((0, 2, 3))[0] < 0.8
    torch.testing.assert_close(density.widths(), torch.full((1, 3), 0.5))
    assert noisy.shape == latents.shape

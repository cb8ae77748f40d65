"""Short-time spectra, and the distance of sounds that is made of them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.helpers.sounds import voices
from vqcodec.training.networks.spectrum import compressed_spectra, overlap_add, sound_of_spectra, spectra
from vqcodec.training.spectral_distance import WINDOWS, bark_bands, loudness_distance
from vqcodec.transform.audio import spectrum

HOP = 80


def test_spectra_are_inverted_away_from_the_ends() -> None:
    x = torch.randn(2, 50 * HOP)
    found = spectra(x, HOP)
    assert found.shape == (2, 2 * HOP + 1, 50)
    inside = slice(2 * HOP, -2 * HOP)
    torch.testing.assert_close(overlap_add(found, HOP)[:, inside], x[:, inside], atol=1e-5, rtol=0)


def test_a_frame_stands_for_its_hop() -> None:
    click = torch.zeros(1, 20 * HOP)
    click[0, 10 * HOP + HOP // 2] = 1
    energy = spectra(click, HOP).abs().square().sum(1)[0]
    assert energy.argmax() == 10
    assert energy.nonzero()[:, 0].tolist() == [9, 10, 11]  # it is at the very ends of 8 and 12
    torch.testing.assert_close(energy[9], energy[11])


@pytest.fixture(scope="module")
def voice() -> torch.Tensor:
    return torch.from_numpy(voices(2, 16_000, seed=0))


def test_distance_is_that_of_an_ear(voice: torch.Tensor) -> None:
    def distance(other: torch.Tensor) -> float:
        return loudness_distance(voice, other, 16_000).mean().item()

    noise = voice.std() * torch.randn(voice.shape, generator=torch.Generator().manual_seed(0))
    assert distance(voice) == 0
    assert 0 < distance(0.9 * voice) < distance(0.5 * voice) < distance(0 * voice)
    assert distance(voice + 0.03 * noise) < distance(voice + 0.1 * noise) < distance(voice + noise)
    assert 0 < distance(-voice) < distance(voice + 0.1 * noise)  # no ear hears it, but phases count for something
    torch.testing.assert_close(
        loudness_distance(voice, noise, 16_000), loudness_distance(noise, voice, 16_000), rtol=1e-5, atol=0
    )


def test_gradients_of_silence_are_finite(voice: torch.Tensor) -> None:
    for target in (voice, torch.zeros_like(voice)):
        decoded = torch.zeros_like(voice, requires_grad=True)
        loudness_distance(target, decoded, 16_000).sum().backward()  # type: ignore[no-untyped-call]
        assert decoded.grad is not None
        assert decoded.grad.isfinite().all()


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("rate", [8_000, 16_000, 48_000])
def test_bands_cover_the_spectrum(window: int, rate: int) -> None:
    bands = bark_bands(window, rate)
    assert (bands >= 0).all()
    torch.testing.assert_close(bands.sum(0), torch.ones(bands.shape[1]))
    assert (bands.sum(1) > 0).all()
    assert (bands.argmax(0).diff() >= 0).all()


@pytest.mark.parametrize("hop", [5, HOP])
def test_arrays_have_the_spectra_of_tensors(hop: int) -> None:
    """Those that networks read and write, too."""
    x = torch.randn(2, 30 * hop, generator=torch.Generator().manual_seed(0))
    for ours, theirs in ((spectrum.spectra, spectra), (spectrum.compressed_spectra, compressed_spectra)):
        np.testing.assert_allclose(ours(x.numpy(), hop), theirs(x, hop).numpy(), atol=1e-4)
    written = 3 * torch.randn(2, 3 * (2 * hop + 1), 1, 30, generator=torch.Generator().manual_seed(1))
    expected = sound_of_spectra(written, hop).numpy()
    found = spectrum.sound_of_spectra(written.numpy(), hop)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5 * np.abs(expected).max())

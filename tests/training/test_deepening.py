"""Networks that become deeper are the same functions to begin with."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from tests.helpers.audio_models import SETTINGS as SOUND_SETTINGS
from tests.helpers.image_models import SETTINGS
from vqcodec.training.networks import audio, image
from vqcodec.training.stages.deepening import deepened
from vqcodec.transform.torch_networks import ResidualBlock

PICTURE, SOUND = SETTINGS.autoencoder, SOUND_SETTINGS.autoencoder


def trained(network: nn.Module) -> nn.Module:
    """With blocks that do something."""
    for block in network.modules():
        if isinstance(block, ResidualBlock):
            nn.init.normal_(block.second.weight, std=0.1)
    return network


def outputs(network: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    with torch.no_grad():
        out = network(*inputs)
    return out if isinstance(out, tuple) else (out,)


@pytest.mark.parametrize("blocks", [(1, 1, 1), (2, 1, 3), (1, 4, 1)])
@pytest.mark.parametrize("kind", [image.Encoder, image.Decoder])
def test_of_pictures(kind: type, blocks: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    inputs = (torch.randn(2, 3, 64, 48),) if kind is image.Encoder else (torch.randn(2, 24, 4, 3), torch.tensor([0, 1]))
    network, deeper = trained(kind(PICTURE)), kind(replace(PICTURE, blocks=blocks))
    deeper.load_state_dict(deepened(network.state_dict(), deeper))
    for before, after in zip(outputs(network, inputs), outputs(deeper, inputs), strict=True):
        torch.testing.assert_close(before, after)


@pytest.mark.parametrize("kind", [audio.Encoder, audio.Decoder])
def test_of_sounds(kind: type) -> None:
    torch.manual_seed(0)
    inputs = (torch.randn(2, 1, 3200),) if kind is audio.Encoder else (torch.randn(2, 16, 1, 9), torch.tensor([0, 1]))
    network, deeper = trained(kind(SOUND)), kind(replace(SOUND, blocks=(2, 3), decoder_blocks=(1, 2)))
    deeper.load_state_dict(deepened(network.state_dict(), deeper))
    for before, after in zip(outputs(network, inputs), outputs(deeper, inputs), strict=True):
        torch.testing.assert_close(before, after)


@pytest.mark.parametrize("kind", [image.Encoder, image.Decoder])
def test_blocks_are_not_taken_away(kind: type) -> None:
    with pytest.raises(ValueError, match="cannot get fewer residual blocks"):
        deepened(kind(PICTURE).state_dict(), kind(replace(PICTURE, blocks=(1, 0, 1))))

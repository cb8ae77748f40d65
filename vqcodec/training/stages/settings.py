"""What the settings of a training have in common, whatever the modality."""

from __future__ import annotations

from itertools import accumulate

from vqcodec.prior.config import PixelCNNConfig, WaveNetConfig
from vqcodec.training.quantizer import QuantizerConfig
from vqcodec.training.stages.codebooks import CodebookStage
from vqcodec.training.stages.codes import CodesStage
from vqcodec.training.stages.noise import NoiseStage
from vqcodec.transform.audio import config as audio
from vqcodec.transform.image import config as image

__all__ = ["TrainingSettings"]


class TrainingSettings:
    """Base of the configurations of a modality. ValueError is raised for parts that do not fit together.

    Attributes:
        lambdas: weight of the distortion against bits a pixel or sample, one for each rate point.
        noise: the first stage, or None to train on codes from the start.
        held_out: one original in so many is held out, to judge by.
        seed: of all random numbers.
        description: a line for people.
    """

    autoencoder: image.AutoencoderConfig | audio.AutoencoderConfig
    quantizer: QuantizerConfig
    prior: PixelCNNConfig | WaveNetConfig
    lambdas: tuple[float, ...]
    noise: NoiseStage | None
    codebooks: CodebookStage
    codes: CodesStage
    held_out: int
    seed: int
    description: str

    def __post_init__(self) -> None:
        rate_points = {self.autoencoder.rate_points, self.quantizer.rate_points, len(self.lambdas)}
        channels = self.quantizer.planes * self.quantizer.dimension
        if len(rate_points) != 1 or channels != self.autoencoder.latent_channels:
            raise ValueError("autoencoder, quantizer and lambdas disagree on rate points or latent channels")
        if sum(self.prior.planes) != self.quantizer.planes or sum(self.prior.streams) != len(self.prior.planes):
            raise ValueError("the prior's slices do not make up the quantizer's planes, or its streams not its slices")

    @property
    def stream_ends(self) -> list[int]:
        """The number of planes up to the end of each stream of a file."""
        plane_ends = [0, *accumulate(self.prior.planes)]
        return [plane_ends[end] for end in accumulate(self.prior.streams)]

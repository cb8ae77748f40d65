"""The codecs for pictures: vqcodec with a model, and the anchors of `vqcodec.evaluation.pictures.anchors`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from vqcodec.codec.image import ImageCodec
from vqcodec.codec.loading import for_pictures
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_MODEL, EVALUATED_CODECS, EVALUATED_QUALITIES, Effort
from vqcodec.evaluation.pictures.anchors import ANCHORS
from vqcodec.evaluation.pictures.rate_distortion import PictureCoder
from vqcodec.evaluation.shared.codecs import LOADED, EvaluatedCodec, choose_codecs, evaluated_model

__all__ = ["PictureModelCoder", "choose_picture_codecs"]


@dataclass(frozen=True)
class PictureModelCoder:
    """`vqcodec.ImageCodec`, by the name or path of its model: every process loads it once.

    Attributes:
        model: its name or path.
        effort: of the encoder.
    """

    model: str
    effort: Effort

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a `.vq` file."""
        return self._codec.compress(image, quality, effort=self.effort)

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of a `.vq` file."""
        return self._codec.decompress(data)

    @property
    def _codec(self) -> ImageCodec:
        return for_pictures(LOADED.named(self.model))


def choose_picture_codecs(
    names: Sequence[str] | None,
    qualities: Sequence[float] | None,
    model: str | None,
    effort: Effort = DEFAULT_EFFORT,
) -> tuple[list[EvaluatedCodec[PictureCoder]], list[str]]:
    """The codecs of these names, and notes on those that are not available.

    Args:
        names: of the codecs; None stands for all that are available.
        qualities: of vqcodec, 1..100 each; anchors have their own.
        model: of vqcodec, its name or path.
        effort: of vqcodec.

    Raises:
        InputError: a codec was named that is not for pictures, or not available.
        ModelError: as for `vqcodec.load`, or the model is for sound.
    """

    def ours() -> EvaluatedCodec[PictureCoder]:
        name = model or DEFAULT_MODEL
        for_pictures(LOADED.named(name))
        coder: PictureCoder = PictureModelCoder(name, effort)
        return evaluated_model(coder, name, qualities or EVALUATED_QUALITIES, effort)

    return choose_codecs(names, EVALUATED_CODECS, ANCHORS, ours)

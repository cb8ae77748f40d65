"""What is done with every item, as data that goes to workers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal

from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_QUALITY, Effort

__all__ = ["Settings", "Work", "carried_model"]

Work = Literal["compress", "decompress", "tokens"]


@dataclass(frozen=True)
class Settings:
    """How items are coded.

    Attributes:
        work: what is done.
        model: its name, or the bytes of a model file, which then need not be on other machines; by default that of the
            kind of the item, or of the file.
        quality: 1..100.
        max_bytes: the most bytes of a file, instead of a quality.
        bpp: likewise, in bits a pixel, for pictures.
        kbps: likewise, in kbit a second, for sounds.
        effort: of pictures.
        keep_metadata: of pictures.
        suffix: the format that pictures or sounds are decompressed to; by default PNG and WAV.
        max_pixels: refuse to decompress larger pictures.
        size: width and height in pixels that pictures are scaled and cropped to before they become tokens.
        code_lengths: whether tokens have their code lengths.
        device: where the networks run.
        threads: that compute, in each worker.
    """

    work: Work
    model: str | bytes | None = None
    quality: float = DEFAULT_QUALITY
    max_bytes: int | None = None
    bpp: float | None = None
    kbps: float | None = None
    effort: Effort = DEFAULT_EFFORT
    keep_metadata: bool = False
    suffix: str | None = None
    max_pixels: int | None = None
    size: tuple[int, int] | None = None
    code_lengths: bool = False
    device: str = "cpu"
    threads: int = 1

    def digest(self) -> str:
        """A name for all that changes the results."""
        settings = asdict(self) | {"threads": 0, "device": ""}
        if isinstance(self.model, bytes):
            settings["model"] = sha256(self.model).hexdigest()
        return sha256(repr(sorted(settings.items())).encode()).hexdigest()[:16]


def carried_model(model: str | None) -> str | bytes | None:
    """The name of a bundled model as it is, and of a model file its bytes.

    Raises:
        ModelError: it is not there.
    """
    from vqcodec.model.bundled import bundled_models, find_model

    if model is None or model in {info.name for info in bundled_models()}:
        return model
    return Path(find_model(model)).read_bytes()

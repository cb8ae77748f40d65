"""What is measured: vqcodec with a model, and its peers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path

from PIL import Image

import bitstream
import vqcodec
from bitstream.errors import InputError
from vqcodec.defaults import EVALUATED_CODECS
from vqcodec.evaluation.peers import PEERS
from vqcodec.evaluation.rate_distortion import ImageCodec
from vqcodec.model import find_model

__all__ = ["OURS", "Entrant", "choose_entrants"]

OURS = "vqcodec"
# Packages that do not change what is in a file or a decoded picture.
OFF_THE_PATH = ("cli", "evaluation", "training")


@dataclass(frozen=True)
class Entrant:
    """A codec to measure, which can be sent to another process.

    Attributes:
        name: as options and results have it.
        label: the name for people.
        codec: what compresses and decompresses.
        version: changes whenever results may.
        settings: what it is run with besides the quality, for people.
        qualities: to measure at.
        media_type: of its files, if browsers show them.
    """

    name: str
    label: str
    codec: ImageCodec
    version: str
    settings: str
    qualities: tuple[float, ...]
    media_type: str = ""


@dataclass(frozen=True)
class ModelCodec:
    """`vqcodec.Codec` by the name of its model: it loads where it is used, once in each process."""

    model: str

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a `.vq` file."""
        return _load(self.model).compress(image, quality)

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of a `.vq` file."""
        return _load(self.model).decompress(data)


@cache
def _load(model: str) -> vqcodec.Codec:
    return vqcodec.load(model)


def choose_entrants(
    names: Sequence[str] | None, qualities: Sequence[float], model: str
) -> tuple[list[Entrant], list[str]]:
    """The codecs of these names, and notes on those that are missing; None stands for all that are there.

    Raises:
        InputError: a codec that was named is not available.
        ModelError: as for `vqcodec.load`.
    """
    entrants, notes = [], []
    for name in names or EVALUATED_CODECS:
        if name == OURS:
            entrants.append(_ours(model, qualities))
            continue
        peer = next(peer for peer in PEERS if peer.name == name)
        if peer.available:
            grid = tuple(map(float, peer.qualities))
            entrants.append(Entrant(name, peer.label, peer, peer.version, peer.settings, grid, peer.media_type))
        elif names:
            raise InputError(f"{peer.label} is not available here: {_remedy(name)}")
        else:
            notes.append(f"{peer.label} is left out, it is not available here: {_remedy(name)}")
    return entrants, notes


def _remedy(name: str) -> str:
    return "pip install pillow-jxl-plugin" if name == "jxl" else "this Pillow was built without it"


def _ours(model: str, qualities: Sequence[float]) -> Entrant:
    """vqcodec with a model; the version covers the model file, the source and PyTorch."""
    found = _load(model).model
    digest = hashlib.sha256(find_model(model).read_bytes())
    for package in (bitstream, vqcodec):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if path.relative_to(root).parts[0] not in OFF_THE_PATH:
                digest.update(path.read_bytes())
    version = f"{found.fingerprint.hex()} {digest.hexdigest()[:16]} torch {metadata.version('torch')}"
    settings = f"vqcodec {vqcodec.__version__}, model {Path(model).name} ({found.fingerprint.hex()})"
    return Entrant(OURS, OURS, ModelCodec(model), version, settings, tuple(qualities))

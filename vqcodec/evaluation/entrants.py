"""What is measured: vqcodec with a model, and its peers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from PIL import Image

import bitstream
import vqcodec
from bitstream.errors import InputError
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_MODEL, EVALUATED_CODECS, EVALUATED_QUALITIES, Effort
from vqcodec.evaluation.peers import PEERS
from vqcodec.evaluation.rate_distortion import PictureCodec
from vqcodec.loading import for_pictures
from vqcodec.model import Model, find_model

__all__ = ["OURS", "Entrant", "Peer", "choose_among", "choose_entrants", "entrant_of_model"]

OURS = "vqcodec"
# Packages that do not change what is in a file or a decoded picture.
OFF_THE_PATH = ("cli", "evaluation", "training")


Codec = TypeVar("Codec")


@dataclass(frozen=True)
class Entrant(Generic[Codec]):
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
    codec: Codec
    version: str
    settings: str
    qualities: tuple[float, ...]
    media_type: str = ""


@dataclass(frozen=True)
class ModelCodec:
    """`vqcodec.ImageCodec` by the name of its model: it loads where it is used, once in each process."""

    model: str
    effort: Effort

    def compress(self, image: Image.Image, quality: float) -> bytes:
        """The bytes of a `.vq` file."""
        return _load(self.model).compress(image, quality, effort=self.effort)

    def decompress(self, data: bytes) -> Image.Image:
        """The picture of a `.vq` file."""
        return _load(self.model).decompress(data)


@cache
def _load(model: str) -> vqcodec.ImageCodec:
    return for_pictures(vqcodec.load(model))


class Peer(Protocol):
    """What `vqcodec` is compared with: a codec that says of itself what an `Entrant` has."""

    @property
    def name(self) -> str:
        """As options and results have it."""

    @property
    def label(self) -> str:
        """The name for people."""

    @property
    def media_type(self) -> str:
        """Of its files, if browsers show them."""

    @property
    def available(self) -> bool:
        """Whether it can be used on this machine."""

    @property
    def remedy(self) -> str:
        """What to do if it is not."""

    @property
    def version(self) -> str:
        """What its results depend on."""

    @property
    def settings(self) -> str:
        """For people."""

    @property
    def qualities(self) -> Sequence[float]:
        """To measure at."""


def choose_entrants(
    names: Sequence[str] | None,
    qualities: Sequence[float] | None,
    model: str | None,
    effort: Effort = DEFAULT_EFFORT,
) -> tuple[list[Entrant[PictureCodec]], list[str]]:
    """The codecs for pictures of these names, and notes on those that are missing; None stands for all that are there.

    Raises:
        InputError: a codec that was named is not available.
        ModelError: as for `vqcodec.load`.
    """

    def ours() -> Entrant[PictureCodec]:
        name = model or DEFAULT_MODEL
        grid = qualities or EVALUATED_QUALITIES
        codec: PictureCodec = ModelCodec(name, effort)
        entrant = entrant_of_model(codec, name, _load(name).model, grid)
        if effort == DEFAULT_EFFORT:
            return entrant
        told = f", {effort} effort"
        return replace(entrant, version=entrant.version + told, settings=entrant.settings + told)

    return choose_among(names, EVALUATED_CODECS, PEERS, ours)


def choose_among(
    names: Sequence[str] | None, known: Sequence[str], peers: Sequence[Peer], ours: Callable[[], Entrant[Any]]
) -> tuple[list[Entrant[Any]], list[str]]:
    """As `choose_entrants`, of the codecs of these `known` names."""
    entrants, notes = [], []
    for name in names or known:
        if name not in known:
            raise InputError(f"{name} is not for this folder: its codecs are {', '.join(known)}")
        if name == OURS:
            entrants.append(ours())
            continue
        peer = next(peer for peer in peers if peer.name == name)
        if peer.available:
            grid = tuple(map(float, peer.qualities))
            entrants.append(Entrant(name, peer.label, peer, peer.version, peer.settings, grid, peer.media_type))
        elif names:
            raise InputError(f"{peer.label} is not available here: {peer.remedy}")
        else:
            notes.append(f"{peer.label} is left out, it is not available here: {peer.remedy}")
    return entrants, notes


def entrant_of_model(codec: Codec, name: str, model: Model, qualities: Sequence[float]) -> Entrant[Codec]:
    """vqcodec with a model, by its name; the version covers the model file, the source and PyTorch."""
    digest = hashlib.sha256(find_model(name).read_bytes())
    for package in (bitstream, vqcodec):
        root = Path(str(package.__file__)).parent
        for path in sorted(root.rglob("*.py")):
            if path.relative_to(root).parts[0] not in OFF_THE_PATH:
                digest.update(path.read_bytes())
    version = f"{model.fingerprint.hex()} {digest.hexdigest()[:16]} torch {metadata.version('torch')}"
    settings = f"vqcodec {vqcodec.__version__}, model {Path(name).name} ({model.fingerprint.hex()})"
    return Entrant(OURS, OURS, codec, version, settings, tuple(qualities))

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
from vqcodec.codec.loading import for_pictures
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_MODEL, EVALUATED_CODECS, EVALUATED_QUALITIES, Effort
from vqcodec.evaluation.pictures.anchors import PEERS
from vqcodec.evaluation.pictures.rate_distortion import PictureCodec
from vqcodec.model.bundled import find_model
from vqcodec.model.model import Model

__all__ = ["OURS", "Entrant", "Peer", "choose_among", "choose_entrants", "entrant_of_model"]

OURS = "vqcodec"
# Packages that do not change what is in a file or a decoded picture.
OFF_THE_PATH = ("cli", "evaluation", "training")


Codec = TypeVar("Codec")


@dataclass(frozen=True)
class Entrant(Generic[Codec]):
    """A codec to measure, at one of its settings; it can be sent to another process.

    Attributes:
        name: as results have it.
        curve: the name of the codec, as options and curves have it: the settings of a codec share a curve.
        label: that name for people.
        setting: for people, how this one differs from the others of its curve; empty if there are none.
        codec: what compresses and decompresses.
        version: changes whenever results may.
        settings: what it is run with besides the quality, for people.
        qualities: to measure at.
        media_type: of its files, if browsers show them.
    """

    name: str
    curve: str
    label: str
    setting: str
    codec: Codec
    version: str
    settings: str
    qualities: tuple[float, ...]
    media_type: str = ""

    @property
    def title(self) -> str:
        """Codec and setting, for people."""
        return f"{self.label} ({self.setting})" if self.setting else self.label


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
    """What `vqcodec` is compared with: a codec, at one of its settings, that says of itself what an `Entrant` has."""

    @property
    def name(self) -> str:
        """Of the codec, as options and curves have it."""

    @property
    def label(self) -> str:
        """That name for people."""

    @property
    def setting(self) -> str:
        """How this one differs from others of the same name; empty if there are none."""

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
        own = [peer for peer in peers if peer.name == name]
        found = [_entrant_of_peer(peer) for peer in own if peer.available]
        if names and not found:
            raise InputError(f"{own[0].label} is not available here: {own[0].remedy}")
        entrants += found
        lost = [peer for peer in own if not peer.available]
        if lost:
            settings = f" ({', '.join(peer.setting for peer in lost)})" if found else ""
            remedy = lost[0].remedy
            notes.append(f"{lost[0].label}{settings} is left out, it is not available here: {remedy}")
    return entrants, notes


def _entrant_of_peer(peer: Peer) -> Entrant[Any]:
    return Entrant(
        name=f"{peer.name} {peer.setting}".strip(),
        curve=peer.name,
        label=peer.label,
        setting=peer.setting,
        codec=peer,
        version=peer.version,
        settings=peer.settings,
        qualities=tuple(map(float, peer.qualities)),
        media_type=peer.media_type,
    )


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
    return Entrant(OURS, OURS, OURS, "", codec, version, settings, tuple(qualities))

"""The codecs that are evaluated: vqcodec with a model, and its anchors, the codecs that it is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import vqcodec
from bitstream.errors import InputError
from vqcodec.codec.cache import CodecCache
from vqcodec.defaults import DEFAULT_EFFORT, Effort
from vqcodec.evaluation.shared.folder import digest_of
from vqcodec.evaluation.shared.versions import versions_of
from vqcodec.model.bundled import find_model

__all__ = ["LOADED", "OURS", "Anchor", "EvaluatedCodec", "choose_codecs", "evaluated_model"]

OURS = "vqcodec"
LIBRARIES = ("onnxruntime", "constriction")  # on whose versions the results of vqcodec depend
LOADED = CodecCache()  # the models of this process

Coder = TypeVar("Coder")


@dataclass(frozen=True)
class EvaluatedCodec(Generic[Coder]):
    """A codec with fixed options, to be measured at several settings. It can be sent to another process.

    Attributes:
        name: as results have it.
        family: the codec that this is a variant of, as options name it. The variants of a family share a curve.
        label: the name of the family for people.
        variant: for people, how it differs from the other variants of its family; empty if it is the only one.
        coder: what compresses and decompresses.
        version: text that changes whenever results may change.
        description: the software and its options, for people.
        qualities: the settings to measure at, a quality or a bitrate each.
        media_type: of its files, if browsers show them; else empty.
    """

    name: str
    family: str
    label: str
    variant: str
    coder: Coder
    version: str
    description: str
    qualities: tuple[float, ...]
    media_type: str = ""

    @property
    def title(self) -> str:
        """Family and variant, for people."""
        return f"{self.label} ({self.variant})" if self.variant else self.label


class Anchor(Protocol):
    """A codec that vqcodec is compared with. It compresses and decompresses, and describes itself.

    All but `available` and `remedy` is as in `EvaluatedCodec`.
    """

    @property
    def family(self) -> str:
        """The name of the codec, as options and results have it."""

    @property
    def label(self) -> str:
        """The name of the family for people."""

    @property
    def variant(self) -> str:
        """How it differs from the other variants of its family."""

    @property
    def media_type(self) -> str:
        """Of its files, if browsers show them."""

    @property
    def available(self) -> bool:
        """Whether it can be used on this machine."""

    @property
    def remedy(self) -> str:
        """How to make it available."""

    @property
    def version(self) -> str:
        """Text that changes whenever results may change."""

    @property
    def description(self) -> str:
        """The software and its options, for people."""

    @property
    def qualities(self) -> Sequence[float]:
        """The settings to measure at."""


def choose_codecs(
    names: Sequence[str] | None,
    known: Sequence[str],
    anchors: Sequence[Anchor],
    ours: Callable[[], EvaluatedCodec[Any]],
) -> tuple[list[EvaluatedCodec[Any]], list[str]]:
    """The codecs of these names, and notes on those that are not available.

    Args:
        names: of families, among those `known`; None stands for all that are available.
        known: the families of the modality.
        anchors: all variants of all of them but vqcodec.
        ours: gives vqcodec; called only if it is wanted.

    Raises:
        InputError: a name is not known, or was given and is not available.
    """
    chosen, notes = [], []
    for name in names or known:
        if name not in known:
            raise InputError(f"{name} is not for this folder: its codecs are {', '.join(known)}")
        if name == OURS:
            chosen.append(ours())
            continue
        variants = [anchor for anchor in anchors if anchor.family == name]
        available = [_evaluated_anchor(anchor) for anchor in variants if anchor.available]
        if names and not available:
            raise InputError(f"{variants[0].label} is not available here: {variants[0].remedy}")
        chosen += available
        missing = [anchor for anchor in variants if not anchor.available]
        if missing:
            which = f" ({', '.join(anchor.variant for anchor in missing)})" if available else ""
            notes.append(f"{missing[0].label}{which} is left out, it is not available here: {missing[0].remedy}")
    return chosen, notes


def _evaluated_anchor(anchor: Anchor) -> EvaluatedCodec[Any]:
    return EvaluatedCodec(
        name=f"{anchor.family} {anchor.variant}".strip(),
        family=anchor.family,
        label=anchor.label,
        variant=anchor.variant,
        coder=anchor,
        version=anchor.version,
        description=anchor.description,
        qualities=tuple(map(float, anchor.qualities)),
        media_type=anchor.media_type,
    )


def evaluated_model(
    coder: Coder, model: str, qualities: Sequence[float], effort: Effort = DEFAULT_EFFORT
) -> EvaluatedCodec[Coder]:
    """vqcodec with a model, given by its name or path.

    Its version is that of vqcodec, of the libraries that it codes with, and of the bytes of the model file.

    Raises:
        ModelError: as for `vqcodec.load`.
    """
    fingerprint = LOADED.named(model).model.fingerprint.hex()
    digest = digest_of(find_model(model).read_bytes())
    unusual = "" if effort == DEFAULT_EFFORT else f", {effort} effort"
    return EvaluatedCodec(
        name=OURS,
        family=OURS,
        label=OURS,
        variant="",
        coder=coder,
        version=f"vqcodec {vqcodec.__version__}, {versions_of(LIBRARIES)}, model {digest}, {effort} effort",
        description=f"vqcodec {vqcodec.__version__}, model {Path(model).name} ({fingerprint}){unusual}",
        qualities=tuple(qualities),
    )

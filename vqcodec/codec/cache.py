"""Codecs that stay loaded, for many files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitstream import Container
    from vqcodec.codec.base import Codec

__all__ = ["CodecCache"]


class CodecCache:
    """Reads every model once, on first use. Later changes of its file are not noticed.

    Args:
        device: where the networks run.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._paths: dict[object, Path] = {}  # by what was asked for
        self._codecs: dict[Path, Codec] = {}

    def named(self, model: str | Path) -> Codec:
        """As `vqcodec.load`."""
        from vqcodec.model.bundled import find_model

        name = str(model)
        return self._codec(name, lambda: find_model(name))

    def for_file(self, container: Container, models: Sequence[Path] = ()) -> Codec:
        """As `vqcodec.codec.loading.load_for`."""
        from vqcodec.model.bundled import find_model_of

        wanted = container.fingerprint
        return self._codec((wanted, *models), lambda: find_model_of(wanted, models))

    def _codec(self, asked: object, find: Callable[[], Path]) -> Codec:
        from vqcodec.codec.loading import load

        if asked not in self._paths:
            self._paths[asked] = find()
        path = self._paths[asked]
        if path not in self._codecs:
            self._codecs[path] = load(path, self._device)
        return self._codecs[path]

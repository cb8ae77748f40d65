"""Codecs that stay loaded, for many files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bitstream import Limits
    from vqcodec.codec.base import Codec

__all__ = ["CodecCache"]


class CodecCache:
    """Reads every model once, on first use. Later changes of its file are not noticed.

    Args:
        device: where the networks run.
    """

    def __init__(self, device: str = "cpu") -> None:
        self._device = device
        self._named: dict[str, Codec] = {}
        self._of_files: dict[tuple[bytes, tuple[Path, ...]], Codec] = {}

    def named(self, model: str | Path) -> Codec:
        """As `vqcodec.load`."""
        import vqcodec

        name = str(model)
        if name not in self._named:
            self._named[name] = vqcodec.load(name, self._device)
        return self._named[name]

    def for_file(self, data: bytes, models: Sequence[Path], allowed: Limits, allow_truncated: bool = False) -> Codec:
        """As `vqcodec.codec.loading.load_for`. The codec checks what the file claims when it reads it."""
        from bitstream.header import check_magic, read_header
        from vqcodec.codec.loading import load_for

        check_magic(data)
        wanted = read_header(data)[0].fingerprint, tuple(models)
        if wanted not in self._of_files:
            self._of_files[wanted] = load_for(data, self._device, models, allowed, allow_truncated)
        return self._of_files[wanted]

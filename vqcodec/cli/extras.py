"""Packages that a command needs beyond a plain installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["needs_extra"]


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Let failing imports in the block name the extra of this package that installs them.

    Raises:
        VqcodecError: a package is not installed.
    """
    from bitstream.errors import VqcodecError

    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("bitstream", "vqcodec"):
            raise
        raise VqcodecError(f"this needs {error.name}, which is not installed: pip install 'vqcodec[{extra}]'") from None

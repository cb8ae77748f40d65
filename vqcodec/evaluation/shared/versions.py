"""Versions of packages, for the keys of results."""

from __future__ import annotations

from functools import cache
from importlib import metadata

__all__ = ["versions_of"]


@cache
def versions_of(packages: tuple[str, ...]) -> str:
    """Names and versions, as text.

    Raises:
        PackageNotFoundError: a package is not installed.
    """
    return ", ".join(f"{name} {metadata.version(name)}" for name in packages)

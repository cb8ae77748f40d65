"""Bounds of what is in a model file, which may be hostile."""

from __future__ import annotations

__all__ = ["MOST_WEIGHTS", "check_bounds"]

MOST_WEIGHTS = 1 << 25  # of a prior: ten times those of any model so far; as layers, they take five bytes each


def check_bounds(name: str, value: int, high: int, low: int = 1) -> None:
    """Raise ValueError if `value`, a setting of a model's header, is outside of `low`..`high`."""
    if not low <= value <= high:
        raise ValueError(f"{name}: {value} is outside of {low}..{high}")

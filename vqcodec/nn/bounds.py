"""Bounds of the settings in a model's header, which may be hostile."""

from __future__ import annotations

__all__ = ["check_bounds"]


def check_bounds(name: str, value: int, high: int, low: int = 1) -> None:
    """Raise ValueError if `value` is outside of `low`..`high`."""
    if not low <= value <= high:
        raise ValueError(f"{name}: {value} is outside of {low}..{high}")

"""The vector instructions that NumPy has for this processor, which a process can be told to do without."""

from __future__ import annotations

from importlib import import_module

__all__ = ["DISPATCHED", "FEATURES"]

_module = import_module("numpy._core._multiarray_umath")
FEATURES: dict[str, bool] = _module.__cpu_features__
DISPATCHED: list[str] = [name for name in _module.__cpu_dispatch__ if FEATURES.get(name)]

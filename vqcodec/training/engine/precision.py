"""The arithmetic of training: bfloat16 where the processor has it."""

from __future__ import annotations

from functools import cache

import torch

__all__ = ["autocast"]


@cache
def _has_bfloat16() -> bool:
    """Whether bfloat16 is fast: with AVX-512 or AMX. Elsewhere it is emulated, and far slower than float32."""
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def autocast(enabled: bool = True) -> torch.autocast:
    """A context in which networks compute in bfloat16, where that is fast; in float32 elsewhere."""
    return torch.autocast("cpu", dtype=torch.bfloat16, enabled=enabled and _has_bfloat16())

"""The compiled kernel, if it is there and wanted.

`VQCODEC_KERNEL=numpy` in the environment does without it; `scalar` takes its plain C, without vector instructions.
"""

from __future__ import annotations

import os
from types import ModuleType

from bitstream.errors import InputError

__all__ = ["VARIABLE", "load_kernel"]

VARIABLE = "VQCODEC_KERNEL"


def load_kernel() -> ModuleType | None:
    """The extension, set to the best instructions of the processor; None if numpy is to be used.

    Raises:
        InputError: the environment asks for what is not there.
    """
    wanted = os.environ.get(VARIABLE, "")
    if wanted == "numpy":
        return None
    try:
        from vqcodec.prior.kernel import _kernel
    except ImportError:
        if wanted:
            raise InputError(f"{VARIABLE}={wanted} asks for the compiled kernel, which is not installed") from None
        return None
    supported = _kernel.supported()
    if wanted and wanted not in supported:
        raise InputError(f"{VARIABLE} must be numpy, {' or '.join(supported)}, not {wanted!a}")
    _kernel.use(wanted or supported[-1])
    return _kernel

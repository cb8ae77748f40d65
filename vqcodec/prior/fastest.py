"""The fastest evaluation of a prior that there is here."""

from __future__ import annotations

from vqcodec.prior.base import EntropyModel
from vqcodec.prior.kernel.extension import load_kernel
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavenet import WaveNet

__all__ = ["fastest"]


def fastest(prior: PixelCNN | WaveNet) -> EntropyModel:
    """The prior, evaluated by the compiled kernel, or by numpy where there is none.

    Raises:
        InputError: the environment asks for a kernel that is not there: see `vqcodec.prior.kernel.extension`.
    """
    kernel = load_kernel()
    if kernel is None:
        return prior
    if isinstance(prior, PixelCNN):
        from vqcodec.prior.kernel.pixelcnn import KernelPixelCNN

        return KernelPixelCNN(prior, kernel)
    from vqcodec.prior.kernel.wavenet import KernelWaveNet

    return KernelWaveNet(prior, kernel)

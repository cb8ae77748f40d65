"""Which evaluation of a prior is taken."""

from __future__ import annotations

import sys

import pytest

from bitstream import InputError
from tests.helpers.every_prior import prior_named
from vqcodec.prior.fastest import fastest
from vqcodec.prior.kernel import _kernel
from vqcodec.prior.kernel.extension import VARIABLE, load_kernel
from vqcodec.prior.kernel.pixelcnn import KernelPixelCNN
from vqcodec.prior.kernel.wavenet import KernelWaveNet


def test_the_kernel_is_taken_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert isinstance(fastest(prior_named("pixelcnn-bound")), KernelPixelCNN)
    assert isinstance(fastest(prior_named("wavenet-bound")), KernelWaveNet)


@pytest.mark.parametrize("name", ["pixelcnn-bound", "wavenet-bound"])
def test_numpy_is_taken_if_it_is_asked_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "numpy")
    prior = prior_named(name)
    assert fastest(prior) is prior


def test_numpy_is_taken_where_there_is_no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setitem(sys.modules, "vqcodec.prior.kernel._kernel", None)
    monkeypatch.delattr("vqcodec.prior.kernel._kernel")
    assert load_kernel() is None


@pytest.mark.parametrize("instructions", _kernel.supported())
def test_instructions_that_are_asked_for(instructions: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, instructions)
    assert load_kernel() is _kernel
    monkeypatch.delenv(VARIABLE)
    load_kernel()


def test_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "sse9")
    with pytest.raises(InputError, match=r"VQCODEC_KERNEL must be numpy, scalar.*, not 'sse9'"):
        load_kernel()
    monkeypatch.setenv(VARIABLE, "scalar")
    monkeypatch.setitem(sys.modules, "vqcodec.prior.kernel._kernel", None)
    monkeypatch.delattr("vqcodec.prior.kernel._kernel")
    with pytest.raises(InputError, match="is not installed"):
        load_kernel()

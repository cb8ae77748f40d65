"""Kernels in 8 bits: how close they stay, and that saving again changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from bitstream import ModelError
from vqcodec.model.packed_kernels import pack_networks, unpack_networks

KERNELS = arrays(
    np.float32,
    st.tuples(*[st.integers(1, 3)] * 4),
    elements=st.floats(-1000, 1000, width=32) | st.floats(-(2**-10), 2**-10, width=32),
)


@given(KERNELS)
def test_kernels_stay_within_half_a_step(kernel: NDArray[np.float32]) -> None:
    read = unpack_networks(pack_networks({"encoder/weight": kernel}))["encoder/weight"]
    largest = np.abs(kernel).max((1, 2, 3), keepdims=True)
    assert (np.abs(read - kernel) <= np.maximum(largest / 127, 2.0**-14) * 0.501 + largest * 2.0**-11).all()


@given(KERNELS)
def test_what_was_read_is_stored_as_it_was(kernel: NDArray[np.float32]) -> None:
    packed = pack_networks({"weight": kernel, "bias": kernel[:, 0, 0, 0]})
    again = pack_networks(unpack_networks(packed))
    assert packed.keys() == again.keys() == {"weight", "weight.scale", "bias"}
    for name, array in packed.items():
        assert array.dtype == (np.int8 if name == "weight" else np.float16)
        np.testing.assert_array_equal(array, again[name])


@given(KERNELS)
def test_the_ends_of_a_decoder_keep_16_bits(kernel: NDArray[np.float32]) -> None:
    names = ("decoder/location.weight", "decoder/linear.weight", "decoder/stem.weight", "likelihood/outer.weight")
    packed = pack_networks(dict.fromkeys(names, kernel))
    assert packed.keys() == set(names)
    for array in unpack_networks(packed).values():
        np.testing.assert_array_equal(array, kernel.astype(np.float16))


def test_kernels_of_16_bits_are_read() -> None:
    kernel = np.linspace(-1, 1, 24).reshape(2, 3, 2, 2).astype(np.float16)
    read = unpack_networks({"weight": kernel})["weight"]
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, kernel)


@pytest.mark.parametrize("scale", [np.ones(3, np.float16), np.ones((2, 1), np.float16), np.ones(2, np.float32)])
def test_scales_of_the_wrong_kind(scale: NDArray[np.float16]) -> None:
    with pytest.raises(ModelError, match=r"array weight\.scale"):
        unpack_networks({"weight": np.zeros((2, 3, 1, 1), np.int8), "weight.scale": scale})
    with pytest.raises(ModelError, match="scales"):
        unpack_networks({"weight": np.zeros(2, np.int8), "weight.scale": np.ones(2, np.float16)})

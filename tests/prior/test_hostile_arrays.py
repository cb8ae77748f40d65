"""Arrays of model files that make no prior are refused when it is made, so that nothing fails when it is used."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import ModelError
from tests.helpers import pixelcnns, wavenets
from tests.helpers.every_prior import EitherPrior, prior_named
from tests.helpers.priors import random_indices
from vqcodec.prior import named_arrays, pixelcnn_arrays, wavenet_arrays
from vqcodec.prior.pixelcnn import PixelCNN

Arrays = dict[str, NDArray[Any]]

KINDS = ("pixelcnn", "wavenet")
every_kind = pytest.mark.parametrize("kind", KINDS)


def ragged(kind: str) -> EitherPrior:
    return prior_named(f"{kind}-ragged")


def to_arrays(prior: EitherPrior) -> Arrays:
    if isinstance(prior, PixelCNN):
        return pixelcnn_arrays.to_arrays(prior)
    return wavenet_arrays.to_arrays(prior)


def from_arrays(kind: str, arrays: Arrays) -> EitherPrior:
    """A prior with the planes and alphabets of the ragged one."""
    if kind == "pixelcnn":
        config = pixelcnns.RAGGED
        return pixelcnn_arrays.from_arrays(arrays, config.planes, config.streams, ragged(kind).sizes)
    return wavenet_arrays.from_arrays(arrays, wavenets.RAGGED.planes, wavenets.RAGGED.streams, ragged(kind).sizes)


@every_kind
def test_arrays_make_the_prior(kind: str) -> None:
    prior, arrays = ragged(kind), to_arrays(ragged(kind))
    again = from_arrays(kind, arrays)
    indices = random_indices(prior, 1, 2, 20)
    assert again.encode(indices, 1) == prior.encode(indices, 1)
    assert {name: array.tobytes() for name, array in to_arrays(again).items()} == {
        name: array.tobytes() for name, array in arrays.items()
    }


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in to_arrays(ragged(kind))])
def test_every_array_has_to_be_there_with_its_type_and_shape(kind: str, name: str) -> None:
    arrays = to_arrays(ragged(kind))
    array = arrays[name]
    others = [array.T, array.ravel(), array[None], array[..., None], array[:-1], array[..., :-1], array[:0]]
    others += [np.concatenate([array, array[:1]]), np.zeros((), array.dtype)]
    wrong = [other for other in others if other.shape != array.shape]
    wrong += [array.astype(dtype) for dtype in (np.float32, np.int64, np.uint8, np.bool_)]
    for other in wrong:
        with pytest.raises(ModelError):
            from_arrays(kind, arrays | {name: other})
    with pytest.raises(ModelError, match="prior"):
        from_arrays(kind, {each: value for each, value in arrays.items() if each != name})


@every_kind
@pytest.mark.parametrize("name", ["other", "4/causal/0/weight", "0/causal/4/bias", "tanh/0", "0/other/0/weight"])
def test_arrays_that_do_not_belong(kind: str, name: str) -> None:
    with pytest.raises(ModelError, match="too many"):
        from_arrays(kind, to_arrays(ragged(kind)) | {name: np.zeros(3, np.int8)})


@every_kind
@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_values_give_an_error_or_a_prior(kind: str, data: st.DataObject) -> None:
    arrays = to_arrays(ragged(kind))
    name = data.draw(st.sampled_from(sorted(arrays)))
    array, rng = arrays[name], np.random.default_rng(data.draw(st.integers(0, 99)))
    wild = np.frombuffer(rng.bytes(array.nbytes), array.dtype).reshape(array.shape)
    mixed = np.where(rng.random(wild.shape) < data.draw(st.sampled_from([0.01, 1])), wild, array)
    try:
        prior = from_arrays(kind, arrays | {name: mixed})
    except ModelError:
        return
    indices = random_indices(prior, 1, 1, 5)
    assert (prior.decode(prior.encode(indices, 1), 1, 1, 5) == indices).all()


@every_kind
def test_arrays_of_too_many_weights(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are refused before layers are made of them."""
    arrays = to_arrays(ragged(kind))
    most = sum(array.size for array in arrays.values())
    monkeypatch.setattr(named_arrays, "MOST_WEIGHTS", most)
    from_arrays(kind, arrays)
    monkeypatch.setattr(named_arrays, "MOST_WEIGHTS", most - 1)
    monkeypatch.setattr(named_arrays, "ExactLayer", None)
    with pytest.raises(ModelError, match="too large"):
        from_arrays(kind, arrays)

"""Parts and arrays that make no prior of sound: refused when it is made, so that nothing fails when it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream import ModelError
from tests.helpers.hostile_priors import Change, Parts, layer, with_group, with_layer, with_part, with_size
from tests.helpers.priors import random_indices
from tests.helpers.wavenets import RAGGED, wavenet_named
from vqcodec.prior import dilated, named_arrays, wavenet_arrays
from vqcodec.prior.config import WaveNetConfig
from vqcodec.prior.exact import ExactLayer
from vqcodec.prior.wavenet import WaveNet, WaveNetSlice


def parts() -> Parts:
    """What the ragged prior is made of."""
    prior = wavenet_named("ragged")
    return {
        "slices": list(prior.slices),
        "planes": RAGGED.planes,
        "streams": RAGGED.streams,
        "dilations": RAGGED.dilations,
        "values": prior.values.astype(np.int8),
        "sizes": prior.sizes.copy(),
        "tables": prior.tables,
    }


def everywhere(group: str, function: Callable[[tuple[ExactLayer, ...]], Any]) -> Change:
    """Other layers in every slice."""
    return with_part(
        "slices", lambda slices: [replace(each, **{group: tuple(function(getattr(each, group)))}) for each in slices]
    )


# The third slice reads 3 planes of 2 values, has 2 planes, 8 hidden channels, 4 causal layers and heads of 5 + 2 and 6.
HOSTILE = {
    "a slice is missing": with_part("slices", lambda slices: slices[:3]),
    "no slices": with_part("slices", lambda slices: []),
    "a slice too many": with_part("slices", lambda slices: [*slices, slices[0]]),
    "slices out of order": with_part("slices", lambda slices: slices[::-1]),
    "planes too few": with_part("planes", lambda _: (1, 2, 1, 1)),
    "planes too many": with_part("planes", lambda _: (1, 2, 3, 1)),
    "planes negative": with_part("planes", lambda _: (-1, 4, 2, 1)),
    "planes in no slice": with_part("planes", lambda _: ()),
    "an empty slice": with_part("planes", lambda _: (0, 3, 2, 1)),
    "streams too few": with_part("streams", lambda _: (1, 1)),
    "an empty stream": with_part("streams", lambda _: (0, 1, 2, 1)),
    "streams negative": with_part("streams", lambda _: (-1, 5)),
    "no streams": with_part("streams", lambda _: ()),
    "a huge stream": with_part("streams", lambda _: (10**30, 2)),
    "a dilation too few": with_part("dilations", lambda _: (1, 3)),
    "a dilation too many": with_part("dilations", lambda _: (1, 3, 2, 4)),
    "no dilations": with_part("dilations", lambda _: ()),
    "a dilation of 0": with_part("dilations", lambda _: (1, 0, 2)),
    "a dilation negative": with_part("dilations", lambda _: (1, -3, 2)),
    "a dilation too far": with_part("dilations", lambda _: (1, 4097, 2)),
    "a huge dilation": with_part("dilations", lambda _: (1, 10**30, 2)),
    "values of three dimensions": with_part("values", lambda values: values[0]),
    "values of no codes": with_part("values", lambda values: values[:, :, :0]),
    "values of fewer codes": with_part("values", lambda values: values[:, :, :6]),
    "values of fewer rate points": with_part("values", lambda values: values[:1]),
    "values of fewer planes": with_part("values", lambda values: values[:, :5]),
    "values of other dimensions": with_part("values", lambda values: values[..., :1]),
    "sizes of fewer rate points": with_part("sizes", lambda sizes: sizes[:1]),
    "sizes of fewer planes": with_part("sizes", lambda sizes: sizes[:, :5]),
    "an alphabet of 0": with_size(0),
    "an alphabet negative": with_size(-3),
    "an alphabet too large": with_size(8),
    "an alphabet that is not the head's": with_size(4),
    "no causal layers": with_group(2, "causal", lambda _: []),
    "no causal layers anywhere": everywhere("causal", lambda _: []),
    "no causal layers in the first slice": with_group(0, "causal", lambda _: []),
    "a causal layer missing": with_group(2, "causal", lambda layers: layers[:-1]),
    "a causal layer missing everywhere": everywhere("causal", lambda layers: layers[:-1]),
    "a causal layer too wide": with_layer("causal", 1, layer(16, 18)),
    "a causal layer of odd width": with_layer("causal", 1, layer(16, 17)),
    "a causal layer of other inputs": with_layer("causal", 0, layer(25, 16)),
    "a causal layer of one rate point": with_layer("causal", 1, layer(16, 16, rate_points=1)),
    "a slice of other channels": with_group(2, "causal", lambda _: [layer(26, 12), *(layer(12, 12) for _ in range(3))]),
    "no channels": everywhere("causal", lambda layers: [layer(len(layers[0].weight), 0), *([layer(0, 0)] * 3)]),
    "a head missing": with_group(2, "heads", lambda layers: layers[:1]),
    "a head too many": with_group(2, "heads", lambda layers: [*layers, layers[0]]),
    "a head too wide": with_layer("heads", 0, layer(8, 8, rate_points=1)),
    "a head of other inputs": with_layer("heads", 0, layer(9, 7, rate_points=1)),
    "a head of two rate points": with_layer("heads", 0, layer(8, 7, rate_points=2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_parts_that_make_no_prior(name: str) -> None:
    with pytest.raises(ModelError, match="prior"):
        WaveNet(**HOSTILE[name](parts()))


def test_parts_unchanged_make_the_prior() -> None:
    prior = wavenet_named("ragged")
    indices = random_indices(prior, 1, 2, 9)
    assert WaveNet(**parts()).encode(indices, 1) == prior.encode(indices, 1)


@pytest.mark.parametrize(
    ("group", "index", "right"),
    [("causal", 0, layer(26, 16)), ("causal", 2, layer(16, 16)), ("heads", 0, layer(8, 7, rate_points=1))],
)
def test_layers_of_the_right_shape_are_accepted(group: str, index: int, right: ExactLayer) -> None:
    """So that the cases above are refused for what they say."""
    prior = WaveNet(**with_layer(group, index, right)(parts()))
    indices = random_indices(prior, 0, 2, 6)
    assert (prior.decode(prior.encode(indices, 0), 0, 2, 6) == indices).all()


WIDTHS = st.sampled_from([0, 1, 2, 7, 8, 12, 16, 26])


@settings(deadline=None, max_examples=100)
@given(
    st.sampled_from(["causal", "heads"]),
    st.integers(0, 3),
    st.lists(st.tuples(WIDTHS, WIDTHS, st.integers(1, 3)), max_size=4),
)
def test_what_is_accepted_can_be_used(group: str, number: int, shapes: list[tuple[int, int, int]]) -> None:
    try:
        prior = WaveNet(**with_group(number, group, lambda _: [layer(*each) for each in shapes])(parts()))
    except ModelError:
        return
    for rate in (0, 1):
        indices = random_indices(prior, rate, 2, 4)
        assert (prior.decode(prior.encode(indices, rate), rate, 2, 4) == indices).all()


# Memory ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "most"), [("MOST_STACKED", 4 * 4 * 12 * 16 - 1), ("MOST_REMEMBERED", 2 * (8 * 4 * 6 + 64 * 12) - 1)]
)
def test_models_that_ask_for_too_much_memory(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dilated, name, most)
    with pytest.raises(ModelError, match="prior is too large"):
        WaveNet(**parts())


def test_many_slices_of_few_weights_are_too_much() -> None:
    """Each matrix is small, but side by side they are filled up to the largest: 600 MiB here."""
    counts = [1] * 300 + [3000]
    total, slices, first = sum(counts), [], 0
    for count in counts:
        rows = dilated.rows_read(range(first, first + count), total, 1)
        slices.append(WaveNetSlice((layer(len(rows), 40, rate_points=1),), (layer(20, 0, rate_points=1),)))
        first += count
    values, sizes = np.zeros((1, total, 1, 1), np.int8), np.ones((1, total), np.intp)
    with pytest.raises(ModelError, match="prior is too large"):
        WaveNet(slices, counts, [len(counts)], (), values, sizes, parts()["tables"])


def test_arrays_of_too_many_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named_arrays, "MOST_WEIGHTS", sum(array.size for array in arrays().values()) - 1)
    with pytest.raises(ModelError, match="prior is too large"):
        from_arrays(arrays())


# Arrays ------------------------------------------------------------------------------------------------------------


def arrays() -> dict[str, Any]:
    return wavenet_arrays.to_arrays(wavenet_named("ragged"))


def from_arrays(changed: dict[str, Any]) -> WaveNet:
    return wavenet_arrays.from_arrays(changed, RAGGED.planes, RAGGED.streams, wavenet_named("ragged").sizes)


def test_arrays_make_the_prior() -> None:
    prior, again = wavenet_named("ragged"), from_arrays(arrays())
    indices = random_indices(prior, 1, 2, 20)
    assert again.encode(indices, 1) == prior.encode(indices, 1)
    assert {name: array.tobytes() for name, array in wavenet_arrays.to_arrays(again).items()} == {
        name: array.tobytes() for name, array in arrays().items()
    }


@pytest.mark.parametrize("name", arrays())
def test_every_array_has_to_be_there_with_its_type_and_shape(name: str) -> None:
    array = arrays()[name]
    others = [array.T, array.ravel(), array[None], array[..., None], array[:-1], array[..., :-1], array[:0]]
    others += [np.concatenate([array, array[:1]]), np.zeros((), array.dtype)]
    wrong = [other for other in others if other.shape != array.shape]
    wrong += [array.astype(dtype) for dtype in (np.float32, np.int64, np.uint8, np.bool_)]
    for other in wrong:
        with pytest.raises(ModelError):
            from_arrays(arrays() | {name: other})
    with pytest.raises(ModelError, match="prior"):
        from_arrays({each: value for each, value in arrays().items() if each != name})


@pytest.mark.parametrize("name", ["other", "4/causal/0/weight", "0/causal/4/bias", "0/context/0/weight", "tanh/0"])
def test_arrays_that_do_not_belong(name: str) -> None:
    with pytest.raises(ModelError, match="too many"):
        from_arrays(arrays() | {name: np.zeros(3, np.int8)})


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_any_values_give_an_error_or_a_prior(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(arrays())))
    array, rng = arrays()[name], np.random.default_rng(data.draw(st.integers(0, 99)))
    wild = np.frombuffer(rng.bytes(array.nbytes), array.dtype).reshape(array.shape)
    mixed = np.where(rng.random(wild.shape) < data.draw(st.sampled_from([0.01, 1])), wild, array)
    try:
        prior = from_arrays(arrays() | {name: mixed})
    except ModelError:
        return
    indices = random_indices(prior, 1, 1, 5)
    assert (prior.decode(prior.encode(indices, 1), 1, 1, 5) == indices).all()


# The configuration -------------------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {"planes": (1, 2), "streams": (1, 1)}


@pytest.mark.parametrize(
    "change",
    [
        *({"planes": value} for value in ((), (1,), (0, 3), (-1, 4), (1, 4097), (1, 10**30))),
        *({"streams": value} for value in ((), (1,), (0, 2), (3,), (1, 10**30), (1,) * 9)),
        *({"hidden": value} for value in (0, -1, 4097, 10**30)),
        *({"features": value} for value in (0, -1, 4097)),
        *({"dilations": value} for value in ((0,), (-1,), (1, 4097), (10**30,), (1,) * 17)),
    ],
    ids=str,
)
def test_configurations_that_no_model_has(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="outside of"):
        WaveNetConfig(**GOOD | change)


@pytest.mark.parametrize("dilations", [(), (1,), (4096,), (4096,) * 16])
def test_configurations_that_models_have(dilations: tuple[int, ...]) -> None:
    assert WaveNetConfig(**GOOD, dilations=dilations).dilations == dilations

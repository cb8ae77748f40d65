"""Parts that make no prior: refused when it is made, so that nothing fails when it is used."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream import ModelError
from tests.helpers.hostile_priors import Parts, layer, with_group, with_layer, with_part, with_size
from tests.helpers.pixelcnns import ragged_network
from tests.helpers.priors import random_indices
from vqcodec.prior import named_arrays, pixelcnn_arrays
from vqcodec.prior.pixelcnn import PixelCNN


@cache
def ragged() -> PixelCNN:
    return ragged_network().export()


def parts() -> Parts:
    """What the ragged prior is made of."""
    prior = ragged()
    return {
        "slices": list(prior.slices),
        "planes": (1, 2, 2),
        "streams": (1, 2),
        "values": prior.values.astype(np.int8),
        "sizes": prior.sizes.copy(),
        "tables": prior.tables,
    }


# The third slice reads 3 planes of 2 values, has 2 planes, 6 context and 8 hidden channels, and heads of 5 + 2 and 6.
HOSTILE = {
    "a slice is missing": with_part("slices", lambda slices: slices[:2]),
    "a slice too many": with_part("slices", lambda slices: [*slices, slices[0]]),
    "slices out of order": with_part("slices", lambda slices: slices[::-1]),
    "planes too few": with_part("planes", lambda _: (1, 2, 1)),
    "planes too many": with_part("planes", lambda _: (1, 2, 3)),
    "planes negative": with_part("planes", lambda _: (-1, 4, 2)),
    "planes in no slice": with_part("planes", lambda _: ()),
    "an empty slice": with_part("planes", lambda _: (0, 3, 2)),
    "streams too few": with_part("streams", lambda _: (1, 1)),
    "an empty stream": with_part("streams", lambda _: (0, 1, 2)),
    "streams negative": with_part("streams", lambda _: (-1, 4)),
    "no streams": with_part("streams", lambda _: ()),
    "a huge stream": with_part("streams", lambda _: (10**30, 2)),
    "values of three dimensions": with_part("values", lambda values: values[0]),
    "values of no codes": with_part("values", lambda values: values[:, :, :0]),
    "values of fewer codes": with_part("values", lambda values: values[:, :, :6]),
    "values of fewer rate points": with_part("values", lambda values: values[:1]),
    "values of fewer planes": with_part("values", lambda values: values[:, :4]),
    "values of another dimension": with_part("values", lambda values: values[..., :1]),
    "sizes of fewer planes": with_part("sizes", lambda sizes: sizes[:, :4]),
    "sizes swapped": with_part("sizes", lambda sizes: sizes.T),
    "an empty alphabet": with_size(0),
    "a negative alphabet": with_size(-3),
    "an alphabet too large": with_size(8),
    "an alphabet that the head lacks": with_size(4),
    "no causal layer": with_group(2, "causal", lambda _: ()),
    "a causal layer is missing": with_group(2, "causal", lambda layers: layers[1:]),
    "no context": with_group(2, "context", lambda _: ()),
    "context of the first slice": with_group(0, "context", lambda _: (layer(0, 0),)),
    "a head is missing": with_group(2, "heads", lambda heads: heads[:1]),
    "a head too many": with_group(2, "heads", lambda heads: (*heads, heads[0])),
    "heads swapped": with_group(2, "heads", lambda heads: heads[::-1]),
    "a causal layer too wide": with_layer("causal", 1, layer(40, 18)),
    "a causal layer of odd width": with_layer("causal", 2, layer(40, 17)),
    "a causal layer of other inputs": with_layer("causal", 1, layer(41, 16)),
    "a first layer without the context": with_layer("causal", 0, layer(16, 16)),
    "a causal layer of one rate point": with_layer("causal", 1, layer(40, 16, rate_points=1)),
    "a context layer too wide": with_layer("context", 1, layer(54, 14)),
    "a context layer of other inputs": with_layer("context", 0, layer(53, 12)),
    "a context layer of three rate points": with_layer("context", 1, layer(54, 12, rate_points=3)),
    "a head too wide": with_layer("heads", 0, layer(8, 8, rate_points=1)),
    "a head of other inputs": with_layer("heads", 0, layer(9, 7, rate_points=1)),
    "a head of two rate points": with_layer("heads", 0, layer(8, 7, rate_points=2)),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_parts_that_make_no_prior(name: str) -> None:
    with pytest.raises(ModelError, match="prior"):
        PixelCNN(**HOSTILE[name](parts()))


def test_parts_unchanged_make_the_prior() -> None:
    indices = random_indices(ragged(), 1, 4, 4)
    assert PixelCNN(**parts()).encode(indices, 1) == ragged().encode(indices, 1)


@pytest.mark.parametrize(("group", "index"), [("causal", 1), ("context", 1), ("heads", 0)])
def test_layers_of_the_right_shape_are_accepted(group: str, index: int) -> None:
    """So that the cases above are refused for what they say."""
    right = {"causal": layer(40, 16), "context": layer(54, 12), "heads": layer(8, 7, rate_points=1)}[group]
    prior = PixelCNN(**with_layer(group, index, right)(parts()))
    indices = random_indices(prior, 0, 3, 4)
    assert (prior.decode(prior.encode(indices, 0), 0, 3, 4) == indices).all()


def test_what_a_position_takes() -> None:
    """The third slice has 5 planes of 2 values, 6 channels of context, 8 hidden ones and heads of 7 and 8 logits."""
    cost = ragged().cost
    wider_context = with_group(2, "context", lambda _: [layer(54, 200), layer(900, 200)])(parts())
    wider = PixelCNN(**with_group(2, "causal", lambda layers: [layer(116, 16), *layers[1:]])(wider_context)).cost
    assert cost.held == 6 * 5 + 4 * 6
    assert wider.held == 6 * 5 + 4 * 100
    assert cost.numbers > cost.widest > 54 + 12 + 54 + 12
    assert wider.multiply_adds - cost.multiply_adds == 54 * 188 + (900 * 200 - 54 * 12) + 94 * 16
    assert ragged().calls == 5 + 3 * (3 + 1)


def test_arrays_of_too_many_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which are refused before layers are made of them."""
    arrays, order = pixelcnn_arrays.to_arrays(ragged()), ((1, 2, 2), (1, 2), ragged().sizes)
    weights = sum(array.size for array in arrays.values())
    monkeypatch.setattr(named_arrays, "MOST_WEIGHTS", weights)
    pixelcnn_arrays.from_arrays(arrays, *order)
    monkeypatch.setattr(named_arrays, "MOST_WEIGHTS", weights - 1)
    monkeypatch.setattr(named_arrays, "ExactLayer", None)
    with pytest.raises(ModelError, match="prior is too large"):
        pixelcnn_arrays.from_arrays(arrays, *order)


WIDTHS = st.sampled_from([0, 1, 2, 6, 7, 8, 12, 16, 40, 54])


@settings(deadline=None, max_examples=150)
@given(
    st.sampled_from(["context", "causal", "heads"]),
    st.integers(0, 2),
    st.lists(st.tuples(WIDTHS, WIDTHS, st.integers(0, 3)), max_size=3),
)
def test_what_is_accepted_can_be_used(group: str, number: int, shapes: list[tuple[int, int, int]]) -> None:
    try:
        prior = PixelCNN(**with_group(number, group, lambda _: [layer(*each) for each in shapes])(parts()))
    except ModelError:
        return
    for rate in (0, 1):
        indices = random_indices(prior, rate, 3, 4)
        assert (prior.decode(prior.encode(indices, rate), rate, 3, 4) == indices).all()

"""Parts that make no prior are refused when it is made, so that nothing fails when it is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bitstream import ModelError
from tests.helpers import pixelcnns, wavenets
from tests.helpers.every_prior import EitherPrior, prior_named
from tests.helpers.hostile_priors import Change, Parts, layer, with_group, with_layer, with_part, with_size
from tests.helpers.priors import random_indices
from vqcodec.prior.exact import ExactLayer
from vqcodec.prior.pixelcnn import PixelCNN
from vqcodec.prior.wavenet import WaveNet

KINDS = ("pixelcnn", "wavenet")
every_kind = pytest.mark.parametrize("kind", KINDS)


def parts(kind: str) -> Parts:
    """What the ragged prior is made of."""
    config = pixelcnns.RAGGED if kind == "pixelcnn" else wavenets.RAGGED
    prior = prior_named(f"{kind}-ragged")
    made: Parts = {
        "slices": list(prior.slices),
        "planes": config.planes,
        "streams": config.streams,
        "values": prior.values.astype(np.int8),
        "sizes": prior.sizes.copy(),
        "tables": prior.tables,
    }
    return made if kind == "pixelcnn" else made | {"dilations": wavenets.RAGGED.dilations}


def made_of(kind: str, parts: Parts) -> EitherPrior:
    return PixelCNN(**parts) if kind == "pixelcnn" else WaveNet(**parts)


def everywhere(group: str, function: Callable[[tuple[ExactLayer, ...]], Any]) -> Change:
    """Other layers in every slice."""
    return with_part(
        "slices", lambda slices: [replace(each, **{group: tuple(function(getattr(each, group)))}) for each in slices]
    )


# The third slice reads 3 planes of 2 values, and has 2 planes, 8 hidden channels, and heads of 5 + 2 and 6.
COMMON = {
    "a slice is missing": with_part("slices", lambda slices: slices[:-1]),
    "no slices": with_part("slices", lambda slices: []),
    "a slice too many": with_part("slices", lambda slices: [*slices, slices[0]]),
    "slices out of order": with_part("slices", lambda slices: slices[::-1]),
    "planes too few": with_part("planes", lambda planes: (1, 2, 1, *planes[3:])),
    "planes too many": with_part("planes", lambda planes: (1, 2, 3, *planes[3:])),
    "planes negative": with_part("planes", lambda planes: (-1, 4, *planes[2:])),
    "planes in no slice": with_part("planes", lambda _: ()),
    "an empty slice": with_part("planes", lambda planes: (0, 3, *planes[2:])),
    "streams too few": with_part("streams", lambda _: (1, 1)),
    "an empty stream": with_part("streams", lambda streams: (0, *streams)),
    "streams negative": with_part("streams", lambda streams: (-1, sum(streams) + 1)),
    "no streams": with_part("streams", lambda _: ()),
    "a huge stream": with_part("streams", lambda _: (10**30, 2)),
    "values of three dimensions": with_part("values", lambda values: values[0]),
    "values of no codes": with_part("values", lambda values: values[:, :, :0]),
    "values of fewer codes": with_part("values", lambda values: values[:, :, :6]),
    "values of fewer rate points": with_part("values", lambda values: values[:1]),
    "values of fewer planes": with_part("values", lambda values: values[:, :-1]),
    "values of another dimension": with_part("values", lambda values: values[..., :1]),
    "sizes of fewer rate points": with_part("sizes", lambda sizes: sizes[:1]),
    "sizes of fewer planes": with_part("sizes", lambda sizes: sizes[:, :-1]),
    "sizes swapped": with_part("sizes", lambda sizes: sizes.T),
    "an empty alphabet": with_size(0),
    "a negative alphabet": with_size(-3),
    "an alphabet too large": with_size(8),
    "an alphabet that the head lacks": with_size(4),
    "no causal layers": with_group(2, "causal", lambda _: []),
    "no causal layers in the first slice": with_group(0, "causal", lambda _: []),
    "a causal layer is missing": with_group(2, "causal", lambda layers: layers[1:]),
    "a head is missing": with_group(2, "heads", lambda heads: heads[:1]),
    "a head too many": with_group(2, "heads", lambda heads: [*heads, heads[0]]),
    "heads swapped": with_group(2, "heads", lambda heads: heads[::-1]),
    "a head too wide": with_layer("heads", 0, layer(8, 8, rate_points=1)),
    "a head of other inputs": with_layer("heads", 0, layer(9, 7, rate_points=1)),
    "a head of two rate points": with_layer("heads", 0, layer(8, 7, rate_points=2)),
}
# That slice has 6 channels of context.
OF_PICTURES = {
    "no context": with_group(2, "context", lambda _: ()),
    "context of the first slice": with_group(0, "context", lambda _: (layer(0, 0),)),
    "a causal layer too wide": with_layer("causal", 1, layer(40, 18)),
    "a causal layer of odd width": with_layer("causal", 2, layer(40, 17)),
    "a causal layer of other inputs": with_layer("causal", 1, layer(41, 16)),
    "a first layer without the context": with_layer("causal", 0, layer(16, 16)),
    "a causal layer of one rate point": with_layer("causal", 1, layer(40, 16, rate_points=1)),
    "a context layer too wide": with_layer("context", 1, layer(54, 14)),
    "a context layer of other inputs": with_layer("context", 0, layer(53, 12)),
    "a context layer of three rate points": with_layer("context", 1, layer(54, 12, rate_points=3)),
}
# That slice has 4 causal layers.
OF_SOUND = {
    "a dilation too few": with_part("dilations", lambda _: (1, 3)),
    "a dilation too many": with_part("dilations", lambda _: (1, 3, 2, 4)),
    "no dilations": with_part("dilations", lambda _: ()),
    "a dilation of 0": with_part("dilations", lambda _: (1, 0, 2)),
    "a dilation negative": with_part("dilations", lambda _: (1, -3, 2)),
    "a dilation too far": with_part("dilations", lambda _: (1, 4097, 2)),
    "a huge dilation": with_part("dilations", lambda _: (1, 10**30, 2)),
    "no causal layers anywhere": everywhere("causal", lambda _: []),
    "the last causal layer is missing": with_group(2, "causal", lambda layers: layers[:-1]),
    "a causal layer missing everywhere": everywhere("causal", lambda layers: layers[:-1]),
    "a causal layer too wide": with_layer("causal", 1, layer(16, 18)),
    "a causal layer of odd width": with_layer("causal", 1, layer(16, 17)),
    "a causal layer of other inputs": with_layer("causal", 0, layer(25, 16)),
    "a causal layer of one rate point": with_layer("causal", 1, layer(16, 16, rate_points=1)),
    "a slice of other channels": with_group(2, "causal", lambda _: [layer(26, 12), *[layer(12, 12)] * 3]),
    "no channels": everywhere("causal", lambda layers: [layer(len(layers[0].weight), 0), *[layer(0, 0)] * 3]),
}
HOSTILE = {"pixelcnn": COMMON | OF_PICTURES, "wavenet": COMMON | OF_SOUND}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in HOSTILE[kind]])
def test_parts_that_make_no_prior(kind: str, name: str) -> None:
    with pytest.raises(ModelError, match="prior"):
        made_of(kind, HOSTILE[kind][name](parts(kind)))


@every_kind
def test_parts_unchanged_make_the_prior(kind: str) -> None:
    prior = prior_named(f"{kind}-ragged")
    indices = random_indices(prior, 1, 4, 9)
    assert made_of(kind, parts(kind)).encode(indices, 1) == prior.encode(indices, 1)


def check_use(prior: EitherPrior) -> None:
    """Code indices at both rate points."""
    for rate_point in (0, 1):
        indices = random_indices(prior, rate_point, 3, 4)
        assert (prior.decode(prior.encode(indices, rate_point), rate_point, 3, 4) == indices).all()


@pytest.mark.parametrize(
    ("kind", "group", "index", "right"),
    [
        ("pixelcnn", "causal", 1, layer(40, 16)),
        ("pixelcnn", "context", 1, layer(54, 12)),
        ("pixelcnn", "heads", 0, layer(8, 7, rate_points=1)),
        ("wavenet", "causal", 0, layer(26, 16)),
        ("wavenet", "causal", 2, layer(16, 16)),
        ("wavenet", "heads", 0, layer(8, 7, rate_points=1)),
    ],
)
def test_layers_of_the_right_shape_are_accepted(kind: str, group: str, index: int, right: ExactLayer) -> None:
    """So that the cases above are refused for what they say."""
    check_use(made_of(kind, with_layer(group, index, right)(parts(kind))))


GROUPS = {"pixelcnn": ["context", "causal", "heads"], "wavenet": ["causal", "heads"]}
WIDTHS = {
    "pixelcnn": st.sampled_from([0, 1, 2, 6, 7, 8, 12, 16, 40, 54]),
    "wavenet": st.sampled_from([0, 1, 2, 7, 8, 12, 16, 26]),
}


@every_kind
@settings(deadline=None, max_examples=150)
@given(st.data())
def test_what_is_accepted_can_be_used(kind: str, data: st.DataObject) -> None:
    group = data.draw(st.sampled_from(GROUPS[kind]))
    number = data.draw(st.integers(0, len(parts(kind)["slices"]) - 1))
    shapes = data.draw(st.lists(st.tuples(WIDTHS[kind], WIDTHS[kind], st.integers(0, 3)), max_size=4))
    try:
        prior = made_of(kind, with_group(number, group, lambda _: [layer(*each) for each in shapes])(parts(kind)))
    except ModelError:
        return
    check_use(prior)

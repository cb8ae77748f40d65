"""The kernel gives what numpy and constriction give: indices, words, code lengths and draws."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import CorruptError
from tests.helpers.every_prior import LAYOUTS, NAMES, EitherPrior, prior_named
from tests.helpers.kernel import INSTRUCTIONS, evaluated, using
from tests.helpers.priors import random_indices
from tests.helpers.random_priors import random_pixelcnns, random_wavenets
from vqcodec.prior.sampling import SymbolSampler

Shape = tuple[int, int]

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.tuples(st.integers(1, 2), st.integers(1, 70))
RANDOM = random_pixelcnns() | random_wavenets()


@pytest.fixture(params=INSTRUCTIONS, autouse=True)
def instructions(request: pytest.FixtureRequest) -> Iterator[None]:
    with using(request.param):
        yield


def assert_same(prior: EitherPrior, rate_point: int, shape: Shape, seed: int) -> None:
    """Coding and likelihoods of all streams, and of the first ones alone."""
    fast = evaluated(prior)
    indices = random_indices(prior, rate_point, *shape, seed)
    streams = prior.encode(indices, rate_point)
    assert fast.encode(indices, rate_point) == streams
    for count, planes in enumerate([0, *prior.stream_ends]):
        decoded = fast.decode(streams[:count], rate_point, *shape)
        assert decoded.dtype == np.int32
        assert decoded.flags.c_contiguous
        assert (decoded == indices[:planes]).all()
        if count:
            assert (fast.bits(decoded, rate_point) == prior.bits(decoded, rate_point)).all()
    drawn = fast.sample(SymbolSampler(seed), rate_point, *shape)
    assert (drawn == prior.sample(SymbolSampler(seed), rate_point, *shape)).all()


@settings(deadline=None, max_examples=40)
@given(RANDOM, SHAPES, st.integers(0, 1), st.integers(0, 99))
def test_networks_of_any_shape_at_their_bounds(prior: EitherPrior, shape: Shape, rate_point: int, seed: int) -> None:
    assert_same(prior, rate_point, shape, seed)


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (40, 3), (17, 18)])
@pytest.mark.parametrize("name", NAMES)
def test_priors_of_the_tests(name: str, shape: Shape) -> None:
    for rate_point in (0, 1):
        assert_same(prior_named(name), rate_point, shape, 3)


@pytest.mark.parametrize("name", NAMES)
def test_costs_of_all_symbols(name: str) -> None:
    """Numpy gives them in other pieces."""
    prior = prior_named(name)
    indices = random_indices(prior, 1, 3, 20)

    def whole(pieces: Iterator[tuple[int, slice, NDArray[np.float32]]]) -> dict[int, NDArray[np.float32]]:
        found = {
            plane: np.full((60, size), np.nan, np.float32) for plane, size in enumerate(prior.sizes[1]) if size > 1
        }
        for plane, part, cost in pieces:
            assert np.isnan(found[plane][part]).all()
            found[plane][part] = cost
        return found

    expected, found = whole(prior.costs(indices, 1)), whole(evaluated(prior).costs(indices, 1))
    assert all((found[plane] == cost).all() for plane, cost in expected.items())


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("positions", [1, 20])
def test_any_number_of_calls_gives_the_same(name: str, positions: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("pixelcnn", "wavenet"):
        monkeypatch.setattr(f"vqcodec.prior.kernel.{module}.POSITIONS", positions)
    for rate_point in (0, 1):
        assert_same(prior_named(name), rate_point, (4, 30), 5)


@pytest.mark.parametrize("name", ["pixelcnn-ragged", "wavenet-ragged"])
@settings(deadline=None, max_examples=100)
@given(st.data(), st.integers(0, 1))
def test_damaged_streams_come_to_the_same(name: str, data: st.DataObject, rate_point: int) -> None:
    """Other indices, or an error; the words of a real stream are near enough to go on for a while."""
    prior = prior_named(name)
    whole = prior.encode(random_indices(prior, rate_point, 3, 8), rate_point)
    streams = [data.draw(st.binary(max_size=16) | st.just(each) | st.just(each[:-4])) for each in whole]

    def outcome(model: object) -> object:
        try:
            return model.decode(streams, rate_point, 3, 8).tolist()  # type: ignore[attr-defined]
        except CorruptError as error:
            return str(error)

    assert outcome(evaluated(prior)) == outcome(prior)


@pytest.mark.parametrize("name", NAMES)
def test_other_temperatures_are_drawn_as_numpy_does(name: str) -> None:
    prior = prior_named(name)
    for temperature in (0.0, 0.5, 2.0):
        drawn = [model.sample(SymbolSampler(1, temperature), 1, 3, 9) for model in (prior, evaluated(prior))]
        assert (drawn[0] == drawn[1]).all()


@pytest.mark.parametrize("name", ["pixelcnn-ragged", "wavenet-ragged"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_of_indices_do_not_show(name: str, layout: str) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 0, 3, 20)
    other, fast = LAYOUTS[layout](indices), evaluated(prior)
    assert fast.encode(other, 0) == prior.encode(indices, 0)
    assert (fast.bits(other, 0) == prior.bits(indices, 0)).all()

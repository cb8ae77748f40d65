"""The kernel checks its arguments before it begins: whatever they are, it works, or refuses and changes nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.every_prior import NAMES, prior_named
from tests.helpers.kernel import FUNCTIONS, Call, evaluated, recorder
from tests.helpers.priors import random_indices
from vqcodec.prior.kernel import _kernel
from vqcodec.prior.sampling import SymbolSampler

HUGE = [-1, 0, 1, 2, 255, 2**15, 2**24, 2**31 - 1, 2**31, 2**32, 2**62, -(2**63)]


def calls_of(name: str) -> list[Call]:
    """All calls for coding, likelihoods and draws with a prior."""
    calls: list[Call] = []
    prior = prior_named(name)
    model, indices = evaluated(prior, recorder(calls)), random_indices(prior, 1, 2, 5)
    model.decode(model.encode(indices, 1), 1, 2, 5)
    model.bits(indices, 1)
    list(model.costs(indices, 1))
    model.sample(SymbolSampler(0), 1, 2, 5)
    return calls


CALLS = [call for name in ("pixelcnn-ragged", "wavenet-ragged") for call in calls_of(name)]


def test_every_function_is_called() -> None:
    assert {call.name for call in CALLS} == set(FUNCTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_calls_are_done(name: str) -> None:
    assert all(call.is_done for call in calls_of(name))


def changed(data: st.DataObject, arguments: list[Any]) -> None:
    """Change one of the arguments: another number, or a buffer of another size, or of other numbers."""
    at = data.draw(st.integers(0, len(arguments) - 1))
    if isinstance(arguments[at], int):
        near = st.integers(arguments[at] - 3, arguments[at] + 3)
        arguments[at] = data.draw(near | st.sampled_from(HUGE))
    elif arguments[at] is None:
        arguments[at] = np.zeros(data.draw(st.integers(1, 99)), np.uint8)
    else:
        raw = arguments[at].ravel().view(np.uint8)
        arguments[at] = data.draw(
            st.sampled_from([None, raw[:-1], raw[1:], raw[: len(raw) // 2], np.concatenate([raw, raw]), raw[:0]])
            | st.integers(0, most_turned(raw)).map(lambda place: _with(raw, place))
        )


def most_turned(raw: np.ndarray) -> int:
    """How many bytes at the start and the end may be turned."""
    return min(len(raw), 64)


def _with(raw: np.ndarray, place: int) -> np.ndarray:
    """The bytes with the one at a place, from the start or the end, turned."""
    turned = raw.copy()
    if len(raw):
        turned[(place - most_turned(raw) // 2) % len(raw)] ^= 0x80
    return turned


@settings(deadline=None, max_examples=1500)
@given(st.data())
def test_other_arguments_are_refused_or_harmless(data: st.DataObject) -> None:
    """A wrong read or write would end this process, or be told by a sanitizer."""
    call = data.draw(st.sampled_from(CALLS))
    arguments = [each.copy() if isinstance(each, np.ndarray) else each for each in call.before]
    for _ in range(data.draw(st.integers(1, 3))):
        changed(data, arguments)
    before = [each.tobytes() for each in arguments if isinstance(each, np.ndarray)]
    try:
        getattr(_kernel, call.name)(*arguments)
    except ValueError:
        assert [each.tobytes() for each in arguments if isinstance(each, np.ndarray)] == before


def test_wrong_kinds_and_numbers_of_arguments() -> None:
    call = next(call for call in CALLS if call.name == "costs")
    with pytest.raises(TypeError, match="costs takes 6 arguments"):
        _kernel.costs(*call.before[:-1])
    with pytest.raises(TypeError):
        _kernel.costs(1.5, *call.before[1:])  # type: ignore[arg-type]
    with pytest.raises((TypeError, ValueError, BufferError)):
        _kernel.costs(call.before[0], np.zeros((4, 4)).T, *call.before[2:])
    with pytest.raises(OverflowError):
        _kernel.costs(2**70, *call.before[1:])


def test_what_cannot_be_written_is_refused() -> None:
    call = next(call for call in CALLS if call.name == "costs")
    out = call.before[-1]
    assert isinstance(out, np.ndarray)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="do not fit together"):
        _kernel.costs(*call.before)


@pytest.mark.parametrize("name", ["pixelcnn-ragged", "wavenet-ragged"])
def test_symbols_outside_of_their_tables(name: str) -> None:
    prior = prior_named(name)
    indices = random_indices(prior, 1, 2, 5)
    plane = int(np.flatnonzero(prior.sizes[1] > 1)[-1])
    indices[plane, 1, 4] = prior.sizes[1, plane]
    with pytest.raises((ValueError, IndexError)):
        evaluated(prior).encode(indices, 1)


def test_instructions_that_are_not_there() -> None:
    with pytest.raises(ValueError, match="this processor has no rvv"):
        _kernel.use("rvv")

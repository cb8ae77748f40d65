"""Configurations of priors of sound that no model has are refused."""

from __future__ import annotations

from typing import Any

import pytest

from vqcodec.prior.config import WaveNetConfig

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

"""Model files whose arrays or configuration lie: refused when loaded, before they cost memory or time."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from bitstream import ModelError
from tests.helpers.model_files import NORMATIVE, Arrays, arrays_of, metadata_of, rewritten, signed, use, with_tmp_path
from vqcodec import load

# Arrays --------------------------------------------------------------------------------------------------------------


def test_every_array_has_to_be_there(tiny_model: Path, tmp_path: Path) -> None:
    for name in arrays_of(tiny_model):
        changed = rewritten(tiny_model, tmp_path, {name: None})
        if name.startswith("likelihood/") and not name.endswith(".scale"):  # the codec does not need it
            use(load(changed))
            continue
        with pytest.raises(ModelError):
            load(changed)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, np.uint8, np.bool_, np.complex64])
def test_every_array_has_its_type(tiny_model: Path, tmp_path: Path, dtype: type) -> None:
    for name, array in arrays_of(tiny_model).items():
        with pytest.raises(ModelError, match=name.removeprefix("prior/")):
            load(rewritten(tiny_model, tmp_path, {name: array.astype(dtype)}))


def reshaped(array: NDArray[Any]) -> list[NDArray[Any]]:
    """The same numbers, or about as many, in other shapes."""
    others = [array.T, array.ravel(), array[None], array[..., None], array[:-1], array[..., :-1], array[:0]]
    others += [np.concatenate([array, array[:1]]), np.zeros((), array.dtype)]
    return [np.ascontiguousarray(other) for other in others if other.shape != array.shape]


def test_every_array_has_its_shape(tiny_model: Path, tmp_path: Path) -> None:
    """Of the prior, two stand for all: see tests/prior/test_hostile_arrays.py."""
    for name, array in arrays_of(tiny_model).items():
        if name.startswith("prior/") and name not in ("prior/values", "prior/1/causal/0/weight"):
            continue
        for other in reshaped(array):
            changed = rewritten(tiny_model, tmp_path, {name: other})
            if name.startswith("likelihood/"):  # which the codec does not need: a shape that cannot be is refused
                with suppress(ModelError):
                    use(load(changed))
                continue
            with pytest.raises(ModelError):
                load(changed)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["codewords", "metric", "code_bits"])
def test_codebooks_are_finite(tiny_model: Path, tmp_path: Path, name: str, value: float) -> None:
    array = arrays_of(tiny_model)[name]
    array.reshape(-1)[-1] = value
    with pytest.raises(ModelError, match="not finite"):
        load(rewritten(tiny_model, tmp_path, {name: array}))


@pytest.mark.parametrize(("rate_points", "planes", "dimension"), [(0, 6, 4), (2, 0, 4), (2, 6, 0)])
def test_codebooks_of_nothing(tiny_model: Path, tmp_path: Path, rate_points: int, planes: int, dimension: int) -> None:
    """No rate points, planes or dimensions, and all arrays agree."""
    empty: Arrays = {
        "sizes": np.ones((rate_points, planes), np.int16),
        "codewords": np.zeros((rate_points * planes, dimension), np.float16),
        "code_bits": np.zeros(rate_points * planes, np.float16),
        "metric": np.zeros((rate_points, planes, dimension), np.float32),
        "prior/values": np.zeros((rate_points * planes, dimension), np.int8),
    }
    with pytest.raises(ModelError, match="do not fit"):
        load(rewritten(tiny_model, tmp_path, empty))


@pytest.mark.parametrize("alphabet", ["", "0", "-1", "15", "16.0", "32769", "9" * 5000, None])
def test_the_room_for_codes_is_given(tiny_model: Path, tmp_path: Path, alphabet: str | None) -> None:
    path, metadata = tmp_path / "changed.safetensors", metadata_of(tiny_model)
    del metadata["alphabet"]
    save_file(load_file(tiny_model), path, metadata | ({} if alphabet is None else {"alphabet": alphabet}))
    with pytest.raises(ModelError, match="alphabet"):
        load(path)


def test_more_room_makes_another_model(tiny_model: Path, tmp_path: Path) -> None:
    """As the fingerprint covers the shapes of arrays."""
    path = tmp_path / "changed.safetensors"
    save_file(load_file(tiny_model), path, metadata_of(tiny_model) | {"alphabet": "17"})
    with pytest.raises(ModelError, match="its fingerprint is"):
        load(path)
    signed(path)
    assert load(path).model.fingerprint != load(tiny_model).model.fingerprint
    use(load(path))


@pytest.mark.parametrize("value", [0, -1, 17, 15, -(2**15), 2**15 - 1])
def test_alphabets_fit(tiny_model: Path, tmp_path: Path, value: int) -> None:
    sizes = arrays_of(tiny_model)["sizes"]
    sizes[0, 0] = value
    with pytest.raises(ModelError):
        load(rewritten(tiny_model, tmp_path, {"sizes": sizes}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("prior/0/causal/1/bias", 2**23 - 1),
        ("prior/1/context/0/bias", -(2**31)),
        ("prior/2/heads/1/bias", 2**31 - 1),
        ("prior/2/causal/2/shift", -1),
        ("prior/1/heads/0/shift", 21),
        ("prior/tanh", 128),
        ("prior/tanh", -(2**15)),
        ("prior/sigmoid", -1),
        ("prior/exp", -1),
        ("prior/exp", 2**16 + 1),
    ],
)
def test_nothing_leaves_the_exact_range(tiny_model: Path, tmp_path: Path, name: str, value: int) -> None:
    array = arrays_of(tiny_model)[name]
    array.reshape(-1)[-1] = value
    with pytest.raises(ModelError):
        load(rewritten(tiny_model, tmp_path, {name: array}))


def test_layers_cannot_be_added(tiny_model: Path, tmp_path: Path) -> None:
    arrays = arrays_of(tiny_model)
    for group, last in (("0/causal", 2), ("0/heads", 1), ("1/context", 1)):
        parts = ("weight", "bias", "shift")
        more = {f"prior/{group}/{last + 1}/{part}": arrays[f"prior/{group}/{last}/{part}"] for part in parts}
        changed = rewritten(tiny_model, tmp_path, more)
        if group == "0/heads":
            with pytest.raises(ModelError, match="too many"):
                load(changed)
        else:  # deeper than its configuration says, and another model
            assert load(changed).model.fingerprint != load(tiny_model).model.fingerprint
            use(load(changed))


@with_tmp_path
@given(st.data())
def test_any_values_give_an_error_or_a_model(tiny_model: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Numbers of the normative part as wild as their types allow."""
    arrays = arrays_of(tiny_model)
    name = data.draw(st.sampled_from(sorted(name for name in arrays if name.startswith(NORMATIVE))))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    wild = np.frombuffer(rng.bytes(arrays[name].nbytes), arrays[name].dtype).reshape(arrays[name].shape)
    mixed = np.where(rng.random(wild.shape) < data.draw(st.sampled_from([0.01, 1])), wild, arrays[name])
    try:
        codec = load(rewritten(tiny_model, tmp_path, {name: mixed}))
    except ModelError:
        return
    use(codec)


# The configuration ---------------------------------------------------------------------------------------------------

HUGE = 10**30


@pytest.mark.parametrize(
    "config",
    [
        *({"autoencoder": {"patch": value}} for value in (0, -4, 5, 64, 65, HUGE, "x", None, [4])),
        *(
            {"autoencoder": {"widths": value}}
            for value in ([], [8, 12], [4096] * 3, [10**9] * 3, [HUGE] * 3, [-8, 12, 16], 8)
        ),
        *({"autoencoder": {"blocks": value}} for value in ([], [1, 1], [1, 1, 10**9], [1, 1, HUGE], [-1, 1, 1])),
        *({"autoencoder": {"latent_channels": value}} for value in (0, 23, -24, 10**12, HUGE)),
        *({"autoencoder": {"rates": value}} for value in (0, 1, 3, -2, 10**9, HUGE)),
        {"autoencoder": {"activation": "tanh"}},
        *({"prior": {"planes": value}} for value in ([], [6], [2, 2], [-2, 6, 2], [0, 4, 2], [2, 2, HUGE], [HUGE] * 3)),
        *({"prior": {"layers": value}} for value in ([], [2, 2], [0, 1, 2], [-1, 4], [1] * 9, [HUGE])),
        *({"prior": {"depth": value}} for value in (0, -1, HUGE)),
        {"quality": []},
        *({"quality": [{"rate_point": value, "lambda_": 1.0}]} for value in (2, -1, 256, HUGE, None)),
        *({"quality": [{"rate_point": 0, "lambda_": value}]} for value in (-1.0, float("nan"), float("inf"), "x")),
        *({"quality": [{"rate_point": 0, "lambda_": value}]} for value in (1.1e6, 1e307, HUGE)),
        *({"lambdas": value} for value in ([1.0], [1.0, 0.0], [1.0, float("inf")], [float("nan"), 1.0], [1.0, 1.1e12])),
        *({"lambdas": [1.0, value]} for value in (float("nan"), 1e307, HUGE, -1.0)),
        {"quality": [{"rate_point": 0}]},
        *({"decoder_version": value} for value in (-1, 2**32, HUGE, float("nan"), float("inf"))),
        {"extra": 1},
    ],
    ids=lambda config: json.dumps(config)[:60],
)
def test_configurations_that_no_model_has(tiny_model: Path, tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        load(rewritten(tiny_model, tmp_path, **config))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "3",
        '"x"',
        "{}",
        "{",
        "[" * 50_000,
        "9" * 5_000,
        '{"autoencoder": 1}',
        "NaN",
        '{"quality": 1e999}',
    ],
    ids=lambda text: text[:20],
)
def test_configurations_that_are_none(tiny_model: Path, tmp_path: Path, text: str) -> None:
    path = tmp_path / "changed.safetensors"
    save_file(load_file(tiny_model), path, metadata_of(tiny_model) | {"config": text})
    with pytest.raises(ModelError, match="damaged, or not a model"):
        load(path)


@pytest.mark.parametrize(
    "metadata", [None, {}, {"format": "vqcodec-model-2"}, {"format": "vqcodec-model-3", "config": "{}"}]
)
def test_metadata_that_is_missing(tiny_model: Path, tmp_path: Path, metadata: dict[str, str] | None) -> None:
    path = tmp_path / "changed.safetensors"
    save_file(load_file(tiny_model), path, metadata)
    with pytest.raises(ModelError, match="not a model file"):
        load(path)


Json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rate_point", "x"]), inner, max_size=2)
    ),
    max_leaves=4,
)


@with_tmp_path
@given(st.data(), Json)
def test_any_setting_gives_an_error_or_a_model(tiny_model: Path, tmp_path: Path, data: st.DataObject, new: Any) -> None:
    config = json.loads(metadata_of(tiny_model)["config"])
    name = data.draw(st.sampled_from(sorted(config)))
    if isinstance(config[name], dict) and data.draw(st.booleans()):
        new = {data.draw(st.sampled_from(sorted(config[name]))): new}
    try:
        codec = load(rewritten(tiny_model, tmp_path, **{name: new}))
    except ModelError:
        return
    use(codec)

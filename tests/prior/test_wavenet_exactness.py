"""The prior of sound gives the same tables everywhere: whatever the threads, kernels, blocks and memory layouts."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from bitstream import ModelError
from tests.helpers.cpu_features import DISPATCHED, FEATURES
from tests.helpers.priors import bound_layer, random_indices, worst_inputs
from tests.helpers.processes import PYTHONPATH
from tests.helpers.wavenets import wavenet_named
from vqcodec.prior import wavenet as prior_module
from vqcodec.prior.exact import ExactStack, add_clamped, gate

NAMES = ("bound", "plain")


def cells() -> dict[str, dict[str, str]]:
    """Environments by their kernels of OpenBLAS, where that is what NumPy has; of instructions that this CPU has."""
    found = {"Prescott": {"OPENBLAS_NUM_THREADS": "1", "NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED)}}
    if FEATURES.get("AVX2"):
        found["Haswell"] = {"OPENBLAS_NUM_THREADS": "2"}
    if FEATURES.get("AVX512_SKX"):
        found["SkylakeX"] = {"OPENBLAS_NUM_THREADS": "1"}
    return {name: environment | {"OPENBLAS_CORETYPE": name} for name, environment in found.items()}


def results() -> dict[str, str]:
    """Hashes of all tables and of streams."""
    found = {}
    for name in NAMES:
        prior = wavenet_named(name)
        for rate in (0, 1):
            indices = random_indices(prior, rate, 2, 30)
            digest = hashlib.sha256()
            for _, hidden in prior.hidden(indices, rate):
                for _, table in prior._heads[rate](hidden, range(len(hidden))):
                    digest.update(np.ascontiguousarray(table).tobytes())
            found[f"tables of {name} at {rate}"] = digest.hexdigest()
            streams = prior.encode(indices, rate)
            assert (prior.decode(streams, rate, 2, 30) == indices).all()
            found[f"streams of {name} at {rate}"] = hashlib.sha256(b"".join(streams)).hexdigest()
    return found


def in_process(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The results in a process with these settings, and its kernels."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OMP", "OPENBLAS", "NPY"))}
    command = [sys.executable, "-P", "-W", "ignore", "-m", __name__]
    new = {key: value for key, value in environment.items() if value} | {"PYTHONPATH": PYTHONPATH}
    output = subprocess.run(command, env=kept | new, stdout=subprocess.PIPE, text=True, check=True, timeout=120).stdout
    found, kernels = json.loads(output)
    return found, kernels


@pytest.fixture(scope="module")
def processes() -> dict[str, tuple[dict[str, str], list[str]]]:
    return {name: in_process(environment) for name, environment in cells().items()}


@pytest.mark.parametrize("name", cells())
def test_kernels_do_not_show(processes: dict[str, tuple[dict[str, str], list[str]]], name: str) -> None:
    assert processes[name][0] == results()


def test_kernels_differ(processes: dict[str, tuple[dict[str, str], list[str]]]) -> None:
    used = [kernels for _, kernels in processes.values()]
    if not all(used):
        pytest.skip("this NumPy does not have OpenBLAS")
    assert len({tuple(each) for each in used}) == len(used)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("block", [1, 7, 1024])
def test_threads_and_blocks_do_not_show(block: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = wavenet_named("bound")
    indices = random_indices(prior, 1, 2, 30)
    bits = prior.bits(indices, 1)
    monkeypatch.setattr(prior_module, "BLOCK", block)
    with threadpool_limits(threads):
        assert (prior.bits(indices, 1) == bits).all()


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda x: np.repeat(x, 2, 2)[:, :, ::2], lambda x: x[:, ::-1]])
def test_layouts_of_indices_do_not_show(layout: object) -> None:
    prior = wavenet_named("plain")
    indices = random_indices(prior, 0, 3, 20)
    other = layout(indices)  # type: ignore[operator]
    same = np.ascontiguousarray(other)
    assert prior.encode(other, 0) == prior.encode(same, 0)
    assert (prior.bits(other, 0) == prior.bits(same, 0)).all()
    assert prior.encode(indices.astype(np.int64), 0) == prior.encode(indices, 0)


# Layers side by side -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [1, 2, 33])
def test_stacks_are_their_layers_at_the_bound(rows: int) -> None:
    rng = np.random.default_rng(rows)
    layers = [bound_layer(rng, 300, 40, rate_points=2) for _ in range(4)]
    x = np.stack([worst_inputs(rng, layer, rows) for layer in layers])
    stack = ExactStack(layers)
    for rate in (0, 1):
        expected = np.stack([layer(each, rate) for layer, each in zip(layers, x, strict=True)])
        for count in (1, 3, 4):
            for made in (x[:count], np.asfortranarray(x[:count]), np.repeat(x[:count], 2, 1)[:, ::2]):
                assert (stack(made, rate) == expected[:count]).all()


def test_stacks_are_of_one_shape() -> None:
    rng = np.random.default_rng(0)
    layer = bound_layer(rng, 30, 4, rate_points=2)
    for other in (
        bound_layer(rng, 31, 4, rate_points=2),
        bound_layer(rng, 30, 5, rate_points=2),
        bound_layer(rng, 30, 4),
    ):
        with pytest.raises(ModelError, match="one shape"):
            ExactStack([layer, other])
    with pytest.raises(ModelError, match="one shape"):
        ExactStack([])


def test_gates_and_sums_take_any_dimensions() -> None:
    tables, rng = wavenet_named("plain").tables, np.random.default_rng(0)
    x = rng.integers(-300, 300, (3, 5, 14)).astype(np.float32)
    assert (gate(x, tables) == gate(x.reshape(15, 14), tables).reshape(3, 5, 7)).all()
    a, b = rng.integers(-255, 256, (2, 3, 5, 14)).astype(np.float32)
    assert (add_clamped(a, b) == np.clip(a + b, -255, 255)).all()


if __name__ == "__main__":
    blas = [info["architecture"] for info in threadpool_info() if info["internal_api"] == "openblas"]
    print(json.dumps([results(), blas]))

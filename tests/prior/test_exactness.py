"""Priors give the same tables everywhere, whatever the threads, kernels and batches."""

from __future__ import annotations

import json
import os
import subprocess

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from tests.helpers.cpu_features import DISPATCHED, FEATURES
from tests.helpers.every_prior import prior_named
from tests.helpers.kernels_worker import results
from tests.helpers.priors import random_indices
from tests.helpers.processes import PYTHONPATH, worker
from vqcodec.prior.exact import code_lengths


def cells() -> dict[str, dict[str, str]]:
    """Environments by their kernels of OpenBLAS, where that is what NumPy has; of instructions that this CPU has."""
    found = {"Prescott": {"OPENBLAS_NUM_THREADS": "1", "NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED)}}
    if FEATURES.get("AVX2"):
        found["Haswell"] = {"OPENBLAS_NUM_THREADS": "2"}
    if FEATURES.get("AVX512_SKX"):
        found["SkylakeX"] = {"OPENBLAS_NUM_THREADS": "1"}
    return {name: environment | {"OPENBLAS_CORETYPE": name} for name, environment in found.items()}


def in_process(environment: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """The results in a process with these settings, and its kernels."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("OMP", "OPENBLAS", "NPY"))}
    new = {key: value for key, value in environment.items() if value} | {"PYTHONPATH": PYTHONPATH}
    command = worker("kernels_worker")
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


@pytest.mark.parametrize("kind", ["pixelcnn", "wavenet"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("batch", [1, 7, 1024])
def test_threads_and_batches_do_not_show(kind: str, batch: int, threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    prior = prior_named(f"{kind}-bound")
    indices = random_indices(prior, 1, 2, 30)
    bits = prior.bits(indices, 1)
    monkeypatch.setattr("vqcodec.prior.gated.BAND", batch)
    monkeypatch.setattr("vqcodec.prior.wavenet.BLOCK", batch)
    with threadpool_limits(threads):
        assert (prior.bits(indices, 1) == bits).all()


def test_code_lengths_are_logarithms() -> None:
    frequencies = np.unique(
        np.concatenate([np.arange(1, 4097), 2 ** np.arange(25), np.geomspace(1, 2**24, 5000)]).round()
    )
    lengths = code_lengths(frequencies)
    assert lengths.dtype == np.float32
    assert np.abs(lengths - (24 - np.log2(frequencies))).max() < 2.0**-17
    assert (np.diff(lengths) <= 0).all()
    assert lengths[-1] == 0

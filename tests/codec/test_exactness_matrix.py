"""A file decodes everywhere: whatever threads, instructions, kernel, precision and batches its writer and reader have.

The cells of the matrix are processes, as most settings are read when a library is loaded. They work one after the
other, and on little: two threads that wait for each other on a busy machine are slow.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import vqcodec
from tests.helpers.audio_models import save_tiny_audio_model
from tests.helpers.codecs import EitherCodec, load_either
from tests.helpers.cpu_features import DISPATCHED, FEATURES
from tests.helpers.exactness_worker import exact_results, hashed
from tests.helpers.pictures import pictures
from tests.helpers.pixelcnns import bound_model
from tests.helpers.processes import PYTHONPATH, worker
from tests.helpers.sounds import voices

WIDE = [name for name in DISPATCHED if "512" in name or name == "X86_V4"]


def cells() -> dict[str, tuple[str, dict[str, str]]]:
    """By name, the precision of float32 products and the environment; only of instructions that this CPU has."""
    baseline = {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"}
    avx2 = {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"}
    avx512 = {"ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE"}
    found = {
        "plain": ("highest", {"OMP_NUM_THREADS": "1", "VQCODEC_KERNEL": "numpy"}),
        "threads": ("medium", {"OMP_NUM_THREADS": "2"}),
        "baseline": (
            "medium",
            baseline
            | {
                "OMP_NUM_THREADS": "1",
                "NPY_DISABLE_CPU_FEATURES": " ".join(DISPATCHED),
                "VQCODEC_KERNEL": "scalar",
            },
        ),
    }
    if FEATURES.get("AVX2"):
        found["avx2"] = ("medium", avx2 | {"OMP_NUM_THREADS": "1", "NPY_DISABLE_CPU_FEATURES": " ".join(WIDE)})
    if FEATURES.get("AVX512F"):
        found["avx512"] = ("highest", avx512 | {"OMP_NUM_THREADS": "1"})
    return found


@dataclass(frozen=True)
class Matrix:
    """Where the models and files are, and what each cell said before and after the files were exchanged."""

    folder: Path
    first: dict[str, dict[str, Any]]
    second: dict[str, dict[str, str]]


def start(name: str, precision: str, environment: dict[str, str], folder: Path) -> subprocess.Popen[str]:
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("OMP", "ATEN", "ONEDNN", "NPY", "VQCODEC"))
    }
    return subprocess.Popen(
        worker("exactness_worker", name, precision, folder),
        env=kept | {"PYTHONPATH": PYTHONPATH} | {key: value for key, value in environment.items() if value},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def matrix(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Matrix:
    folder = tmp_path_factory.mktemp("matrix")
    shutil.copy(tiny_model, folder / "tiny.safetensors")
    bound_model().save(folder / "bound.safetensors")
    for info in vqcodec.models():
        if info.name in ("photo", "speech"):
            shutil.copy(info.path, folder / f"{info.name}.safetensors")
    save_tiny_audio_model(folder / "voice.safetensors")
    np.save(folder / "picture.npy", pictures(1, 40, seed=9)[0][:20])
    np.save(folder / "voice.npy", voices(2, 3_000, seed=9))
    processes: dict[str, subprocess.Popen[str]] = {}
    first, second = {}, {}
    try:
        for name, cell in cells().items():
            processes[name] = start(name, *cell, folder)
            output = processes[name].stdout
            assert output is not None
            first[name] = json.loads(output.readline())
        for name, process in processes.items():
            second[name] = json.loads(process.communicate("go on\n", timeout=120)[0])
    finally:
        for process in processes.values():
            process.kill()
            process.wait()
    return Matrix(folder, first, second)


@pytest.fixture(scope="module")
def codecs(matrix: Matrix) -> dict[str, EitherCodec]:
    """In this process, by the names of their models."""
    return {path.stem: load_either(path) for path in matrix.folder.glob("*.safetensors")}


@pytest.fixture(scope="module")
def own_results(codecs: dict[str, EitherCodec]) -> dict[str, dict[str, str]]:
    """Those of this process."""
    return {name: exact_results(codec) for name, codec in codecs.items()}


@pytest.mark.parametrize("name", cells())
def test_tables_and_streams_are_the_same(matrix: Matrix, own_results: dict[str, dict[str, str]], name: str) -> None:
    """As in this process, and so in all."""
    assert matrix.first[name]["exact"] == own_results


@pytest.mark.parametrize("reader", cells())
@pytest.mark.parametrize("writer", cells())
def test_files_of_any_cell_decode_in_any_other(matrix: Matrix, writer: str, reader: str) -> None:
    written = matrix.first[writer]["files"]
    assert len(written) == 2 * len(list(matrix.folder.glob("*.safetensors")))
    assert {name: matrix.second[reader][name] for name in written} == written


def test_files_decode_in_this_process(matrix: Matrix, codecs: dict[str, EitherCodec]) -> None:
    written = {name: value for report in matrix.first.values() for name, value in report["files"].items()}
    for name, expected in written.items():
        codec = codecs[name.split()[0]]
        assert hashed(codec.read((matrix.folder / name).read_bytes()).values) == expected


def test_cells_are_what_they_say(matrix: Matrix) -> None:
    reports = matrix.first
    capabilities = {name: report["capability"] for name, report in reports.items()}
    wanted = {"baseline": "DEFAULT", "avx2": "AVX2", "avx512": "AVX512"}
    assert all(capabilities[name] == wanted[name] for name in reports if name in wanted)
    assert (reports["plain"]["threads"], reports["threads"]["threads"]) == (1, 2)
    assert reports["plain"]["evaluation"].startswith("vqcodec.prior.pixelcnn")
    assert reports["threads"]["evaluation"] == reports["baseline"]["evaluation"] == "vqcodec.prior.kernel.pixelcnn"
    assert not set(DISPATCHED) & set(reports["baseline"]["simd"])
    assert set(DISPATCHED) <= set(reports["plain"]["simd"])

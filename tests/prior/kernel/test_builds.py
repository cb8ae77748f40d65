"""Whatever compiles the kernel, and whatever processor runs it: the same integers as in this process.

Calls are recorded here, and repeated by a small program, which is built in each way. Those for ARM run in an emulator.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path

import pytest

from bitstream import unpack
from tests.helpers.every_prior import NAMES, prior_named
from tests.helpers.kernel import INSTRUCTIONS, Call, evaluated, recorder, write_calls
from tests.helpers.paths import GOLDEN_FOLDERS, GOLDEN_MODELS, ROOT
from tests.helpers.priors import random_indices
from vqcodec.codec.loading import load
from vqcodec.model.bundled import find_model
from vqcodec.model.model import load_model
from vqcodec.prior.sampling import SymbolSampler

CORE = ROOT / "vqcodec" / "prior" / "kernel" / "core"
REPLAY = Path(__file__).with_name("replay.c")
OWN = platform.machine()
SANITIZERS = "-fsanitize=address,undefined -fno-sanitize-recover=all -g"

# The compiler, its options, and what runs the program. An emulator of ARM has programs without shared libraries.
BUILDS = [
    *((compiler, options, "") for compiler in ("gcc", "clang") for options in ("-O0", "-O3 -march=native")),
    ("gcc", f"-O1 {SANITIZERS}", ""),
    ("aarch64-linux-gnu-gcc", "-O2 -static", "qemu-aarch64"),
]

pytestmark = [pytest.mark.slow, pytest.mark.linux]


def coded(calls: list[Call], name: str) -> None:
    """Everything that a prior of the tests does."""
    prior = prior_named(name)
    model = evaluated(prior, recorder(calls))
    for rate_point in (0, 1):
        indices = random_indices(prior, rate_point, 4, 9)
        model.decode(model.encode(indices, rate_point), rate_point, 4, 9)
        model.bits(indices, rate_point)
        list(model.costs(indices, rate_point))
        model.sample(SymbolSampler(0), rate_point, 4, 9)


def golden(calls: list[Call], folder: Path, model: Path) -> None:
    """The golden files of a model, decoded."""
    codec = load(model)
    codec.entropy_model = evaluated(codec.model.prior, recorder(calls))
    for path in sorted(folder.glob("*.vq")):
        if unpack(path.read_bytes(), allow_truncated=True).fingerprint == codec.model.fingerprint:
            codec.read(path, allow_truncated=True)


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    calls: list[Call] = []
    for name in NAMES:
        coded(calls, name)
    for name, shape in (("photo", (2, 3)), ("speech", (1, 4))):
        prior = load_model(find_model(name)).prior
        evaluated(prior, recorder(calls)).sample(SymbolSampler(0), len(prior.sizes) - 1, *shape)
    for folder in GOLDEN_FOLDERS:
        for model in GOLDEN_MODELS:
            golden(calls, folder, model)
    path = tmp_path_factory.mktemp("kernel") / "record"
    write_calls(path, calls)
    return path


def missing(*programs: str) -> list[str]:
    return [program for program in programs if program and shutil.which(program) is None]


@pytest.mark.filterwarnings("ignore:the file is cut short")
@pytest.mark.parametrize(("compiler", "options", "emulator"), BUILDS)
def test_a_build_gives_the_same(record: Path, tmp_path: Path, compiler: str, options: str, emulator: str) -> None:
    if missing(compiler, emulator):
        assert "CI" not in os.environ, f"{missing(compiler, emulator)} must be installed"
        pytest.skip(f"there is no {' or '.join(missing(compiler, emulator))}")
    program = tmp_path / "replay"
    sources = [str(REPLAY), *map(str, sorted(CORE.glob("*.c")))]
    subprocess.run([compiler, "-std=c11", *options.split(), f"-I{CORE}", *sources, "-o", str(program)], check=True)
    instructions = ["scalar", "neon"] if emulator or OWN == "aarch64" else INSTRUCTIONS
    for name in instructions:
        command = [*([emulator] if emulator else []), str(program), str(record), name]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, f"{done.stdout}{done.stderr}"
        assert "calls" in done.stdout

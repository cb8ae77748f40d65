"""What feeds the entropy coder does not depend on the rounding mode of the processor, nor on what it does to denormals.

Python's powers and the functions of libm do: in a process that rounds down, 2.0**-24 is a little less than that.
"""

from __future__ import annotations

import json
import os
import subprocess
from typing import Any

import pytest

from tests.helpers.cpu_features import DISPATCHED
from tests.helpers.paths import GOLDEN_FOLDERS, GOLDEN_MODELS
from tests.helpers.pixelcnns import bound_model
from tests.helpers.processes import PYTHONPATH, worker

pytestmark = pytest.mark.linux  # whose libm has fesetround

# Whether 1/10, which is nearest to a number above it, is rounded down, -1/10 up, and whether denormals are 0.
IN_FORCE = {
    "nearest": [False, False, False],
    "down": [True, False, False],
    "up": [False, True, False],
    "zero": [True, True, False],
    "flushed": [False, False, True],
    "down, flushed": [True, False, True],
}


@pytest.fixture(scope="module", params=["all instructions", "the baseline"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the worker found; numpy rounds with other instructions where the newer ones are switched off."""
    path = tmp_path_factory.mktemp("rounding") / "bound.safetensors"
    bound_model().save(path)
    environment = os.environ | {"PYTHONPATH": PYTHONPATH, "OMP_NUM_THREADS": "1"}
    if request.param == "the baseline":
        environment["NPY_DISABLE_CPU_FEATURES"] = " ".join(DISPATCHED)
    command = worker("rounding_worker", path, *GOLDEN_MODELS)
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_modes_are_in_force(report: dict[str, Any]) -> None:
    assert {name: each["in force"] for name, each in report.items()} == IN_FORCE


@pytest.mark.parametrize("mode", IN_FORCE)
def test_indices_tables_and_words_are_the_same(report: dict[str, Any], mode: str) -> None:
    """And they are written to the bytes of the golden files, which the worker compares."""
    assert {name: value for name, value in report[mode].items() if name != "in force"} == {
        name: value for name, value in report["nearest"].items() if name != "in force"
    }


def test_indices_are_the_golden_ones(report: dict[str, Any]) -> None:
    found, expected = report["down"]["files"], {}
    for folder in GOLDEN_FOLDERS:
        for name, pins in json.loads((folder / "pins.json").read_text()).items():
            if name.endswith(".vq") and name != "cut.vq":
                expected[f"{folder.name}/{name}"] = pins["sha256"]
    assert {name: value for name, value in found.items() if not name.endswith("alpha")} == expected
    assert any(name.endswith("alpha") for name in found)

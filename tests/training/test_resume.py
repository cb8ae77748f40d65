"""A training that was interrupted ends with the weights of one that was not, to the last bit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors import safe_open

from bitstream import ModelError
from tests.helpers.commands import error_of, run
from tests.helpers.paths import ROOT
from tests.helpers.pictures import pictures
from vqcodec import load
from vqcodec.cli import main
from vqcodec.training.decoder.fit import fit_decoder
from vqcodec.training.engine import loop
from vqcodec.training.engine.optimizer import NetworkOptimizer
from vqcodec.training.image import train_image
from vqcodec.training.prior.fit import fit_prior
from vqcodec.training.stages import codes, sequence, start

NETWORKS = """
lambdas = [0.01, 0.1]
autoencoder = { widths = [8, 12], blocks = [0, 1], latent_channels = 12, rate_points = 2, linear_path = true }
quantizer = { planes = 4, dimension = 3, alphabet = 16, rate_points = 2 }
prior = { planes = [2, 2], streams = [1, 1], context = 8, hidden = 8, depth = 1, features = 4 }
noise = { steps = 17, batch = 2, crop = 64 }
codebooks = { positions = 500, iterations = 3 }
codes = { steps = 26, batch = 2, crop = 64, lambda_ = 0.001 }
"""
# The prior is uniform: codes without use are restarted on vectors drawn at random.
UNIFORM = NETWORKS.replace("lambda_ = 0.001", "lambda_ = 0").replace("noise = {", "noise = false #")
# For what is refused.
SHORT = NETWORKS.replace("steps = 17", "steps = 2").replace("steps = 26", "steps = 2")
PRIOR = "float_steps = 14\nsteps = 25\nbatch = 2\ncrop = 4\ncalibrated_on = 1\nsharpened = false\n"
DECODER = "steps = 15\nbatch = 2\ncrop = 32\n"
SAVED = 6  # steps between two checkpoints


def shorten(patch: pytest.MonkeyPatch) -> None:
    """Save, evaluate and restart codes often, and look at few latents, as the runs are short."""
    for name, steps in {"LOG_EVERY": 2, "SAVE_EVERY": SAVED, "EVALUATE_EVERY": 4}.items():
        patch.setattr(loop, name, steps)
    patch.setattr(codes, "RESTART_EVERY", 5)
    patch.setattr(start, "PATCHES", 2_000)
    patch.setattr(sequence, "EXPORT_POSITIONS", 1_000)


@pytest.fixture(autouse=True)
def _short_intervals(monkeypatch: pytest.MonkeyPatch) -> None:
    shorten(monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    np.save(folder / "pictures.npy", pictures(4, 96, seed=5))
    return folder


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Sets after how many steps a training is interrupted, once."""
    left = [-1]
    step = NetworkOptimizer.step

    def counted(self: NetworkOptimizer, *arguments: object) -> object:
        left[0] -= 1
        if left[0] == -1:
            raise KeyboardInterrupt
        return step(self, *arguments)  # type: ignore[arg-type]

    def after(steps: int) -> None:
        left[0] = steps

    monkeypatch.setattr(NetworkOptimizer, "step", counted)
    return after


def contents(model: Path) -> dict[str, object]:
    """What is in a model file, whose metadata have no order."""
    with safe_open(model, framework="numpy") as file:
        arrays = {name: file.get_tensor(name).tobytes() for name in file.keys()}  # noqa: SIM118 - not a mapping
        return arrays | (file.metadata() or {})


def train_all(
    folder: Path, data: Path, networks: str, through: Callable[[Callable[[], None]], None]
) -> list[dict[str, object]]:
    """A model after each of the three commands, which are called by `through`."""
    folder.mkdir()
    model, made = folder / "model.safetensors", []
    for name, text in {"networks": networks, "prior": PRIOR, "decoder": DECODER}.items():
        (folder / f"{name}.toml").write_text(text)
    through(lambda: train_image(data, model, folder / "networks.toml"))
    made.append(contents(model))
    through(lambda: fit_prior(model, data, folder / "prior.toml"))
    made.append(contents(model))
    through(lambda: fit_decoder(model, data, folder / "decoder.toml"))
    return [*made, contents(model)]


@pytest.mark.parametrize("networks", [NETWORKS, UNIFORM], ids=["rate", "uniform"])
def test_interrupted_at_random_steps(
    networks: str, data: Path, tmp_path: Path, interrupted: Callable[[int], None]
) -> None:
    """Every command is interrupted again and again, up to 11 steps after it went on."""
    steps = np.random.default_rng()
    whole = train_all(tmp_path / "whole", data, networks, lambda command: command())
    interruptions = []

    def again_and_again(command: Callable[[], None]) -> None:
        while True:
            interruptions.append(int(steps.integers(SAVED, 2 * SAVED)))
            interrupted(interruptions[-1])
            try:
                return command()
            except KeyboardInterrupt:
                continue

    parts = train_all(tmp_path / "parts", data, networks, again_and_again)
    assert len(interruptions) > 8
    assert parts == whole, f"interrupted after {interruptions} steps"


def test_killed(data: Path, tmp_path: Path) -> None:
    """Without a chance to do anything, in a process of its own."""
    config, whole, parts = tmp_path / "c.toml", tmp_path / "whole.safetensors", tmp_path / "parts.safetensors"
    config.write_text(NETWORKS)
    train_image(data, whole, config)
    program = "from tests.training.test_resume import with_short_intervals; with_short_intervals()"
    command = [sys.executable, "-c", program, *("train", "image", data, "--out", parts, "--config", config)]

    def start_training() -> subprocess.Popen[bytes]:
        return subprocess.Popen(list(map(str, command)), cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"})

    process, checkpoint = start_training(), tmp_path / "parts.safetensors.training" / "codes.safetensors"
    while not checkpoint.exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    assert process.wait() != 0
    assert not parts.exists()
    assert start_training().wait() == 0
    assert contents(parts) == contents(whole)


def with_short_intervals() -> None:
    """The program, as tests have it."""
    with pytest.MonkeyPatch.context() as patch:
        shorten(patch)
        main()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures, settings, and a model that was trained with them."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "data").mkdir()
    Image.fromarray(pictures(1, 96, seed=6)[0]).save(folder / "data" / "one.png")
    np.save(folder / "data" / "pictures.npy", pictures(3, 96, seed=5))
    (folder / "c.toml").write_text(SHORT)
    train_image(folder / "data", folder / "m.safetensors", folder / "c.toml")
    return folder


@pytest.fixture
def again(trained: Path, tmp_path: Path) -> Path:
    """A copy of it, with the times of its files."""
    return Path(shutil.copytree(trained, tmp_path / "again"))


def command(folder: Path) -> list[object]:
    return ["train", "image", folder / "data", "--out", folder / "m.safetensors", "--config", folder / "c.toml"]


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("noise = { steps = 2", "noise = { steps = 3", "noise.steps was 2 and is 3 now"),
        ("[0.01, 0.1]", "[0.01, 0.2]", "lambdas was [0.01, 0.1] and is [0.01, 0.2] now"),
        ("lambda_ = 0.001", "lambda_ = 0.002", "codes.lambda_ was 0.001 and is 0.002 now"),
        ("iterations = 3", "iterations = 4", "codebooks.iterations was 3 and is 4 now"),
        ("noise = {", "seed = 1\nnoise = {", "seed was 0 and is 1 now"),
    ],
)
def test_other_settings_are_refused(again: Path, before: str, after: str, difference: str) -> None:
    files = sorted(again.rglob("*.safetensors"))
    made = [file.read_bytes() for file in files]
    (again / "c.toml").write_text(SHORT.replace(before, after, 1))
    result = run(*command(again))
    assert result.exit_code == 1
    assert f"{difference}; --restart trains anew" in error_of(result.stderr)
    assert [file.read_bytes() for file in files] == made


def test_other_settings_after_a_restart(again: Path) -> None:
    (again / "c.toml").write_text(SHORT.replace("[0.01, 0.1]", "[0.01, 0.2]"))
    assert run(*command(again), "--restart").exit_code == 0
    assert load(again / "m.safetensors").model.config.lambdas == (0.01, 0.2)


def test_other_data_are_refused(again: Path) -> None:
    """A picture that has changed, and nothing but that; one that was moved is the same."""
    (again / "data" / "one.png").rename(again / "data" / "another.png")
    train_image(again / "data", again / "m.safetensors", again / "c.toml")
    Image.fromarray(pictures(1, 96, seed=7)[0]).save(again / "data" / "another.png")
    with pytest.raises(ModelError, match=r"data was [0-9a-f]{8} and is [0-9a-f]{8} now"):
        train_image(again / "data", again / "m.safetensors", again / "c.toml")


def test_a_model_among_the_data_is_none_of_them(again: Path) -> None:
    """Nor is what a training keeps beside it. The data themselves may lie where another training keeps its own."""
    again = again.rename(again.with_name("other.training"))
    model = again / "data" / "m.safetensors"
    command = ["train", "image", again / "data", "--out", model, "--config", again / "c.toml"]
    for _ in range(2):
        assert run(*command).exit_code == 0


def test_another_start_is_refused(again: Path, trained: Path) -> None:
    with pytest.raises(ModelError, match=r"start was not set and is [0-9a-f]{8} now"):
        train_image(again / "data", again / "m.safetensors", again / "c.toml", start=trained / "m.safetensors")

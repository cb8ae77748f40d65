"""What the package does without its extras: all but training, other devices and measurements beside other codecs.

    pytest tests/plain --confcutdir tests/plain

runs where nothing but the package and pytest is installed. Among all tests, `tests/test_extras.py` runs them in a
process that cannot import PyTorch.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result
from PIL import Image

import vqcodec
import vqcodec.pillow
from bitstream import unpack
from tests.helpers.paths import COFFEE, GOLDEN_FOLDERS, GOLDEN_MODELS
from vqcodec.cli import main
from vqcodec.codec.loading import load_for

HEAVY = ("torch", "lightning_fabric", "pytorch_msssim", "tensorboardX", "onnx", "matplotlib", "scipy")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A photograph, `a.png`, and a tone, `a.wav`, with their files."""
    made = tmp_path_factory.mktemp("plain")
    photograph().save(made / "a.png")
    soundfile.write(made / "a.wav", 0.2 * np.sin(0.1 * np.arange(20_000)), 16_000)
    for name in ("a.png", "a.wav"):
        run("compress", made / name, made / f"{name}.vq")
    return made


def photograph() -> Image.Image:
    return Image.open(COFFEE).convert("RGB").crop((200, 100, 360, 228))


def run(*args: object, fails: bool = False) -> Result:
    result = CliRunner().invoke(main, list(map(str, args)))
    assert (result.exit_code == 0) is not fails, result.stderr
    return result


def psnr(a: Image.Image, b: Image.Image) -> float:
    return float(-10 * np.log10(((np.asarray(a) / 255 - np.asarray(b) / 255) ** 2).mean()))


# The command line --------------------------------------------------------------------------------------------------


def test_pictures_and_sounds_come_back(folder: Path) -> None:
    run("decompress", folder / "a.png.vq", folder / "b.png")
    run("decompress", folder / "a.wav.vq", folder / "b.wav")
    assert psnr(photograph(), Image.open(folder / "b.png")) > 29
    samples, rate = soundfile.read(folder / "b.wav")
    assert (samples.shape, rate) == ((20_000,), 16_000)


def test_many_files_in_several_processes(folder: Path) -> None:
    run("compress", folder / "a.png", folder / "a.wav", "--out-dir", folder / "many", "--jobs", 2)
    assert {path.name for path in (folder / "many").iterdir()} == {"a.png.vq", "a.wav.vq"}


@pytest.mark.parametrize("model", ["photo", "photo-ms-ssim"])
def test_high_effort_and_budgets(folder: Path, model: str) -> None:
    target = folder / f"{model}.vq"
    run("compress", folder / "a.png", target, "--model", model, "--max-bytes", 600, "--effort", "high")
    assert 500 < target.stat().st_size <= 600
    assert psnr(photograph(), vqcodec.decompress(target)) > 22


def test_what_files_say(folder: Path) -> None:
    said = json.loads(run("info", folder / "a.png.vq", "--json").stdout)
    assert said["model"] == "photo"
    assert "photo-ms-ssim" in run("models").stdout
    run("tokens", folder, folder / "tokens.npz")
    assert {"a.png", "meta"} <= set(np.load(folder / "tokens.npz").files)


def test_draws(folder: Path) -> None:
    run("sample", "photo", folder / "drawn.png", "--count", 1, "--size", "64x48")
    assert Image.open(folder / "drawn.png").size == (64, 48)


def test_bits_per_dim(folder: Path) -> None:
    alone = folder / "pictures"
    alone.mkdir()
    photograph().save(alone / "a.png")
    assert "a.png" in run("eval", "bpd", alone, "-m", "small").stdout


def test_what_needs_an_extra_says_so(folder: Path) -> None:
    if _there("torch"):
        pytest.skip("PyTorch is installed")
    out = folder / "m.safetensors"
    for extra, args in (
        ("train", ["train", "image", folder, "--out", out]),
        ("train", ["fit-prior", folder / "a.png", folder]),
        ("train", ["compress", folder / "a.png", folder / "c.vq", "--device", "cuda"]),
        ("eval", ["eval", "rd", folder, "--out", folder / "report"]),
    ):
        said = run(*args, fails=True).stderr
        assert said.startswith("vqcodec: error: ")
        assert said.endswith(f"pip install 'vqcodec[{extra}]'\n")
        assert said.count("\n") == 1


# From Python -------------------------------------------------------------------------------------------------------


def test_pillow_knows_the_files() -> None:
    file = io.BytesIO()
    photograph().save(file, "VQ", quality=40)
    assert psnr(photograph(), Image.open(file)) > 26


@pytest.mark.parametrize("golden", GOLDEN_FOLDERS, ids=lambda path: path.name)
def test_golden_files_are_read(golden: Path) -> None:
    """To the indices that they were made of."""
    for name, pins in json.loads((golden / "pins.json").read_text()).items():
        if name.endswith(".vq"):
            data = (golden / name).read_bytes()
            codec = load_for(unpack(data, allow_truncated=True), models=GOLDEN_MODELS)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # one of them is cut short
                indices = codec.read(data, allow_truncated=True)
            assert hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest() == pins["sha256"]


def test_threads_share_a_codec() -> None:
    """Eight of them, from the first use on, when what evaluates the networks is made."""
    codec, pixels = vqcodec.load("photo"), np.asarray(photograph())
    assert isinstance(codec, vqcodec.ImageCodec)

    def work(number: int) -> tuple[bytes, bytes]:
        data = codec.compress(np.roll(pixels, number % 2, axis=0))
        return data, codec.decompress(data).tobytes()

    with ThreadPoolExecutor(8) as threads:
        results = list(threads.map(work, range(8)))
    assert len(set(results[::2])) == len(set(results[1::2])) == 1


def test_nothing_heavy_is_imported(folder: Path) -> None:
    """Not even where it is installed; and ONNX Runtime only where there are networks to evaluate."""
    assert not modules_of("info", folder / "a.png.vq") & {*HEAVY, "onnxruntime"}
    modules = modules_of("decompress", folder / "a.png.vq", folder / "again.png")
    assert "onnxruntime" in modules
    assert not modules & set(HEAVY)


def modules_of(*args: object) -> set[str]:
    """What a command has imported at its end."""
    code = "import atexit, sys; from vqcodec.cli import main; atexit.register(lambda: print(*sys.modules)); main()"
    command = [sys.executable, "-c", code, *map(str, args)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(said.splitlines()[-1].split())


def test_nothing_is_said_on_standard_error(folder: Path) -> None:
    command = [sys.executable, "-m", "vqcodec", "decompress", str(folder / "a.wav.vq"), str(folder / "silent.wav")]
    assert subprocess.run(command, capture_output=True, check=True).stderr == b""


def _there(module: str) -> bool:
    try:
        __import__(module)
    except ModuleNotFoundError:
        return False
    return True

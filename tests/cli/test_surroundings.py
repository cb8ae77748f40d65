"""The command line in surroundings that are not as usual: one line, exit code 1, and nothing left behind."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file, save_file

from tests.helpers.commands import PHOTO, error_of, fail, program, run, succeed, unchanged, vq_of
from tests.helpers.sounds import saved, voices


@pytest.mark.posix
@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("link", [None, os.symlink, os.link])
@pytest.mark.parametrize(("command", "data"), [("compress", "photo.png"), ("decompress", "photo.vq")])
def test_an_output_that_is_its_own_source(
    folder: Path, tiny_model: Path, command: str, data: str, link: Callable[[Path, Path], None] | None, force: bool
) -> None:
    source, target = folder / "same.png", folder / ("same.png" if link is None else "other.png")
    source.write_bytes((folder / data).read_bytes())
    if link is not None:
        link(source, target)
    text = fail(folder, command, source, target, "-m", tiny_model, *["--force"] * force)
    assert text == f"{target}: it is also the input, which would be lost"


def test_many_outputs_that_are_sources(folder: Path, tiny_model: Path) -> None:
    """Whether of themselves or of others."""
    (folder / "one.vq").write_bytes(vq_of(tiny_model))
    (folder / "one.png").write_bytes(vq_of(tiny_model))
    names = [folder / name for name in ("photo.vq", "photo.png", "one.png")]
    with unchanged(folder):
        result = run("decompress", *names[1:], "--out-dir", folder, "--force", "-m", tiny_model)
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (1, "0 files, 2 failed")
    with unchanged(folder):
        result = run("compress", folder / "one.vq", folder / "one.png", "--out-dir", folder, "--force")
    assert result.exit_code == 1


@pytest.mark.posix
def test_devices_and_pipes_are_written_to(folder: Path, tiny_model: Path) -> None:
    succeed("compress", folder / "photo.png", "/dev/null", "-m", tiny_model)
    succeed("decompress", folder / "photo.vq", "/dev/null", "-m", tiny_model)
    for name in ("/dev/stdout", "/dev/fd/1"):
        with (folder / "redirected").open("wb") as file:
            done = program("compress", folder / "photo.png", name, "-m", tiny_model, stdout=file)
        assert (done.returncode, done.stderr) == (0, b"")
        assert (folder / "redirected").read_bytes() == vq_of(tiny_model)
    assert succeed("decompress", folder / "photo.vq", "/dev/stdout", "-m", tiny_model).stdout_bytes[1:4] == b"PNG"


@pytest.mark.parametrize("command", [["compress", "x.png", "x.vq"], ["info", "x.vq"], ["models"]])
def test_a_working_folder_that_is_gone(tmp_path: Path, command: list[str]) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    code = "import os, sys; os.rmdir(os.getcwd()); from vqcodec.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code, *command], cwd=gone, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert error_of(done.stderr) == "the working folder is gone: change to another one"


@pytest.mark.linux
@pytest.mark.parametrize("mebibytes", [250, 350, 450, 500])
def test_a_limit_of_memory(folder: Path, mebibytes: int) -> None:
    """Below it libraries end the process, or wait for ever."""

    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20,) * 2)

    with unchanged(folder):
        done = program("compress", folder / "photo.png", folder / "new.vq", preexec_fn=limited, timeout=60)
    assert (done.returncode, error_of(done.stderr.decode())) == (1, "there is not enough memory for this")
    done = program("info", folder / "photo.vq", preexec_fn=limited, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.linux
@pytest.mark.parametrize("mebibytes", [640, 1200])
def test_a_limit_of_memory_that_is_enough(folder: Path, tiny_model: Path, mebibytes: int) -> None:
    import resource

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20,) * 2)

    command = "compress", folder / "photo.png", folder / "new.vq", "-m", tiny_model
    done = program(*command, preexec_fn=limited, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (folder / "new.vq").read_bytes() == vq_of(tiny_model)


@pytest.mark.parametrize(
    ("library", "error", "text"),
    [
        (
            "PIL/__init__",
            'ImportError("libtiff.so.6: no such file", name="PIL._imaging")',
            "a library cannot be loaded",
        ),
        ("soundfile", 'OSError("cannot load library libsndfile.so")', "cannot load library libsndfile.so"),
        ("onnxruntime", 'ImportError("libonnxruntime.so: failed to map segment")', "there is not enough memory"),
        ("onnxruntime", 'OSError("libonnxruntime.so: cannot open shared object")', "libonnxruntime.so: cannot open"),
    ],
)
def test_a_library_that_cannot_be_loaded(folder: Path, tmp_path: Path, library: str, error: str, text: str) -> None:
    module = tmp_path / "broken" / f"{library}.py"
    module.parent.mkdir(parents=True)
    module.write_text(f"raise {error}")
    (folder / "talk.wav").write_bytes(saved(voices(1, 8_000, 1), rate=16_000))
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "broken"), "PYTHONDONTWRITEBYTECODE": "1"}
    name = "talk.wav" if library == "soundfile" else "photo.png"
    with unchanged(folder):
        done = program("compress", folder / name, folder / "new.vq", env=environment)
    assert done.returncode == 1
    assert error_of(done.stderr.decode()).startswith(text)


def test_terminal_escapes_are_escaped(folder: Path, tiny_model: Path) -> None:
    arrays = load_file(tiny_model) | {"x\x1b]0;title\x07\x1b[2J": np.zeros(1, np.float32)}
    with open(tiny_model, "rb") as file:
        metadata = json.loads(file.read(int.from_bytes(file.read(8), "little")))["__metadata__"]
    save_file(arrays, folder / "bad.safetensors", metadata)
    text = fail(folder, "compress", folder / "photo.png", folder / "new.vq", "-m", folder / "bad.safetensors")
    assert "x\\x1b]0;title\\x07\\x1b[2J" in text
    assert text.isprintable()
    name = folder / "\x1b[31mred\u202e.png"
    name.write_bytes(b"bad")
    assert "\\x1b[31mred\\u202e.png" in fail(folder, "compress", name, folder / "new.vq")


def test_libraries_do_not_write_to_the_terminal(tmp_path: Path, tiny_voice: Path) -> None:
    """Of a damaged MP3 file, mpg123 says much: what it says becomes nothing, what we say stays."""
    data = bytearray(saved(voices(1, 48_000, 1), "MP3", "MPEG_LAYER_III", 16_000))
    random = np.random.default_rng(1)
    places = random.integers(len(data) // 4, len(data), 300)
    for place, value in zip(places, random.integers(0, 256, 300), strict=True):
        data[place] = value
    (tmp_path / "bad.mp3").write_bytes(data)
    code = "import sys, soundfile; soundfile.read(sys.argv[1])"
    bare = subprocess.run([sys.executable, "-c", code, tmp_path / "bad.mp3"], capture_output=True, text=True)
    assert "mpg123" in bare.stderr or "MPEG" in bare.stderr
    done = program("compress", tmp_path / "bad.mp3", tmp_path / "new.vq", "-m", tiny_voice)
    lines = done.stderr.decode().splitlines()
    assert done.returncode == 0
    assert lines
    assert all(re.match("vqcodec: (note|error): ", line) for line in lines)


def test_a_defect_still_has_its_traceback(tmp_path: Path) -> None:
    code = "import vqcodec, sys; vqcodec.models = None; from vqcodec.cli import main; main(['models'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("TypeError: ")


@pytest.mark.posix
@pytest.mark.parametrize("command", [["compress", "-", "-"], ["decompress", "-", "-"], ["info", "-"]])
def test_standard_input_that_never_ends(command: list[str]) -> None:
    with Path("/dev/zero").open("rb") as zeros:
        done = program(*command, stdin=zeros, timeout=60)
    assert (done.returncode, done.stdout) == (1, b"")
    assert error_of(done.stderr.decode()).startswith("standard input: its kind is not known")


def test_pictures_through_pipes_without_a_magic(tmp_path: Path, tiny_model: Path) -> None:
    """Targa has none."""
    memory = io.BytesIO()
    Image.open(io.BytesIO(PHOTO)).save(memory, "TGA")
    assert succeed("compress", "-", "-", "-m", tiny_model, stdin=memory.getvalue()).stdout_bytes == vq_of(tiny_model)

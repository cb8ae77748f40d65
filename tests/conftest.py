from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch

from tests.helpers.audio_models import save_tiny_audio_model
from tests.helpers.commands import left_out_note
from tests.helpers.image_models import save_tiny_model
from vqcodec import ImageCodec, load
from vqcodec.codec.loading import for_pictures

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def pytest_runtest_setup(item: pytest.Item) -> None:
    if os.name != "posix" and item.get_closest_marker("posix"):
        pytest.skip("needs POSIX")
    if sys.platform != "linux" and item.get_closest_marker("linux"):
        pytest.skip("needs Linux")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Small networks are slower on several threads."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small seeded model file."""
    return save_tiny_model(tmp_path_factory.mktemp("model") / "tiny.safetensors")


@pytest.fixture(scope="session")
def tiny_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small seeded model file for sound."""
    return save_tiny_audio_model(tmp_path_factory.mktemp("voice") / "voice.safetensors")


@pytest.fixture(scope="session")
def tiny_codec(tiny_model: Path) -> ImageCodec:
    return for_pictures(load(tiny_model))


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A folder with `pictures` and the `report` on them."""
    for extra in ("bjontegaard", "jinja2", "matplotlib", "plotly", "pytorch_msssim", "pyvips", "ssimulacra2"):
        pytest.importorskip(extra, reason="needs vqcodec[eval]")
    from tests.helpers.picture_reports import compared, evaluate, make_folder

    root = tmp_path_factory.mktemp("evaluated")
    result = evaluate(make_folder(root / "pictures"), root / "report", tiny_model, "--codecs", compared())
    assert (result.exit_code, result.stderr) == (0, left_out_note(root / "pictures", 2))
    (root / "stdout").write_text(result.stdout)
    return root


@pytest.fixture(scope="session")
def evaluated_sounds(tmp_path_factory: pytest.TempPathFactory, tiny_voice: Path) -> Path:
    """A folder with `sounds` and the `report` on them."""
    for extra in ("bjontegaard", "jinja2", "matplotlib", "pesq", "plotly", "pystoi", "visqol"):
        pytest.importorskip(extra, reason="needs vqcodec[eval]")
    from tests.helpers.sound_reports import evaluate_sounds, make_sounds

    root = tmp_path_factory.mktemp("evaluated_sounds")
    result = evaluate_sounds(make_sounds(root / "sounds"), root / "report", tiny_voice)
    assert result.exit_code == 0, result.stderr
    (root / "stdout").write_text(result.stdout)
    (root / "stderr").write_text(result.stderr)
    return root


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Let processes that are started get the signals that this one may have been told to ignore, by `nohup` or `&`."""
    usual: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run fail that measures anything."""

    def refuse(*_: object) -> None:
        raise AssertionError("there is something to measure")

    monkeypatch.setattr("vqcodec.system.processes._Worker", refuse)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where it has to be there, its tests fail without it."""
    if "CI" not in os.environ:
        pytest.importorskip("playwright", reason="needs vqcodec[test]")
    from tests.helpers.pages import chromium

    with chromium() as browser:
        yield browser

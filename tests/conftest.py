from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from threadpoolctl import threadpool_limits

from tests.helpers.audio_models import save_tiny_audio_model
from tests.helpers.image_models import save_tiny_model
from tests.helpers.made_once import made_once
from vqcodec import ImageCodec, load
from vqcodec.codec.loading import for_pictures
from vqcodec.system.threads import limit_threads


def pytest_runtest_setup(item: pytest.Item) -> None:
    if os.name != "posix" and item.get_closest_marker("posix"):
        pytest.skip("needs POSIX")
    if sys.platform != "linux" and item.get_closest_marker("linux"):
        pytest.skip("needs Linux")


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> Iterator[None]:
    """Products as small as those of tests are slower on several threads, which wait for each other: ten times, when
    other tests run beside them. Processes that tests start have as many as they like."""
    limit_threads(1)
    with threadpool_limits(1):
        yield


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small seeded model file. It is one for all processes, as threads that compute change its floats."""
    folder = made_once(tmp_path_factory, "tiny_model", lambda folder: save_tiny_model(folder / "tiny.safetensors"))
    return folder / "tiny.safetensors"


@pytest.fixture(scope="session")
def tiny_voice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of a small seeded model file for sound, likewise."""
    folder = made_once(
        tmp_path_factory, "tiny_voice", lambda folder: save_tiny_audio_model(folder / "voice.safetensors")
    )
    return folder / "voice.safetensors"


@pytest.fixture(scope="session")
def tiny_codec(tiny_model: Path) -> ImageCodec:
    return for_pictures(load(tiny_model))


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Let processes that are started get the signals that this one may have been told to ignore, by `nohup` or `&`."""
    usual: dict[signal.Signals, Any] = {signal.SIGINT: signal.default_int_handler, signal.SIGHUP: signal.SIG_DFL}
    before = {number: signal.signal(number, handler) for number, handler in usual.items()}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)

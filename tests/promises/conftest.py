"""Promises on real pictures and sounds, which take minutes: `pytest tests/promises --pictures DIR --sounds DIR -rP`.

`-rP` shows the tables of what was measured.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vqcodec
from vqcodec.codec.loading import for_pictures, for_sound
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL
from vqcodec.evaluation.pictures.bits_per_dim import find_files, read_pictures
from vqcodec.evaluation.sounds.folder import sounds_in
from vqcodec.media.sounds.recordings import Recording, read_recording


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("promises")
    group.addoption("--pictures", type=Path, help="a folder of pictures, or .npy, that the model was not trained on")
    group.addoption("--sounds", type=Path, help="a folder of recordings, likewise")
    group.addoption("--model", help=f"a bundled model, or a file (default: {DEFAULT_MODEL}, and {DEFAULT_AUDIO_MODEL})")
    group.addoption("--quality", type=float, help="at which a prior is judged (default: 50, and 60 for its draws)")


def place(config: pytest.Config, option: str) -> Path:
    """The folder that an option names; the test is skipped if it was not given."""
    given = config.getoption(option, None)  # is not known where this folder was not named on the command line
    if given is None:
        pytest.skip(f"needs `pytest tests/promises {option} DIR`")
    return Path(given)


@pytest.fixture(scope="session")
def pictures(pytestconfig: pytest.Config) -> list[NDArray[np.uint8]]:
    """The pictures to judge on, `[H, W, 3]` each."""
    files = find_files(place(pytestconfig, "--pictures"))
    return [picture for path in files for picture in read_pictures(path)]


@pytest.fixture(scope="session")
def picture_codec(pytestconfig: pytest.Config, pictures: list[NDArray[np.uint8]]) -> vqcodec.ImageCodec:
    """The codec to judge; only where there are pictures, as loading takes a second."""
    return for_pictures(vqcodec.load(pytestconfig.getoption("--model") or DEFAULT_MODEL))


@pytest.fixture(scope="session")
def recordings(pytestconfig: pytest.Config) -> list[Recording]:
    """The recordings to judge on."""
    return [read_recording(path) for path in sounds_in(place(pytestconfig, "--sounds"))]


@pytest.fixture(scope="session")
def sound_codec(pytestconfig: pytest.Config, recordings: list[Recording]) -> vqcodec.AudioCodec:
    """The codec to judge, likewise."""
    return for_sound(vqcodec.load(pytestconfig.getoption("--model") or DEFAULT_AUDIO_MODEL))

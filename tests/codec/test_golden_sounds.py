"""Files of sound that were written once are read for ever, and written again alike.

See tests/data/golden/make_sounds.py.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from bitstream import AudioSource, Rotation
from tests.helpers.paths import GOLDEN_SOUND_MODEL, GOLDEN_SOUNDS
from vqcodec import AudioCodec, inspect, load

NAMES = ("click", "mono", "panned", "stereo", "surround")
PINS = json.loads((GOLDEN_SOUNDS / "pins.json").read_text())
FILES = sorted(path.name for path in GOLDEN_SOUNDS.glob("*.vq"))


@pytest.fixture(scope="module")
def codec() -> AudioCodec:
    found = load(GOLDEN_SOUND_MODEL)
    assert isinstance(found, AudioCodec)
    return found


def test_all_files_are_there() -> None:
    assert [f"{name}.vq" for name in NAMES] == FILES
    assert PINS.keys() == {*FILES, "voice.safetensors"}


def test_the_model_keeps_its_fingerprint(codec: AudioCodec) -> None:
    assert codec.model.fingerprint.hex() == PINS["voice.safetensors"]["fingerprint"]
    assert all(
        inspect((GOLDEN_SOUNDS / name).read_bytes()).fingerprint == codec.model.fingerprint.hex() for name in FILES
    )


@pytest.mark.parametrize("name", FILES)
def test_indices_are_read(codec: AudioCodec, name: str) -> None:
    indices, pins = codec.read((GOLDEN_SOUNDS / name).read_bytes()), PINS[name]
    *numbers, silent_rows, rotations = pins["source"]
    samples, rate, channels = numbers
    rotated = tuple(Rotation(*each) for each in rotations)
    assert indices.source == AudioSource(samples, rate, channels, tuple(silent_rows), rotated)
    assert indices.rate_point == pins["rate_point"]
    assert list(indices.values.shape) == pins["volume"]
    assert hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest() == pins["sha256"]


@pytest.mark.parametrize("name", FILES)
def test_indices_are_written_to_the_same_bytes(codec: AudioCodec, name: str) -> None:
    data = (GOLDEN_SOUNDS / name).read_bytes()
    assert codec.write(codec.read(data)) == data


@pytest.mark.parametrize("name", FILES)
def test_recordings_sound_the_same(codec: AudioCodec, name: str) -> None:
    """The decoder's floats may differ a little between machines."""
    samples, rate = codec.decompress((GOLDEN_SOUNDS / name).read_bytes())
    length, expected_rate, channels, *_ = PINS[name]["source"]
    assert (samples.shape, rate) == ((channels, length), expected_rate)
    assert np.sqrt(np.mean(samples**2, axis=1)).tolist() == pytest.approx(PINS[name]["rms"], rel=0.01, abs=1e-4)

"""How the golden sounds were made: `python -m tests.data.golden.make_sounds NAME ...` makes new ones.

Those that are there are never made again once they were released; the model voice.safetensors is
`save_tiny_audio_model(seed=2)`, with kernels of 16 bits.
"""

from __future__ import annotations

import hashlib
import json
import sys

import numpy as np

from bitstream import AudioSource
from tests.helpers.paths import GOLDEN_SOUND_MODEL, GOLDEN_SOUNDS
from tests.helpers.sounds import voices
from vqcodec import load
from vqcodec.codec.loading import for_sound

# By name: rate, channels, samples, quality.
RECORDINGS = {
    "click": (16_000, 1, 1, 50),
    "mono": (8_000, 1, 6_000, 20),
    "stereo": (44_100, 2, 20_001, 90),
    "panned": (8_000, 2, 150_000, 60),
    "surround": (16_000, 4, 5_000, 50),
}


def recording(name: str, channels: int, samples: int) -> np.ndarray:
    """The samples `[channels, samples]`."""
    found = voices(channels, samples, seed=len(name))
    if name == "panned":  # between the sides, then on the right
        found[0], found[1] = 0.8 * found[0], 0.4 * found[0]
        found[:, 64_000:] = [[0], [1]] * found[:, 64_000:]
    if name == "surround":
        found[[1, 3]] = 0
    return found


def main(names: list[str]) -> None:
    codec = for_sound(load(GOLDEN_SOUND_MODEL))
    pins = json.loads((GOLDEN_SOUNDS / "pins.json").read_text())
    for name in names:
        sample_rate, channels, samples, quality = RECORDINGS[name]
        data = codec.compress(recording(name, channels, samples), sample_rate, quality)
        with open(GOLDEN_SOUNDS / f"{name}.vq", "xb") as file:
            file.write(data)
        indices = codec.read(data)
        source = indices.source
        assert isinstance(source, AudioSource)
        pins[f"{name}.vq"] = {
            "source": [samples, sample_rate, channels, source.silent_rows, source.rotations],
            "rate_point": indices.rate_point,
            "volume": list(indices.values.shape),
            "sha256": hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest(),
            "rms": np.sqrt(np.mean(codec.decode(indices)[0] ** 2, axis=1, dtype=float)).tolist(),
        }
    (GOLDEN_SOUNDS / "pins.json").write_text(json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

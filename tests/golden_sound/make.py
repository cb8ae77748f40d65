"""Write the golden files of sound. Run once, when the format was fixed; never again for these files.

python tests/golden_sound/make.py
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from tiny_audio import save_tiny_audio_model, voices  # noqa: E402

from vqcodec import load  # noqa: E402

# By name: rate, channels, samples, quality.
RECORDINGS = {"click": (16_000, 1, 1, 50), "mono": (8_000, 1, 6_000, 20), "stereo": (44_100, 2, 20_001, 90)}


def main() -> None:
    model = save_tiny_audio_model(HERE / "voice.safetensors", seed=2)
    codec = load(model)
    pins: dict[str, object] = {model.name: {"fingerprint": codec.model.fingerprint.hex()}}
    for name, (rate, channels, samples, quality) in RECORDINGS.items():
        data = codec.compress(voices(channels, samples, seed=len(name)), rate, quality)
        (HERE / f"{name}.vq").write_bytes(data)
        indices = codec.read(data)
        pins[f"{name}.vq"] = {
            "source": [samples, rate, channels],
            "rate_point": indices.rate_point,
            "volume": list(indices.values.shape),
            "sha256": hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest(),
            "rms": float(np.sqrt(np.mean(codec.decode(indices)[0] ** 2))),
        }
    (HERE / "pins.json").write_text(json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    main()

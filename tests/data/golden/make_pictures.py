"""How the golden pictures were made: `python -m tests.data.golden.make_pictures` makes them anew.

They are frozen: as long as tests/codec/test_golden_pictures.py passes, files that were written before can still be
read. Make them anew only when the format or the meaning of a model changes on purpose, and say so in the change log.
The kernels of tiny.safetensors have 16 bits, as it was made before they were stored in 8.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np

from tests.helpers.image_models import save_tiny_model
from tests.helpers.paths import GOLDEN_IMAGE_MODEL, GOLDEN_PICTURES
from tests.helpers.pictures import pictures
from vqcodec import load
from vqcodec.codec.loading import for_pictures

FILES = {"dot": (1, 1, 100), "low": (50, 33, 1), "high": (75, 100, 80)}  # height, width, quality


def main() -> None:
    codec = for_pictures(load(save_tiny_model(GOLDEN_IMAGE_MODEL)))
    pins: dict[str, dict[str, object]] = {"tiny.safetensors": {"fingerprint": codec.model.fingerprint.hex()}}
    for seed, (name, (height, width, quality)) in enumerate(FILES.items()):
        data = codec.compress(pictures(1, 100, seed)[0][:height, :width], quality)
        (GOLDEN_PICTURES / f"{name}.vq").write_bytes(data)
        indices = codec.read(data)
        pins[f"{name}.vq"] = {
            "size": [width, height],
            "rate_point": indices.rate_point,
            "volume": list(indices.values.shape),
            "sha256": hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest(),
            "mean_colour": np.asarray(codec.decode(indices)).mean((0, 1)).round(1).tolist(),
        }
    (GOLDEN_PICTURES / "pins.json").write_text(json.dumps(pins, indent=2) + "\n")


if __name__ == "__main__":
    main()

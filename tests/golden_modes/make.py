"""How the files in this folder were made: `python tests/golden_modes/make.py NAME ...` makes new ones.

One of each mode of pictures, with metadata, with an overlay, with a reduced size, cut, and one of each bundled model.
Those of a release are frozen: as long as tests/test_golden_modes.py passes, what was written before can still be read.
Before release 0.1.0, a new bundled model replaces the former one, with its golden file.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent), str(FOLDER.parents[1])]

from tiny import pictures  # noqa: E402
from tiny_audio import voices  # noqa: E402

from bitstream import unpack  # noqa: E402
from vqcodec import AudioCodec, Codec, load, models  # noqa: E402

TINY = FOLDER.parent / "golden" / "tiny.safetensors"
MODES = {
    "rgba": "RGBA",
    "grey": "L",
    "grey_alpha": "LA",
    "bilevel": "1",
    "palette": "P",
    "grey16": "I;16",
    "cmyk": "CMYK",
}
PHOTO = Image.fromarray(pictures(1, 100, seed=11)[0][:45, :70])


def of_mode(mode: str) -> Image.Image:
    """The picture in a mode; with alpha of all classes if the mode has any, and with few colours in a palette."""
    if mode == "I;16":
        return Image.fromarray(np.asarray(PHOTO.convert("L")).astype(np.uint16) * 257)
    if mode == "P":
        return PHOTO.quantize(9)
    image = PHOTO.convert(mode)
    if mode.endswith("A"):
        ramp = np.linspace(-60, 300, 70).clip(0, 255).astype(np.uint8)
        image.putalpha(Image.fromarray(np.tile(ramp, (45, 1))))
    return image


def file_of(name: str) -> tuple[bytes, Codec]:
    """The bytes of a file, and the codec that made it."""
    if name in {info.name for info in models()}:
        codec = load(name)
        if isinstance(codec, AudioCodec):
            return codec.compress(voices(1, 9_000, seed=5), 24_000, 40), codec
        side = 32 if name == "small" else 45
        return codec.compress(PHOTO.crop((0, 0, side, 32)), 50), codec
    if name == "overlay":
        codec, image = load("photo"), PHOTO.copy()
        image.paste((0, 255, 0), (20, 5, 60, 40))
        return codec.compress(image, 70), codec
    codec = load(TINY)
    if name in MODES:
        return codec.compress(of_mode(MODES[name]), 70), codec
    if name == "metadata":
        image = PHOTO.copy()
        image.info = {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0", "xmp": b"<x:xmpmeta/>"}
        return codec.compress(image, 30, keep_metadata=True), codec
    if name == "reduced":
        large = Image.fromarray(pictures(1, 200, seed=12)[0][:150])
        return codec.compress(large, max_bytes=150), codec
    data = codec.compress(of_mode("RGBA"), 70)
    return data[: unpack(data).layer_ends[0] + 3], codec


def main(names: list[str]) -> None:
    pins = json.loads((FOLDER / "pins.json").read_text()) if (FOLDER / "pins.json").exists() else {}
    for name in names:
        data, codec = file_of(name)
        with open(FOLDER / f"{name}.vq", "xb") as file:
            file.write(data)
        with warnings.catch_warnings(action="ignore"):
            indices = codec.read(data, allow_truncated=True)
        decoded = codec.decode(indices)
        pins[f"{name}.vq"] = {
            "model": codec.model.fingerprint.hex(),
            "rate_point": indices.rate_point,
            "volume": list(indices.values.shape),
            "sha256": hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest(),
            "chunks": hashlib.sha256(b"".join(indices.chunks.present)).hexdigest(),
        }
        if isinstance(decoded, tuple):
            pins[f"{name}.vq"] |= {"shape": list(decoded[0].shape), "rate": decoded[1]}
            pins[f"{name}.vq"]["rms"] = float(np.sqrt(np.mean(decoded[0] ** 2)))
        else:
            colours = np.asarray(decoded.convert("RGB"))
            pins[f"{name}.vq"] |= {"mode": decoded.mode, "size": list(decoded.size)}
            pins[f"{name}.vq"]["mean_colour"] = colours.mean((0, 1)).round(1).tolist()
    (FOLDER / "pins.json").write_text(json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

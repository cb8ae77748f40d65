"""How the golden files of all modes were made: `python -m tests.data.golden.make_modes NAME ...` makes new ones.

One of each mode of pictures, with metadata, with an overlay, with a reduced size, cut, and one of each bundled model.
Those of a release are frozen: as long as tests/codec/test_golden_modes.py passes, what was written before can still
be read. Before release 0.1.0, a new bundled model replaces the former one, with its golden file.
"""

from __future__ import annotations

import hashlib
import json
import sys
import warnings

import numpy as np
from PIL import Image

from bitstream import unpack
from tests.helpers.paths import GOLDEN_IMAGE_MODEL, GOLDEN_MODES
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec import AudioCodec, ImageCodec, load, models
from vqcodec.codec.loading import for_pictures

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


def file_of(name: str) -> tuple[bytes, ImageCodec | AudioCodec]:
    """The bytes of a file, and the codec that made it."""
    if name in {info.name for info in models()}:
        bundled = load(name)
        if isinstance(bundled, AudioCodec):
            return bundled.compress(voices(1, 9_000, seed=5), 24_000, 40), bundled
        side = 32 if name == "small" else 45
        codec = for_pictures(bundled)
        return codec.compress(PHOTO.crop((0, 0, side, 32)), 50), codec
    if name == "overlay":
        codec, image = load("photo"), PHOTO.copy()
        image.paste((0, 255, 0), (20, 5, 60, 40))
        return codec.compress(image, 70), codec
    codec = for_pictures(load(GOLDEN_IMAGE_MODEL))
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
    return data[: unpack(data).stream_ends[0] + 3], codec


def main(names: list[str]) -> None:
    pins = json.loads((GOLDEN_MODES / "pins.json").read_text()) if (GOLDEN_MODES / "pins.json").exists() else {}
    for name in names:
        data, codec = file_of(name)
        with open(GOLDEN_MODES / f"{name}.vq", "xb") as file:
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
    (GOLDEN_MODES / "pins.json").write_text(json.dumps(pins, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])

"""Files of every mode and of every bundled model that were written once are read for ever.

See tests/data/golden/make_modes.py.
"""

from __future__ import annotations

import functools
import hashlib
import json
import warnings

import numpy as np
import pytest

from bitstream import ColourFormat, ImageSource, unpack
from tests.helpers.paths import GOLDEN_IMAGE_MODEL, GOLDEN_MODES
from vqcodec import AudioCodec, Codec, ImageCodec, Indices, TruncatedError, models
from vqcodec.codec.loading import load_for
from vqcodec.media.pictures.modes import MODES

PINS = json.loads((GOLDEN_MODES / "pins.json").read_text())
FILES = sorted(path.name for path in GOLDEN_MODES.glob("*.vq"))
CUT = "cut.vq"


@functools.cache
def codec_of(name: str) -> Codec:
    return load_for(unpack((GOLDEN_MODES / name).read_bytes(), allow_truncated=True), models=[GOLDEN_IMAGE_MODEL])


def read(name: str) -> Indices:
    with warnings.catch_warnings(action="ignore"):
        return codec_of(name).read((GOLDEN_MODES / name).read_bytes(), allow_truncated=True)


def test_nothing_is_missing() -> None:
    """A file of each mode, colour format and bundled model, each a small one."""
    assert PINS.keys() == set(FILES)
    assert {pins["mode"] for pins in PINS.values() if "mode" in pins} == set(MODES)
    containers = [unpack((GOLDEN_MODES / name).read_bytes(), allow_truncated=True) for name in FILES]
    sources = [each.source for each in containers if isinstance(each.source, ImageSource)]
    assert {source.colour for source in sources} == set(ColourFormat)
    assert any((source.width, source.height) != (source.coded_width, source.coded_height) for source in sources)
    assert any(each.chunks.alpha for each in containers)
    assert any(each.chunks.metadata for each in containers)
    assert any(each.chunks.overlay for each in containers)
    assert {info.fingerprint for info in models()} <= {pins["model"] for pins in PINS.values()}
    assert sum((GOLDEN_MODES / name).stat().st_size for name in FILES) < 10_000


@pytest.mark.parametrize("name", FILES)
def test_indices_and_chunks_are_read(name: str) -> None:
    indices, pins = read(name), PINS[name]
    assert codec_of(name).model.fingerprint.hex() == pins["model"]
    assert (indices.rate_point, list(indices.values.shape)) == (pins["rate_point"], pins["volume"])
    assert hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest() == pins["sha256"]
    chunks = b"".join(indices.chunks.present)
    assert hashlib.sha256(chunks).hexdigest() == pins["chunks"]


@pytest.mark.parametrize("name", [name for name in FILES if name != CUT])
def test_indices_are_written_to_the_same_bytes(name: str) -> None:
    assert codec_of(name).write(read(name)) == (GOLDEN_MODES / name).read_bytes()


def test_a_cut_file_is_cut() -> None:
    with pytest.raises(TruncatedError):
        codec_of(CUT).read((GOLDEN_MODES / CUT).read_bytes())


@pytest.mark.parametrize("name", FILES)
def test_they_look_and_sound_the_same(name: str) -> None:
    """The decoder's floats may differ a little between machines."""
    codec, pins = codec_of(name), PINS[name]
    if isinstance(codec, AudioCodec):
        samples, rate = codec.decode(read(name))
        assert (list(samples.shape), rate) == (pins["shape"], pins["rate"])
        assert np.sqrt(np.mean(samples**2)) == pytest.approx(pins["rms"], rel=0.01, abs=1e-4)
        return
    assert isinstance(codec, ImageCodec)
    picture = codec.decode(read(name))
    assert (picture.mode, list(picture.size)) == (pins["mode"], pins["size"])
    assert np.asarray(picture.convert("RGB")).mean((0, 1)) == pytest.approx(pins["mean_colour"], abs=1)

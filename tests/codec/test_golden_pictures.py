"""Files that were written once are read for ever, and written again to the same bytes.

See tests/data/golden/make_pictures.py.
"""

from __future__ import annotations

import hashlib
import json

import numpy as np
import pytest

from bitstream import ImageSource
from tests.helpers.paths import GOLDEN_IMAGE_MODEL, GOLDEN_PICTURES
from vqcodec import ImageCodec, inspect, load
from vqcodec.codec.loading import for_pictures

PINS = json.loads((GOLDEN_PICTURES / "pins.json").read_text())
FILES = sorted(path.name for path in GOLDEN_PICTURES.glob("*.vq"))


@pytest.fixture(scope="module")
def codec() -> ImageCodec:
    return for_pictures(load(GOLDEN_IMAGE_MODEL))


def test_there_are_three_files_and_a_model() -> None:
    assert PINS.keys() == {*FILES, "tiny.safetensors"}
    assert len(FILES) == 3
    assert GOLDEN_IMAGE_MODEL.stat().st_size < 120_000


def test_the_model_keeps_its_fingerprint(codec: ImageCodec) -> None:
    assert codec.model.fingerprint.hex() == PINS["tiny.safetensors"]["fingerprint"]
    assert all(
        inspect((GOLDEN_PICTURES / name).read_bytes()).fingerprint == codec.model.fingerprint.hex() for name in FILES
    )


@pytest.mark.parametrize("name", FILES)
def test_indices_are_read(codec: ImageCodec, name: str) -> None:
    indices, pins = codec.read((GOLDEN_PICTURES / name).read_bytes()), PINS[name]
    assert isinstance(indices.source, ImageSource)
    assert [indices.source.width, indices.source.height] == pins["size"]
    assert indices.rate_point == pins["rate_point"]
    assert list(indices.values.shape) == pins["volume"]
    assert hashlib.sha256(indices.values.astype("<i4").tobytes()).hexdigest() == pins["sha256"]


@pytest.mark.parametrize("name", FILES)
def test_indices_are_written_to_the_same_bytes(codec: ImageCodec, name: str) -> None:
    data = (GOLDEN_PICTURES / name).read_bytes()
    assert codec.write(codec.read(data)) == data


@pytest.mark.parametrize("name", FILES)
def test_pictures_look_the_same(codec: ImageCodec, name: str) -> None:
    """The decoder's floats may differ a little between machines."""
    picture = np.asarray(codec.decompress((GOLDEN_PICTURES / name).read_bytes()))
    assert picture.mean((0, 1)) == pytest.approx(PINS[name]["mean_colour"], abs=1)

"""Whatever is in a `.vq` file, Pillow raises what it raises for other formats."""

from __future__ import annotations

import io
import warnings
import zlib
from dataclasses import replace
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from bitstream import Chunks, ColourFormat, Container, ImageSource, Stream, pack, unpack
from tests.helpers.commands import vq_of
from tests.helpers.pillow_modes import MODES
from vqcodec import ImageCodec


def load(data: bytes) -> str:
    """What becomes of data: a mode, or the name of an error that Pillow raises."""
    try:
        with warnings.catch_warnings(), Image.open(io.BytesIO(data)) as image:
            warnings.simplefilter("ignore")
            image.load()
            return image.mode
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        return type(error).__name__


quickly = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quickly
@given(st.data())
def test_damaged_files_raise_what_pillow_raises(tiny_model: Path, data: st.DataObject) -> None:
    whole = vq_of(tiny_model)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    changed = bytearray(cut)
    for place in data.draw(st.lists(st.integers(0, max(len(cut) - 1, 0)), max_size=4)) if cut else ():
        changed[place] = data.draw(st.integers(0, 255))
    result = load(bytes(changed))
    assert result == "RGB" if bytes(changed) == whole else result in ("OSError", "UnidentifiedImageError")


@st.composite
def hostile(draw: st.DrawFn, whole: bytes) -> bytes:
    """A small file whose checksums are right and whose contents are anything, or anything but its indices."""
    container = unpack(whole)
    colour = draw(st.sampled_from(ColourFormat))
    palette = draw(st.binary(max_size=5)) * 3 if colour == ColourFormat.PALETTE else b""
    assert isinstance(container.source, ImageSource)
    source, streams = replace(container.source, colour=colour, palette=palette), container.streams
    if draw(st.booleans()):
        width, height = draw(st.integers(1, 70)), draw(st.integers(1, 70))
        coded = (draw(st.integers(1, width)), draw(st.integers(1, height))) if draw(st.booleans()) else (0, 0)
        source = ImageSource(width, height, *coded, colour, palette)
        made = st.builds(Stream, st.binary(max_size=30), st.just(0))
        streams = tuple(draw(st.lists(made, min_size=1, max_size=4)))
    alpha = draw(st.binary(max_size=30)) if colour in (ColourFormat.RGB, ColourFormat.GREY) else b""
    packed = draw(st.binary(max_size=30) | st.binary(max_size=30).map(zlib.compress))
    return pack(replace(container, source=source, streams=streams, chunks=Chunks(alpha, packed)))


@quickly
@given(st.data())
def test_hostile_files_raise_what_pillow_raises(tiny_model: Path, data: st.DataObject) -> None:
    assert load(data.draw(hostile(vq_of(tiny_model)))) in ("OSError", "UnidentifiedImageError", *MODES)


def test_hostile_sizes_raise_what_pillow_raises(tiny_codec: ImageCodec) -> None:
    for width, height in ((2**32 - 1, 2**32 - 1), (2**32 - 1, 1), (1, 2**31)):
        container = Container(tiny_codec.model.fingerprint, 1, ImageSource(width, height), 0, (Stream(b"", 0),))
        assert load(pack(container)) == "DecompressionBombError"

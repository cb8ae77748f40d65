"""Hypothesis strategies for what a `.vq` file holds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from bitstream import PRECISION, AudioSource, Chunks, ColourFormat, Container, ImageSource, Rotation, Stream
from bitstream.sources import ANGLES

__all__ = ["audio_sources", "chunks_of", "containers", "image_sources", "streams", "symbols_and_frequencies"]

UINT32 = st.integers(0, 2**32 - 1)
# Small pictures and recordings mostly, and a few as large as the default limits allow.
SIDE = st.integers(1, 300) | st.integers(1, 13_000)


@st.composite
def image_sources(draw: st.DrawFn) -> ImageSource:
    """Pictures within the default limits, of all colour formats; some are coded smaller than they are."""
    width, height = draw(SIDE), draw(SIDE)
    coded = (0, 0) if draw(st.booleans()) else (draw(st.integers(1, width)), draw(st.integers(1, height)))
    colour = draw(st.sampled_from(ColourFormat))
    palette = bytes(3 * draw(st.integers(0, 256))) if colour == ColourFormat.PALETTE else b""
    return ImageSource(width, height, *coded, colour, palette)


def chunks_of(source: ImageSource | AudioSource, max_chunk: int = 40) -> st.SearchStrategy[Chunks]:
    """Chunks that go with a source, with any bytes in them."""
    if isinstance(source, AudioSource):
        return st.just(Chunks())
    content = st.binary(max_size=max_chunk)
    with_alpha = source.colour in (ColourFormat.RGB, ColourFormat.GREY)
    return st.builds(Chunks, alpha=content if with_alpha else st.just(b""), metadata=content, overlay=content)


def audio_sources() -> st.SearchStrategy[AudioSource]:
    """Recordings within the default limits, with rows that are silent and changing rotations."""
    plain = st.builds(
        AudioSource,
        samples=st.integers(1, 2**28),
        sample_rate=st.sampled_from([2_048, 8_000, 24_000, 44_100, 48_000, 2**32 - 1]),
        channels=st.integers(1, 8),
    )
    return plain.flatmap(coded_in_rows)


@st.composite
def coded_in_rows(draw: st.DrawFn, source: AudioSource) -> AudioSource:
    """A recording, coded in any way."""
    rows = st.sets(st.integers(0, source.channels - 1), max_size=source.channels - 1)
    stretches = st.sets(st.integers(0, source.stretches - 1), max_size=4 if source.channels == 2 else 0)
    rotations: list[Rotation] = []
    for stretch in sorted(draw(stretches)):
        before = rotations[-1].angle if rotations else 0
        angle = draw(st.integers(0, ANGLES - 1).filter(before.__ne__))
        rotations.append(Rotation(stretch, angle))
    return replace(source, silent_rows=tuple(sorted(draw(rows))), rotations=tuple(rotations))


def streams(max_stream: int = 40) -> st.SearchStrategy[Stream]:
    """Streams of any bytes."""
    return st.builds(Stream, data=st.binary(max_size=max_stream), indices_crc=UINT32)


@st.composite
def containers(draw: st.DrawFn, max_streams: int = 8, max_stream: int = 40) -> Container:
    """Containers within the default limits."""
    source = draw(image_sources() | audio_sources())
    return Container(
        fingerprint=draw(st.binary(min_size=8, max_size=8)),
        decoder_version=draw(st.integers(0, 3) | UINT32),
        source=source,
        rate_point=draw(st.integers(0, 255)),
        streams=tuple(draw(st.lists(streams(max_stream), min_size=1, max_size=max_streams))),
        chunks=draw(chunks_of(source)),
    )


@st.composite
def symbols_and_frequencies(
    draw: st.DrawFn, max_symbols: int = 60, max_alphabet: int = 300
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Symbols [n] and tables [n, K], from flat to as peaked as a table can be, at symbols likely and unlikely."""
    count, alphabet = draw(st.integers(0, max_symbols)), draw(st.integers(1, max_alphabet))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    spread = draw(st.sampled_from([1e-3, 0.03, 1.0, 100.0]))
    frequencies = random_frequencies(rng, count, alphabet, spread)
    if draw(st.booleans()):
        return rng.integers(0, alphabet, count, dtype=np.int32), frequencies
    return draw_symbols(rng, frequencies), frequencies


def random_frequencies(rng: np.random.Generator, count: int, alphabet: int, spread: float) -> NDArray[np.int64]:
    """Tables [count, alphabet] near Dirichlet draws: a low `spread` gives peaked ones."""
    weights = rng.dirichlet(np.full(alphabet, spread), count).reshape(count, alphabet)
    frequencies: NDArray[np.int64] = np.floor(weights * (2**PRECISION - alphabet)).astype(np.int64) + 1
    frequencies[np.arange(count), frequencies.argmax(axis=1)] += 2**PRECISION - frequencies.sum(axis=1)
    return frequencies


def draw_symbols(rng: np.random.Generator, frequencies: NDArray[np.int64]) -> NDArray[np.int32]:
    """Symbols [n] drawn from the tables [n, K]."""
    points = rng.integers(0, 2**PRECISION, len(frequencies))
    symbols: NDArray[np.int32] = (frequencies.cumsum(axis=1) <= points[:, None]).sum(axis=1).astype(np.int32)
    return symbols

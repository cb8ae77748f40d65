"""Small files that claim to be huge are refused before anything of that size is allocated."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bitstream import (
    AudioSource,
    Chunks,
    ColourFormat,
    Container,
    ImageSource,
    LimitError,
    Limits,
    Stream,
    UnsupportedError,
    VqcodecError,
    encode_alpha,
    pack,
    unpack,
)
from tests.helpers.pictures import pictures
from vqcodec import AudioCodec, ImageCodec, load
from vqcodec.codec.loading import for_sound

MEGABYTE = 1 << 20
STREAMS = (Stream(b"\0" * 8, 0), Stream(b"", 0))
ALPHA = Chunks(alpha=encode_alpha(np.zeros((4, 4), np.uint8)))
HUGE = {
    "sides": Container(b"8 bytes.", 1, ImageSource(2**31, 2**31), 0, STREAMS),
    "largest sides": Container(b"8 bytes.", 1, ImageSource(2**32 - 1, 2**32 - 1), 0, STREAMS),
    "coded small": Container(b"8 bytes.", 1, ImageSource(2**31, 2**31, 1, 1), 0, STREAMS),
    "one row": Container(b"8 bytes.", 1, ImageSource(2**32 - 1, 1), 0, STREAMS),
    "alpha": Container(b"8 bytes.", 1, ImageSource(2**31, 2**31), 0, STREAMS, ALPHA),
    "palette": Container(b"8 bytes.", 1, ImageSource(2**31, 2**31, colour=ColourFormat.PALETTE), 0, STREAMS),
    "samples": Container(b"8 bytes.", 1, AudioSource(2**63, 16_000, 1), 0, STREAMS),
    "channels": Container(b"8 bytes.", 1, AudioSource(2**63, 16_000, 2**32 - 1), 0, STREAMS),
    "slow": Container(b"8 bytes.", 1, AudioSource(2**31, 1_000, 1), 0, STREAMS),
    "one column": Container(b"8 bytes.", 1, ImageSource(1, 178_956_970), 0, STREAMS),
    "one column, coded small": Container(b"8 bytes.", 1, ImageSource(1, 178_956_970, 1, 1), 0, STREAMS, ALPHA),
    "one row of many": Container(b"8 bytes.", 1, ImageSource(178_956_970, 1), 0, STREAMS, ALPHA),
}


@pytest.fixture(scope="module")
def voice(tiny_voice: Path) -> AudioCodec:
    return for_sound(load(tiny_voice))


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("allow_truncated", [False, True])
def test_huge_claims_cost_nothing(tiny_codec: ImageCodec, voice: AudioCodec, name: str, allow_truncated: bool) -> None:
    codec = voice if isinstance(HUGE[name].source, AudioSource) else tiny_codec
    data = pack(dataclasses.replace(HUGE[name], fingerprint=codec.model.fingerprint))
    data = data[:-2] if allow_truncated else data
    tracemalloc.start()
    try:
        with pytest.raises(LimitError):
            codec.decompress(data, allow_truncated=allow_truncated)
        assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    finally:
        tracemalloc.stop()


def test_a_sample_of_many_channels_costs_nothing(voice: AudioCodec) -> None:
    """It has few samples, but the prior would hold what it knows of each channel."""
    data = pack(Container(voice.model.fingerprint, 1, AudioSource(1, 16_000, 2**24), 0, STREAMS))
    tracemalloc.start()
    try:
        with pytest.raises(UnsupportedError, match="16777216 channels"):
            voice.decompress(data)
        assert tracemalloc.get_traced_memory()[1] < MEGABYTE
    finally:
        tracemalloc.stop()
    assert voice.shape_of(AudioSource(1, 16_000, 1024)) == (1024, 1)
    with pytest.raises(UnsupportedError, match="1025 channels"):
        voice.shape_of(AudioSource(1, 16_000, 1025))


DECOMPRESS = """
import resource, sys
from pathlib import Path
import vqcodec

codec = vqcodec.load(sys.argv[1])
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (64 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in sys.argv[2:]:
    try:
        codec.decompress(Path(path).read_bytes())
    except vqcodec.VqcodecError as error:
        print(type(error).__name__)
"""


@pytest.mark.linux
def test_huge_claims_need_no_memory_of_any_kind(tiny_codec: ImageCodec, tiny_model: Path, tmp_path: Path) -> None:
    """Not even address space, of which libraries may take some that Python does not see."""
    paths = []
    for name, container in HUGE.items():
        if isinstance(container.source, ImageSource):
            paths.append(tmp_path / f"{name}.vq")
            paths[-1].write_bytes(pack(dataclasses.replace(container, fingerprint=tiny_codec.model.fingerprint)))
    done = subprocess.run([sys.executable, "-c", DECOMPRESS, tiny_model, *paths], capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["LimitError"] * len(paths), "")


def test_sizes_of_chunks_and_streams_are_not_believed() -> None:
    """A header that promises 4 GB of streams and chunks in a file of some bytes."""
    data = bytearray(pack(HUGE["alpha"]))
    sizes = bytes((8, 0, len(ALPHA.alpha)))
    for claim in (b"\xff\xff\xff\xff\x0f\0\1", b"\1\0\xff\xff\xff\xff\x0f"):
        claimed = bytes(data).replace(sizes, claim)
        assert claimed != data
        for cut in (False, True):
            tracemalloc.start()
            try:
                with pytest.raises(VqcodecError):
                    unpack(claimed, Limits(max_pixels=2**64), allow_truncated=cut)
                assert tracemalloc.get_traced_memory()[1] < MEGABYTE
            finally:
                tracemalloc.stop()


def test_a_hundred_megapixels_meet_the_limit_as_in_pillow(tiny_codec: ImageCodec) -> None:
    """What Pillow refuses as a bomb is refused by default; a caller may allow less."""
    assert Limits().max_pixels == 2 * (Image.MAX_IMAGE_PIXELS or 0)
    made = unpack(tiny_codec.compress(pictures(1, 100, seed=1)[0][:8, :8]))

    def claiming(width: int, height: int) -> bytes:
        return pack(dataclasses.replace(made, source=ImageSource(width, height, 8, 8)))

    tiny_codec.read(claiming(10_000, 10_000))  # which is allowed, coded at 8 x 8: indices of one position
    with pytest.raises(LimitError, match="10000 x 10000 pixels"):
        tiny_codec.decompress(claiming(10_000, 10_000), max_pixels=10**8 - 1)
    with pytest.raises(LimitError, match="8 x 22369622 pixels"):
        tiny_codec.read(claiming(8, 22_369_622))

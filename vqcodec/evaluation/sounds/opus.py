"""Opus (RFC 6716), by the programs opusenc and opusdec of opus-tools, and the packets in its files."""

from __future__ import annotations

import io
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bitstream.errors import InputError
from vqcodec.media.sounds.recordings import write_recording

__all__ = ["DECODED_RATE", "HEADERS", "OPUS", "Opus", "packets", "run"]

PROGRAMS = ("opusenc", "opusdec")
DECODED_RATE = 48_000
# Of libopus 1.3.1 on speech: at up to 8 kbit/s frames of 60 ms have the best PESQ for their bits, above it those of 40.
LONG_FRAMES, SHORTER_FRAMES, SHORTER_FROM = 60, 40, 12
ENCODER = ("opusenc", "--quiet", "--vbr", "--comp", "10", "--padding", "0", "--serial", "1")
DECODER = ("opusdec", "--quiet", "--float", "--rate", str(DECODED_RATE))
HEADERS = 2  # packets without sound: identification and comments


@dataclass(frozen=True)
class Opus:
    """The anchor for sounds.

    Attributes:
        family: the name of the codec, as options and results have it.
        label: that name for people.
        variant: empty for the decoder as it is.
        qualities: kbit/s, from the lowest that opusenc takes to where speech sounds like the original.
        options: of the encoder, besides those of all variants.
        media_type: empty, as the page does not have the files themselves.
    """

    family: str = "opus"
    label: str = "Opus"
    variant: str = ""
    qualities: tuple[float, ...] = (6, 8, 12, 16, 24)
    options: tuple[str, ...] = ()
    media_type: str = ""

    @property
    def available(self) -> bool:
        """Whether both programs are installed."""
        return all(shutil.which(program) for program in PROGRAMS)

    @property
    def remedy(self) -> str:
        """How to make it available."""
        return "opusenc and opusdec come with opus-tools (apt install opus-tools)"

    @property
    def description(self) -> str:
        """The software and its options, for people."""
        frames = f"frames of {LONG_FRAMES} ms below {SHORTER_FROM} kbit/s and of {SHORTER_FRAMES} ms from there on"
        return f"{_version('opusenc')}, variable bit rate, complexity 10, {frames}"

    @property
    def version(self) -> str:
        """Text that changes whenever results may change."""
        frames = f"{LONG_FRAMES} {SHORTER_FRAMES} {SHORTER_FROM}"
        encoder = " ".join((*ENCODER, *self.options))
        return f"{_version('opusenc')} {encoder} {frames} {_version('opusdec')} {' '.join(DECODER)}"

    def load(self) -> None:
        """Do nothing, as there is nothing to load."""

    def compress(self, samples: NDArray[np.float32], sample_rate: int, kbps: float) -> bytes:
        """The bytes of an Ogg file of `[C, N]`, rounded to 16 bits, with an average of about `kbps`.

        Raises:
            InputError: it cannot be coded.
        """
        sound = io.BytesIO()
        write_recording(samples, sample_rate, sound, ".wav")
        frames = SHORTER_FRAMES if kbps >= SHORTER_FROM else LONG_FRAMES
        options = ("--bitrate", f"{kbps:g}", "--framesize", str(frames))
        return run((*ENCODER, *self.options, *options, "-", "-"), sound.getvalue())

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound of a file, `[C, M]` at 48 kHz, without the delay that the file tells.

        Raises:
            InputError: it cannot be decoded.
        """
        head = packets(data)[0]
        values = np.frombuffer(run((*DECODER, "-", "-"), data), np.float32)
        return np.ascontiguousarray(values.reshape(-1, head[9]).T), DECODED_RATE

    def payload_bytes(self, data: bytes) -> int:
        """Bytes of the packets that hold sound, without the Ogg container, as a call would send them."""
        return sum(len(packet) for packet in packets(data)[HEADERS:])


OPUS = Opus()


def packets(data: bytes) -> list[bytes]:
    """The packets of an Ogg file with one stream (RFC 3533, section 6).

    A page has a header of 27 bytes, whose last byte counts the lacing values that follow. A lacing value is the length
    of a segment. One below 255 ends a packet, which may have begun on an earlier page.

    Raises:
        InputError: it is not an Ogg file, or is cut.
    """
    found, packet, at = [], b"", 0
    while at < len(data):
        head = data[at : at + 27]
        lacing = data[at + 27 : at + 27 + head[26]] if len(head) == 27 and head[:4] == b"OggS" else b""
        start = at + 27 + len(lacing)
        at = start + sum(lacing)
        if not lacing or at > len(data):
            raise InputError("not an Ogg file, or one that is cut")
        for length in lacing:
            packet += data[start : start + length]
            start += length
            if length < 255:
                found.append(packet)
                packet = b""
    return found


def run(command: tuple[str, ...], data: bytes) -> bytes:
    """What a program writes to standard output, given `data` on standard input.

    Raises:
        InputError: it fails.
    """
    done = subprocess.run(command, input=data, capture_output=True, check=False)
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it failed"]
        raise InputError(f"{command[0]}: {lines[-1]}")
    return done.stdout


@cache
def _version(program: str) -> str:
    """The first line that a program tells of its version."""
    return run((program, "--version"), b"").decode().splitlines()[0]

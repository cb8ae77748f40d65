"""Opus with the neural enhancement that its decoder has since version 1.5, and that opusdec of most systems lacks.

LACE and NoLACE ("NoLACE: Improving Low-Complexity Speech Codec Enhancement Through Adaptive Temporal Shaping", Buethe
et al., 2023) work on wide band only, so the encoder is told to code wide band. The decoder is the package
`@wasm-audio-decoders/opus-ml` of npm. Node looks for it in `node_modules` of the working folder and of those above it.
"""

from __future__ import annotations

import json
import shutil
import struct
import subprocess
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from vqcodec.evaluation.sounds.opus import DECODED_RATE, HEADERS, OPUS, Opus, packets, run

__all__ = ["OPUSES", "EnhancedOpus"]

PACKAGE = "@wasm-audio-decoders/opus-ml"
NODE = ("node", "--input-type=module", "--eval")
# The package does not export its version, so it is read from the file beside its main file.
VERSION = """
import { readFileSync } from "node:fs";
const file = new URL("package.json", import.meta.resolve("PACKAGE"));
process.stdout.write(JSON.parse(readFileSync(file)).version);
""".replace("PACKAGE", PACKAGE)
# It reads packets, each after its length in four bytes, and writes float32 samples, one channel after the other.
DECODE = """
import { readFileSync } from "node:fs";
import { OpusMLDecoder } from "PACKAGE";
const decoder = new OpusMLDecoder(JSON.parse(process.argv[1]));
const input = readFileSync(0);
const packets = [];
for (let at = 0, end; at < input.length; at = end) {
  end = at + 4 + input.readUInt32LE(at);
  packets.push(new Uint8Array(input.subarray(at + 4, end)));
}
await decoder.ready;
const { channelData, errors } = decoder.decodeFrames(packets);
if (errors.length) throw new Error(errors[0].message);
for (const { buffer, byteOffset, byteLength } of channelData) {
  process.stdout.write(new Uint8Array(buffer, byteOffset, byteLength));
}
""".replace("PACKAGE", PACKAGE)


@dataclass(frozen=True)
class EnhancedOpus(Opus):
    """Opus in wide band, decoded with an enhancement.

    Attributes:
        variant: the name of the enhancement.
        options: they set OPUS_SET_BANDWIDTH to OPUS_BANDWIDTH_WIDEBAND.
    """

    variant: str = "NoLACE"
    options: tuple[str, ...] = ("--set-ctl-int", "4008=1103")

    @property
    def available(self) -> bool:
        """Whether opusenc, opusdec, Node and its package are installed."""
        return super().available and bool(_decoder_version())

    @property
    def remedy(self) -> str:
        """How to make it available."""
        return f"in the working folder, npm install {PACKAGE}"

    @property
    def description(self) -> str:
        """The software and its options, for people."""
        return f"{super().description}, wide band, decoded by {PACKAGE} {_decoder_version()} with {self.variant}"

    @property
    def version(self) -> str:
        """Text that changes whenever results may change."""
        return f"{super().version} {PACKAGE} {_decoder_version()} {self.variant} {DECODE}"

    def decompress(self, data: bytes) -> tuple[NDArray[np.float32], int]:
        """The sound of a file, `[C, M]` at 48 kHz, without the delay that the file tells.

        Unlike opusdec, it keeps the samples that the encoder added to fill its last frame.

        Raises:
            InputError: it cannot be decoded.
        """
        head, *found = packets(data)
        sound = found[HEADERS - 1 :]
        channels, skipped = head[9], struct.unpack_from("<H", head, 10)[0]
        options: dict[str, object] = {
            "speechQualityEnhancement": self.variant.lower(),
            "sampleRate": DECODED_RATE,
            "channels": channels,
            "preSkip": skipped,
        }
        if head[18]:  # RFC 7845, 5.1.1: streams for more than two channels, or those that are not a pair
            options |= {"streamCount": head[19], "coupledStreamCount": head[20], "channelMappingTable": list(head[21:])}
        framed = b"".join(struct.pack("<I", len(packet)) + packet for packet in sound)
        values = np.frombuffer(run((*NODE, DECODE, json.dumps(options)), framed), np.float32)
        return values.reshape(channels, -1), DECODED_RATE


@cache
def _decoder_version() -> str:
    """The version of the package of Node; empty if Node or the package is not installed."""
    if shutil.which(NODE[0]) is None:
        return ""
    done = subprocess.run((*NODE, VERSION), capture_output=True, check=False)
    return "" if done.returncode else done.stdout.decode()


OPUSES = (OPUS, EnhancedOpus(variant="LACE"), EnhancedOpus(variant="NoLACE"))

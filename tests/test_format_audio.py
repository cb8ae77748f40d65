"""What docs/FORMAT.md says of sound, once more in plain Python: arrays of a model and streams of a file to indices."""

from __future__ import annotations

import json
import math
import zlib
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from reference_range_decoder import ReferenceDecoder
from safetensors import safe_open
from tiny_audio import voices

import vqcodec
from bitstream import AudioSource, unpack
from bitstream.entropy import indices_crc
from vqcodec import AudioCodec


class Reference:
    """The prior of a model file, at a rate point."""

    def __init__(self, path: Path, r: int) -> None:
        with safe_open(path, framework="numpy") as file:
            self.config = json.loads(file.metadata()["config"])
            shapes = json.loads(file.metadata()["shapes"])
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, shape in shapes.items():
            arrays[name] = np.frombuffer(zlib.decompress(arrays[name].tobytes()), np.int8).reshape(shape)
        prior = {name: array for name, array in arrays.items() if name.startswith("prior/")}
        self.arrays = {name.removeprefix("prior/"): array.astype(object) for name, array in prior.items()}
        sizes = arrays["sizes"]
        self.r, self.sizes = r, sizes[r].tolist()
        self.firsts = np.cumsum([0, *sizes.flatten()])[r * sizes.shape[1] :]  # of each plane's codes

    def layer(self, name: str, x: list[int], r: int) -> list[int]:
        weight, bias, shift = (self.arrays[f"{name}/{part}"] for part in ("weight", "bias", "shift"))
        sums = np.array(x, object) @ weight + bias[r]
        return [(2 * total + 2**by) // 2 ** (by + 1) for total, by in zip(sums, shift, strict=True)]

    def gate(self, y: list[int]) -> list[int]:
        tanh, sigmoid = self.arrays["tanh"], self.arrays["sigmoid"]
        u, v = ([max(-255, min(255, each)) + 255 for each in half] for half in np.split(np.array(y, object), 2))
        return [(2 * tanh[a] * sigmoid[b] + 128) // 256 for a, b in zip(u, v, strict=True)]

    def table(self, logits: list[int]) -> list[int]:
        e = [self.arrays["exp"][min(max(logits) - each, 400)] for each in logits]
        reciprocal = (2**24 - len(e)) * 2**24 // sum(e)
        f = [1 + each * reciprocal // 2**24 for each in e]
        f[0] += 2**24 - sum(f)
        return f

    def decode(self, streams: list[bytes], channels: int, frames: int) -> Any:
        """Indices `[P, channels, frames]`."""
        planes, layers = self.config["prior"]["planes"], self.config["prior"]["layers"]
        ends = [0, *accumulate(planes)]
        pairs = zip(map(ReferenceDecoder, streams), layers, strict=True)
        decoders = [decoder for decoder, count in pairs for _ in range(count)]
        k = np.zeros((ends[-1], channels, frames), int)
        known = np.zeros_like(k, bool)
        hidden: dict[tuple[int, int, int, int], list[int]] = {}

        def value(plane: int, channel: int, j: int) -> list[int]:
            if not 0 <= j < frames:
                return [0] * self.arrays["values"].shape[1]
            assert known[plane, channel, j]
            return list(self.arrays["values"][self.firsts[plane] + k[plane, channel, j]])

        def state_of(s: int, channel: int, j: int) -> list[int]:
            earlier, own = range(ends[s]), range(ends[s], ends[s + 1])
            seen = [(p, j - 2) for p in own] + [(p, j - 1) for p in (*earlier, *own)]
            seen += [(p, j) for p in earlier] + [(p, j + 1) for p in earlier]
            x = [number for p, at in seen for number in value(p, channel, at)]
            state = self.gate(self.layer(f"{s}/causal/0", x, self.r))
            for n, dilation in enumerate(self.arrays["dilations"], 1):
                hidden[s, n, channel, j] = state
                past = hidden.get((s, n, channel, j - dilation), [0] * len(state))
                step = self.gate(self.layer(f"{s}/causal/{n}", state + past, self.r))
                state = [max(-255, min(255, a + b)) for a, b in zip(state, step, strict=True)]
            return state

        for t in range(frames + 2 * (len(planes) - 1)):
            for s in range(len(planes)):
                if not 0 <= (j := t - 2 * s) < frames:
                    continue
                logits = [self.layer(f"{s}/heads/{self.r}", state_of(s, c, j), 0) for c in range(channels)]
                first = 0
                for p in range(ends[s], ends[s + 1]):
                    size = self.sizes[p] if self.sizes[p] > 1 else 0
                    for c in range(channels if size else 0):
                        k[p, c, j] = decoders[s].decode(self.table(logits[c][first : first + size]))
                    first += size
                    known[p, :, j] = True
        return k


@pytest.mark.parametrize(("channels", "rate", "samples", "quality"), [(1, 16_000, 4_000, 90), (2, 44_100, 6_001, 1)])
def test_a_file_can_be_read_by_the_text(
    tiny_voice: Path, channels: int, rate: int, samples: int, quality: float
) -> None:
    codec = vqcodec.load(tiny_voice)
    assert isinstance(codec, AudioCodec)
    data = codec.compress(voices(channels, samples, seed=1), rate, quality)
    container = unpack(data)
    assert container.source == AudioSource(samples, rate, channels)
    reference = Reference(tiny_voice, container.rate_point)
    shape = reference.config["autoencoder"]
    stride = shape["hop"] * 2 ** (len(shape["widths"]) - 1)
    frames = math.ceil(math.ceil(samples * shape["sample_rate"] / rate) / stride)
    k = reference.decode([layer.stream for layer in container.layers], channels, frames)
    assert np.array_equal(k, codec.read(data).values)
    assert k.any()
    planes = [0, *accumulate(reference.config["prior"]["planes"])]
    bounds = [planes[end] for end in [0, *accumulate(reference.config["prior"]["layers"])]]
    for layer, a, b in zip(container.layers, bounds, bounds[1:], strict=False):
        assert indices_crc(k[a:b]) == layer.indices_crc

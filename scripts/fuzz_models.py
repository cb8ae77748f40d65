"""Mutations of model files (safetensors) for `fuzz.py`: of arrays, their types and shapes, and of the configuration.

The layout is that of safetensors: the size of a header (8 bytes), the header (JSON: for each array its type, shape and
place; and the texts under `__metadata__`), and the arrays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from fuzz_files import mutate_bytes

__all__ = ["mutate_model"]

# Everything here is JSON, which has no better type.
Header = dict[str, Any]
TYPES = ("F16", "F32", "F64", "BF16", "I8", "I16", "I32", "I64", "U8", "U16", "BOOL", "F8_E4M3", "x", "", None)
VALUES: tuple[Any, ...] = (
    *(0, 1, -1, 2, 3, 4, 5, 7, 16, 17, 64, 255, 256, 1000, 2**31, 2**63, 10**30, 0.5, 1e-9, 1e300, -1.5),
    *(
        float("nan"),
        float("inf"),
        "",
        "x",
        "audio",
        "image",
        "gelu",
        None,
        True,
        [],
        {},
        [0],
        [1, 1],
        [1, 2],
        [2, 2, 2],
    ),
)


def mutate_model(data: bytes, rng: Random, _others: Sequence[bytes] = ()) -> bytes:
    """A changed model file."""
    parts = _apart(data)
    if parts is None or rng.random() < 0.05:
        return mutate_bytes(data, rng)
    header, buffers = parts
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.randrange(10)
        if kind < 4:
            _change_config(header, rng)
        elif buffers:
            name = rng.choice(sorted(buffers))
            (_change_values if kind < 7 else _change_shape)(name, header, buffers, rng)
    return _together(header, buffers, rng)


def _apart(data: bytes) -> tuple[Header, dict[str, bytes]] | None:
    """The header, and the bytes of each array; None of what is no such file."""
    try:
        start = 8 + int.from_bytes(data[:8], "little")
        header = json.loads(data[8:start])
        places = {name: entry["data_offsets"] for name, entry in header.items() if name != "__metadata__"}
        return header, {name: data[start + low : start + high] for name, (low, high) in places.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _together(header: Header, buffers: dict[str, bytes], rng: Random) -> bytes:
    parts, position = [], 0
    for name, content in buffers.items():
        header[name]["data_offsets"] = [position, position + len(content)]
        position += len(content)
        parts.append(content)
    if buffers and rng.random() < 0.03:
        header[rng.choice(sorted(buffers))]["data_offsets"] = [rng.choice(VALUES), rng.choice(VALUES)]
    text = json.dumps(header).encode()
    if rng.random() < 0.05:
        text = mutate_bytes(text, rng)
    size = len(text) if rng.random() < 0.98 else rng.choice((0, 1, len(text) - 1, 2**31, 2**63))
    body = size.to_bytes(8, "little") + text + b"".join(parts)
    return body[: rng.randrange(len(body))] if rng.random() < 0.03 else body


def _change_config(header: Header, rng: Random) -> None:
    """Another value somewhere in the configuration, or other metadata."""
    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or rng.random() < 0.03:
        header["__metadata__"] = rng.choice(({}, {"format": "vqcodec-model-1"}, {"config": 3}, None))
        return
    try:
        config = json.loads(metadata["config"])
    except (ValueError, KeyError, TypeError):
        return
    holder, key = _place(config, rng)
    kind = rng.randrange(8)
    if holder is None:
        config = rng.choice(VALUES)
    elif kind == 0:
        del holder[key]
    elif kind == 1 and isinstance(holder[key], list):
        holder[key] = holder[key] + holder[key][-1:]
    elif kind == 2 and isinstance(holder, dict):
        holder[rng.choice(("x", "modality", "lambdas", "rates"))] = rng.choice(VALUES)
    else:
        old = holder[key]
        near = (old + 1, old - 1, 2 * old, -old) if isinstance(old, int) else ()
        holder[key] = rng.choice((*near, *VALUES))
    metadata["config"] = (
        json.dumps(config) if rng.random() < 0.97 else mutate_bytes(json.dumps(config).encode(), rng).decode("latin-1")
    )


def _place(config: Any, rng: Random) -> tuple[Any, Any]:
    """A list or object somewhere in the JSON, and an index or key of it; None if there is none."""
    holder, key = None, None
    while isinstance(config, (dict, list)) and config and (holder is None or rng.random() < 0.8):
        holder, key = config, rng.choice(sorted(config) if isinstance(config, dict) else range(len(config)))
        config = holder[key]
    return holder, key


def _change_values(name: str, header: Header, buffers: dict[str, bytes], rng: Random) -> None:
    """Numbers as wild as their type allows, in some places or everywhere; or other types for the same bytes."""
    content = np.frombuffer(buffers[name], np.uint8).copy()
    kind = rng.randrange(5)
    if kind == 0:
        header[name]["dtype"] = rng.choice(TYPES)
    elif kind == 1:
        content[:] = rng.choice((0, 0xFF, 0x7F, 0x80, 0x7C, 0xFC))
    elif content.size:
        random = np.random.default_rng(rng.getrandbits(32))
        share = rng.choice((0.001, 0.05, 1))
        places = random.random(content.size) < share
        content[places] = random.integers(0, 256, int(places.sum()), np.uint8)
    buffers[name] = content.tobytes()


def _change_shape(name: str, header: Header, buffers: dict[str, bytes], rng: Random) -> None:
    """Another shape, with or without its bytes; or the array is gone, or has another name."""
    shape, kind = header[name].get("shape"), rng.randrange(7)
    if kind == 0:
        del header[name], buffers[name]
    elif kind == 1:
        new = rng.choice((name + "x", "prior/" + name, "encoder/0", rng.choice(sorted(buffers))))
        header[new], buffers[new] = header.pop(name), buffers.pop(name)
    elif kind == 2 or not isinstance(shape, list) or not all(isinstance(n, int) and 0 < n < 2**16 for n in shape):
        header[name]["shape"] = rng.choice(([], [0], [1], [2**31, 2**33], [2**63, 0], [-1], None, "x", [1] * 70))
    elif kind == 3:
        header[name]["shape"] = rng.sample(shape, len(shape))
    elif kind == 4:
        header[name]["shape"] = rng.choice(([*shape, 1], [1, *shape], [int(np.prod(shape))]))
    elif shape:  # one row more or less, with its bytes
        content, rows = buffers[name], shape[0]
        row = content[: len(content) // rows]
        more = kind == 5
        header[name]["shape"] = [rows + 1 if more else rows - 1, *shape[1:]]
        buffers[name] = content + row if more else content[len(row) :]

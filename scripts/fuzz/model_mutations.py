"""Mutations of model files: of arrays, packed or not, their types and shapes, of the configuration and the header."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import numpy as np

from .bombs import BOMB, bomb
from .byte_mutations import mutate_bytes, splice
from .model_file import ModelFile, pack, read_model_file, with_header, write_model_file

__all__ = ["mutate_model"]

EXACT = 2**23  # what a sum of an exact layer stays below
LARGEST_INPUT = 255
TYPES = ("F16", "F32", "F64", "BF16", "I8", "I16", "I32", "I64", "U8", "U16", "BOOL", "F8_E4M3", "x", "", None)
FLOATS: tuple[float, ...] = (float("nan"), float("inf"), float("-inf"), 65504.0, -65504.0, 6e-8, 0.0)
INTEGERS = (0, 1, 2, 3, 4, 5, 7, 16, 17, 64, 255, 256, 1000, 2**31, 2**63, 10**30)
VALUES: tuple[Any, ...] = (
    *INTEGERS,
    *(-1, 0.5, 1e-9, 1e300, -1.5, *FLOATS[:3]),
    *("", "x", "\x1b[31m", "audio", "image", "gelu", None, True),
    *([], {}, [0], [1, 1], [1, 2], [2, 2, 2]),
)
SHAPES: tuple[Any, ...] = ([], [0], [1], [2**31, 2**33], [2**63, 0], [-1], None, "x", [1] * 70)
ALPHABETS = ("", "0", "1", "16", "17", "32768", "32769", "9" * 5000, "-16", "\u0661", "x", 3)
PACKED = ("", "3", "[]", "{}", '{"x": [1]}', '{"sizes": [2, 6]}', '{"prior/values": null}', "[" * 50_000)


def mutate_model(data: bytes, rng: Random, others: Sequence[bytes] = ()) -> bytes:
    """A changed model file; `others` are files whose parts may be taken."""
    try:
        file = read_model_file(data)
    except ValueError:
        return mutate_bytes(data, rng)
    if rng.random() < 0.05:
        return mutate_bytes(data, rng) if rng.random() < 0.5 else splice(data, rng, others)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        kind = rng.randrange(12)
        if kind < 4:
            _change_config(file, rng)
        elif kind == 4:
            _change_metadata(file, rng)
        elif file.arrays:
            rng.choice(CHANGES)(file, rng.choice(sorted(file.arrays)), rng)
    return _damaged(write_model_file(file), rng)


def _damaged(data: bytes, rng: Random) -> bytes:
    """Now and then with another header, or an end that is early."""
    start = 8 + int.from_bytes(data[:8], "little")
    text, content, kind = data[8:start], data[start:], rng.randrange(40)
    if kind == 0:
        return with_header(mutate_bytes(text, rng), content)
    if kind == 1:
        size = rng.choice((0, 1, len(text) - 1, 2**31, 2**63))
        return size.to_bytes(8, "little") + text + content
    if kind == 2:
        header = json.loads(text)
        entries = [entry for name, entry in header.items() if name != "__metadata__"]
        if entries:
            rng.choice(entries)["data_offsets"] = [rng.choice(VALUES), rng.choice(VALUES)]
        return with_header(header, content)
    return data[: rng.randrange(len(data))] if kind == 3 else data


# Metadata ----------------------------------------------------------------------------------------------------------


def _change_metadata(file: ModelFile, rng: Random) -> None:
    """Other texts beside the configuration, or none."""
    if not isinstance(file.metadata, dict) or rng.random() < 0.2:
        file.metadata = rng.choice(({}, {"format": "vqcodec-model-2"}, {"config": 3}, None))
        return
    packed = [array for array in file.arrays.values() if array.packed]
    kind = rng.randrange(6)
    if kind == 0:
        file.metadata["format"] = rng.choice(("vqcodec-model-2", "vqcodec-model-3", "vqcodec", ""))
    elif kind == 1:
        file.metadata["alphabet"] = rng.choice(ALPHABETS)
    elif kind == 2:
        file.metadata["fingerprint"] = rng.choice(("", "0" * 16, "\x1b[31m"))
    elif kind == 3:
        file.metadata["shapes"] = rng.choice(PACKED)
    elif kind == 4 and packed:  # an array that is not named as packed, and is
        array = rng.choice(packed)
        array.content, array.packed, array.dtype = pack(array.content), False, "U8"
        array.shape = [len(array.content)]
    elif packed:
        rng.choice(packed).shape = rng.choice((*SHAPES, [10**30, 0], [BOMB], [2**14, 2**14]))


def _change_config(file: ModelFile, rng: Random) -> None:
    """Another value somewhere in the configuration."""
    try:
        config = json.loads(file.metadata["config"])
    except (ValueError, KeyError, TypeError, RecursionError):
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
    text = json.dumps(config)
    if rng.random() < 0.03:
        text = rng.choice((mutate_bytes(text.encode(), rng).decode("latin-1"), "[" * 50_000))
    file.metadata["config"] = text


def _place(config: Any, rng: Random) -> tuple[Any, Any]:
    """A list or object somewhere in the JSON, and an index or key of it; None if there is none."""
    holder, key = None, None
    while isinstance(config, (dict, list)) and config and (holder is None or rng.random() < 0.8):
        holder, key = config, rng.choice(sorted(config) if isinstance(config, dict) else range(len(config)))
        config = holder[key]
    return holder, key


# Arrays ------------------------------------------------------------------------------------------------------------


def _change_bytes(file: ModelFile, name: str, rng: Random) -> None:
    """Bytes as wild as can be, in some places or everywhere; or another type for them."""
    array = file.arrays[name]
    content = np.frombuffer(array.content, np.uint8).copy()
    kind = rng.randrange(5)
    if kind == 0:
        array.dtype = rng.choice(TYPES)
    elif kind == 1:
        content[:] = rng.choice((0, 0xFF, 0x7F, 0x80, 0x7C, 0xFC))
    elif content.size:
        random = np.random.default_rng(rng.getrandbits(32))
        places = random.random(content.size) < rng.choice((0.001, 0.05, 1))
        content[places] = random.integers(0, 256, int(places.sum()), np.uint8)
    array.content = content.tobytes()


def _change_numbers(file: ModelFile, name: str, rng: Random) -> None:
    """One number, or all, at the ends of what the type holds."""
    array = file.arrays[name]
    try:
        values = array.values().copy()
    except (ValueError, TypeError):
        return
    flat, choices = values.reshape(-1), FLOATS
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype)
        choices = limits.min, limits.max, 0, 1
    if flat.size and values.dtype.kind in "iuf":
        at: Any = slice(None) if rng.random() < 0.2 else rng.randrange(flat.size)
        with np.errstate(over="ignore"):
            flat[at] = rng.choice(choices)
        array.content = values.tobytes()


def _change_exact_layer(file: ModelFile, _: str, rng: Random) -> None:
    """A bias with which a layer of the prior just leaves, or just keeps, the range in which it is exact."""
    layers = sorted(name.removesuffix("/bias") for name in file.arrays if name.endswith("/bias"))
    if not layers:
        return
    layer = rng.choice(layers)
    try:
        weight, bias = file.arrays[f"{layer}/weight"].values(), file.arrays[f"{layer}/bias"].values().copy()
        column = rng.randrange(bias.shape[1])
        room = EXACT - LARGEST_INPUT * int(np.abs(weight[:, column].astype(np.int64)).sum())
        bias[rng.randrange(len(bias)), column] = rng.choice((1, -1)) * (room + rng.choice((-1, 0, 1, 1000)))
    except (KeyError, ValueError, IndexError, TypeError, OverflowError):
        return
    file.arrays[f"{layer}/bias"].content = bias.tobytes()


def _change_shape(file: ModelFile, name: str, rng: Random) -> None:
    """Another shape, with or without its bytes."""
    array, kind = file.arrays[name], rng.randrange(5)
    shape = array.shape
    if kind == 0 or not isinstance(shape, list) or not all(isinstance(n, int) and 0 < n < 2**16 for n in shape):
        array.shape = rng.choice(SHAPES)
    elif kind == 1:
        array.shape = rng.sample(shape, len(shape))
    elif kind == 2:
        array.shape = rng.choice(([*shape, 1], [1, *shape], [int(np.prod(shape))]))
    elif shape:  # one row more or less, with its bytes
        content, rows = array.content, shape[0]
        row = content[: len(content) // rows]
        more = kind == 3
        array.shape = [rows + 1 if more else rows - 1, *shape[1:]]
        array.content = content + row if more else content[len(row) :]


def _change_name(file: ModelFile, name: str, rng: Random) -> None:
    """The array is gone, or has another name, or there is one more."""
    arrays, kind = file.arrays, rng.randrange(3)
    new = rng.choice((name + "x", "prior/" + name, "encoder/0", "\x1b[31m", rng.choice(sorted(arrays))))
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        arrays[new] = arrays.pop(name)
    else:
        arrays[new] = arrays[name]


def _change_packing(file: ModelFile, name: str, rng: Random) -> None:
    """A packed array whose stream is damaged, or unpacks to more than it should, or is not packed."""
    array, kind = file.arrays[name], rng.randrange(3)
    if not array.packed:
        return
    if kind == 0:
        array.packed = False
    elif kind == 1:
        array.stream = mutate_bytes(pack(array.content), rng)
    else:
        array.stream, array.shape = bomb(), rng.choice((array.shape, array.shape, [BOMB], [2**27]))


CHANGES: tuple[Callable[[ModelFile, str, Random], None], ...] = (
    *(_change_bytes, _change_bytes, _change_numbers, _change_numbers),
    *(_change_exact_layer, _change_shape, _change_shape, _change_name, _change_packing),
)

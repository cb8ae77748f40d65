"""A graph as the bytes of an ONNX model: protocol buffers, of which it needs a few messages only.

A message is a sequence of fields, each a tag and a value: an integer in groups of 7 bits, a float, or a length and
bytes. Here it is a list of pieces, which are joined at the end, so that weights are copied once. Numbers of fields are
those of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vqcodec.transform.graph.expression import Attribute, Graph, Node, Value

__all__ = ["onnx_model"]

IR_VERSION = 8  # of ONNX 1.13, as its operators
OPERATORS = 18
TYPES = {np.dtype(np.float32): 1, np.dtype(np.int64): 7, np.dtype(np.bool_): 9}

VARINT, BYTES, FLOAT = 0, 2, 5  # types of fields

Message = list[bytes | memoryview]


def onnx_model(graph: Graph, inputs: Sequence[Value], outputs: Sequence[Value]) -> bytes:
    """The part of a graph that makes some values of others, as a model. Inputs and outputs have the values' names."""
    nodes = graph.between(inputs, outputs)
    used = {value.name for node in nodes for value in node.inputs} & graph.constants.keys()
    model = _message(
        _integer(1, IR_VERSION),
        _bytes(8, _message(_integer(2, OPERATORS))),
        _bytes(
            7,
            _message(
                *(_bytes(1, _node(node)) for node in nodes),
                _bytes(2, b"vqcodec"),
                *(_bytes(5, _tensor(name, graph.constants[name])) for name in sorted(used)),
                *(_bytes(11, _value_info(value)) for value in inputs),
                *(_bytes(12, _value_info(value)) for value in outputs),
            ),
        ),
    )
    return b"".join(model)


def _node(node: Node) -> Message:
    return _message(
        *(_bytes(1, value.name.encode()) for value in node.inputs),
        _bytes(2, node.output.name.encode()),
        _bytes(4, node.operator.encode()),
        *(_bytes(5, _attribute(name, value)) for name, value in node.attributes.items()),
    )


def _attribute(name: str, value: Attribute) -> Message:
    content: list[Message]
    match value:
        case float():
            content = [[_tag(2, FLOAT) + struct.pack("<f", value)], _integer(20, 1)]
        case int():
            content = [_integer(3, value), _integer(20, 2)]
        case str():
            content = [_bytes(4, value.encode()), _integer(20, 3)]
        case tuple():
            content = [*(_integer(8, each) for each in value), _integer(20, 7)]
    return _message(_bytes(1, name.encode()), *content)


def _tensor(name: str, array: NDArray[Any]) -> Message:
    little_endian = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
    return _message(
        *(_integer(1, extent) for extent in array.shape),
        _integer(2, TYPES[array.dtype]),
        _bytes(8, name.encode()),
        _bytes(9, little_endian.reshape(-1).view(np.uint8).data),
    )


def _value_info(value: Value) -> Message:
    shape = _message(*(_bytes(1, b"") for _ in range(value.rank)))  # of any size
    tensor = _message(_integer(1, TYPES[value.dtype]), _bytes(2, shape))
    return _message(_bytes(1, value.name.encode()), _bytes(2, _message(_bytes(1, tensor))))


def _message(*fields: Message) -> Message:
    return list(chain.from_iterable(fields))


def _integer(field: int, value: int) -> Message:
    return [_tag(field, VARINT) + _varint(value % (1 << 64))]  # a negative one as its complement


def _bytes(field: int, value: bytes | memoryview | Message) -> Message:
    pieces = value if isinstance(value, list) else [value]
    return [_tag(field, BYTES) + _varint(sum(map(len, pieces))), *pieces]


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    groups: list[int] = []
    while value > 127:
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])

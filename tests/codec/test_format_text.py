"""What docs/FORMAT.md says in numbers of a golden file and its model is so."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest

from tests.helpers.paths import FORMAT, GOLDEN_IMAGE_MODEL, GOLDEN_PICTURES
from tests.second_decoder.container import read_container
from tests.second_decoder.integer_layers import IntegerLayers, Integers
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.picture_prior import decode_picture
from tests.second_decoder.range_decoder import RangeDecoder

TEXT = FORMAT.read_text(encoding="utf-8")
FILE = GOLDEN_PICTURES / "dot.vq"


def listings(heading: str) -> list[str]:
    """The code blocks of a section."""
    section = re.split(r"^#+ ", TEXT.split(f"### {heading}\n")[1], maxsplit=1, flags=re.MULTILINE)[0]
    return section.split("```")[1::2]


def test_the_bytes_of_the_example() -> None:
    fields = re.findall(r"^((?:[0-9a-f]{2} ?)+)  ", listings("An example to the last index")[0], re.MULTILINE)
    assert bytes.fromhex("".join(fields)) == FILE.read_bytes()


class Trace:
    """The lines of the text on how a file is decoded, as they are found."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lines: list[str] = []
        self._monkeypatch = monkeypatch

    def note(self, label: str, numbers: Iterable[int]) -> None:
        self.lines.append(f"{label:<12} {' '.join(map(str, numbers))}")

    def of_layers(self, method: str, depths: str) -> None:
        """Note the states that a method gives for layers of these depths."""
        original: Callable[..., Integers] = getattr(IntegerLayers, method)

        def noting(streams: IntegerLayers, name: str, *inputs: Integers) -> Integers:
            state = original(streams, name, *inputs)
            if name[-1] in depths:
                self.note(name, state.ravel().tolist())
            return state

        self._monkeypatch.setattr(IntegerLayers, method, noting)

    def of_tables(self) -> None:
        """Note logits, tables and indices."""
        table_of, decode = IntegerLayers.table, RangeDecoder.decode

        def noting_table(streams: IntegerLayers, logits: Integers) -> list[int]:
            self.note("logits", logits.tolist())
            return table_of(streams, logits)

        def noting_index(decoder: RangeDecoder, table: list[int]) -> int:
            index = decode(decoder, table)
            self.note("table", table)
            self.note("index", [index])
            return index

        self._monkeypatch.setattr(IntegerLayers, "table", noting_table)
        self._monkeypatch.setattr(RangeDecoder, "decode", noting_index)


def test_the_numbers_of_the_example(monkeypatch: pytest.MonkeyPatch) -> None:
    trace = Trace(monkeypatch)
    trace.of_layers("gated", depths="0")
    trace.of_layers("residual", depths="12")
    trace.of_tables()
    container = read_container(FILE.read_bytes())
    streams = [stream.data for stream in container.streams]
    indices = decode_picture(ModelFile(GOLDEN_IMAGE_MODEL), container.rate_point, streams, height=1, width=1)
    listed = listings("An example to the last index")[1].strip().splitlines()
    assert trace.lines[: len(listed)] == listed
    assert indices.ravel().tolist() == [7, 2, 2, 10, 4, 5]


def test_the_arrays_that_are_hashed() -> None:
    model = ModelFile(GOLDEN_IMAGE_MODEL)
    first, *named = re.findall(r"^(\S.*)", listings("The fingerprint")[0], re.MULTILINE)
    sizes = re.findall(r"and (\d+) bytes", listings("The fingerprint")[0])
    assert first == f"(2, 2, 2) (1, 2) {model.stride}"
    listed = [line.split()[0] for line in named if line != "..."]
    hashed = sorted(name for name in model.arrays if name in ("codewords", "sizes") or name.startswith("prior/"))
    assert listed == hashed[:2] + hashed[-2:]
    assert sizes == [str(model.arrays[name].nbytes) for name in listed]
    assert f"whose fingerprint is `{model.fingerprint().hex()}`" in TEXT

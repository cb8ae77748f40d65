"""Standard input and output, and what is open already: read to the end if there is one, and written where it is."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from bitstream.errors import InputError
from vqcodec.system.files import (
    HEAD,
    is_stream,
    is_vq,
    read_file,
    read_input,
    write_output,
)


class Terminal(io.TextIOWrapper):
    """Standard output as a terminal is."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_is_spared_unless_forced(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", Terminal(memory))
    with pytest.raises(InputError, match="terminal"), write_output("-") as file:
        file.write(b"data")
    assert memory.getvalue() == b""
    with write_output("-", force=True) as file:
        file.write(b"data")
    assert memory.getvalue() == b"data"


def test_closed_standard_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(OSError, match="closed"):
        read_input("-", is_vq)
    monkeypatch.setattr(sys, "stdout", None)
    with pytest.raises(OSError, match="closed"), write_output("-"):
        pass


def test_standard_output_gets_nothing_of_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(memory))

    def fail() -> None:
        with write_output("-") as file:
            file.write(b"half")
            raise InputError("bad")

    with pytest.raises(InputError):
        fail()
    assert memory.getvalue() == b""


@pytest.mark.posix
def test_streams_that_never_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is read of one that begins like what is wanted."""
    monkeypatch.setattr("vqcodec.system.files.MOST_BYTES", 5_000_000)
    monkeypatch.setattr("vqcodec.system.files.MOST_UNKNOWN_BYTES", 2_000_000)
    with pytest.raises(InputError, match=r"^/dev/zero: its kind is not known.* 2000000 bytes"):
        read_input("/dev/zero", lambda head: any(head))
    with pytest.raises(InputError, match=r"^/dev/zero: more than 5000000 bytes"):
        read_input("/dev/zero", lambda head: len(head) == HEAD)
    with pytest.raises(InputError, match=r"^/dev/zero: its kind is not known"):
        read_file("/dev/zero")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(bytes(5_000_001))))
    with pytest.raises(InputError, match=r"^standard input: more than 5000000 bytes"):
        read_input("-", lambda _: True)


@pytest.mark.parametrize("count", [0, 1, 16, 2**20 + 16, 3_000_000])
def test_streams_are_read_to_their_end(monkeypatch: pytest.MonkeyPatch, count: int) -> None:
    monkeypatch.setattr("vqcodec.system.files.MOST_BYTES", 3_000_000)
    data = bytes(range(250)) * (count // 250 + 1)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data[:count])))
    assert read_input("-", lambda _: True) == data[:count]


def test_a_file_that_is_named_may_be_of_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vqcodec.system.files.MOST_UNKNOWN_BYTES", 10)
    (tmp_path / "large").write_bytes(bytes(100))
    assert read_input(str(tmp_path / "large"), lambda _: False) == bytes(100)


@pytest.mark.posix
def test_what_is_open_already_is_written_to(tmp_path: Path) -> None:
    """Where it is, behind what it has, and not replaced."""
    with (tmp_path / "open").open("wb") as file:
        file.write(b"before ")
        file.flush()
        name = f"/dev/fd/{file.fileno()}"
        assert is_stream(name)
        with write_output(name) as output:
            output.write(b"data")
        file.write(b" after")
    assert (tmp_path / "open").read_bytes() == b"before data after"
    assert [path.name for path in tmp_path.iterdir()] == ["open"]
    with pytest.raises(OSError, match="Bad file descriptor") as caught, write_output("/dev/fd/999") as output:
        output.write(b"data")
    assert caught.value.filename == "/dev/fd/999"


@pytest.mark.linux
def test_standard_output_has_several_names(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
        memory = io.BytesIO()
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(memory))
        with write_output(name) as file:
            file.write(b"data")
        assert memory.getvalue() == b"data"


@pytest.mark.posix
def test_what_is_a_stream(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("-", "/dev/stdout", "/dev/null", str(tmp_path / "pipe")):
        assert is_stream(name)
    for name in ("file", "missing", "."):
        assert not is_stream(str(tmp_path / name))

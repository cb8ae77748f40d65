"""What a training tells while it runs."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from vqcodec.training.engine.monitor import Monitor


def scalars(folder: Path) -> Iterator[tuple[str, int, float]]:
    """Name, step and value of all scalars in the files of events, as TensorBoard reads them."""
    for file in sorted(folder.glob("events*")):
        data = file.read_bytes()
        while data:
            (length,) = struct.unpack_from("<Q", data)
            event = Event.FromString(data[12 : 12 + length])
            data = data[16 + length :]
            yield from ((value.tag, event.step, value.simple_value) for value in event.summary.value)


def test_log_and_events(tmp_path: Path) -> None:
    for step in (100, 200):
        with closing(Monitor(tmp_path / "m.training", "noise", step - 1, active=True)) as tells:
            tells.log(step, {"loss": step / 100, "bpp": 0.5}, {"codes_used": [[3, 4]]})
    entries = [json.loads(line) for line in (tmp_path / "m.training" / "log.jsonl").read_text().splitlines()]
    assert entries[1] == {"stage": "noise", "step": 200, "loss": 2.0, "bpp": 0.5, "codes_used": [[3, 4]]}
    assert len(entries) == 2
    found = set(scalars(tmp_path / "m.training" / "events"))
    assert found == {
        ("noise/loss", 100, 1.0),
        ("noise/loss", 200, 2.0),
        ("noise/bpp", 100, 0.5),
        ("noise/bpp", 200, 0.5),
    }


def test_a_process_that_is_not_the_first_tells_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(Monitor(tmp_path, "noise", 0, active=False)) as tells:
        for step in tells.steps(3):
            tells.log(step, {"loss": 1.0}, {})
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
    assert capsys.readouterr() == ("", "")


def test_a_line_a_minute_where_there_is_no_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("vqcodec.training.engine.monitor.time.monotonic", lambda: clock[0])
    with closing(Monitor(tmp_path, "noise", 4_000, active=True)) as tells:
        for step in tells.steps(4_040):
            clock[0] += 25
            tells.log(step + 1, {"loss": 1.23456, "bpp": 1.0}, {})
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "noise: step 4,003 of 4,040, loss 1.235, 0:15:25 left"
    assert len(lines) == 13  # of 1,000 seconds, each after three steps

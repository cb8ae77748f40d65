"""A short run of scripts/fuzz.py, and that it would find what it looks for."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import pytest

SCRIPTS = Path(__file__).parents[1] / "scripts"
RUNS = {"container": 5_000, "decode": 300, "model": 150}


@pytest.mark.parametrize("kind", RUNS)
def test_only_errors_of_the_project_come_out(tmp_path: Path, kind: str) -> None:
    """In a process of its own, as the bound on its memory is one on the process."""
    command = [sys.executable, SCRIPTS / "fuzz.py", kind, "--runs", str(RUNS[kind]), "--corpus", tmp_path / "crashes"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[0].startswith(f"{RUNS[kind]} inputs")
    counts = {name: int(count) for count, name in (line.split() for line in lines[1:])}
    assert sum(counts.values()) == RUNS[kind]
    # The checksums are repaired, so that much gets past them.
    assert counts["accepted"] > RUNS[kind] // 20
    expected = {"ModelError"} if kind == "model" else {"CorruptError", "LimitError", "TruncatedError"}
    assert expected <= counts.keys()
    assert not (tmp_path / "crashes").exists()


def test_crashes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception, a large allocation, and a long time are each found, and kept once."""
    monkeypatch.syspath_prepend(SCRIPTS)
    import fuzz

    def target(data: bytes) -> None:
        if data == b"wrong":
            raise KeyError("wrong")
        if data == b"large":
            np.ones(2 * fuzz.MEMORY, np.uint8)
        if data == b"slow":
            began = time.process_time()
            while time.process_time() - began < 0.1:
                pass

    monkeypatch.setattr(fuzz, "SECONDS", 0.05)
    monkeypatch.setattr(fuzz, "_warm_up", lambda *_: None)
    inputs = [b"fine", b"wrong", b"large", b"slow"]
    outcome = fuzz.fuzz(target, lambda data, _rng, _others: data, inputs, tmp_path, 40)
    assert {name.removeprefix("_Array") for name in outcome.counts} == {
        "accepted",
        "KeyError",
        "MemoryError",
        "too slow",
    }
    assert {path.read_bytes() for path in outcome.crashes} == {b"wrong", b"large", b"slow"}
    assert len(outcome.crashes) == 3
    traces = [path.with_suffix(".txt").read_text() for path in outcome.crashes]
    assert sum("KeyError: 'wrong'" in trace and "Traceback" in trace for trace in traces) == 1


def test_mutations_depend_on_the_seed_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(SCRIPTS)
    import fuzz
    from fuzz_files import mutate_file
    from fuzz_models import mutate_model

    for kind, mutate in (("container", mutate_file), ("model", mutate_model)):
        start = fuzz.seeds(kind)
        changed = [[mutate(each, rng, start) for each in start * 3] for rng in (Random(5), Random(5))]
        assert changed[0] == changed[1]
        assert len(set(changed[0])) > len(start)

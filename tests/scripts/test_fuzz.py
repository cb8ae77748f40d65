"""A short run of the fuzzer on each of its targets, and that it would notice: with planted bugs, and its own parts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import pytest

from bitstream import CorruptError
from scripts.fuzz.bombs import BOMB, bomb
from scripts.fuzz.file_mutations import mutate_file
from scripts.fuzz.loop import ACCEPTED, Outcome, Problem, fuzz
from scripts.fuzz.model_file import read_model_file, write_model_file
from scripts.fuzz.model_mutations import mutate_model
from scripts.fuzz.mutants import MUTANTS, Mutant, catch, check
from scripts.fuzz.seeds import golden_files, model_files
from scripts.fuzz.target import MIB, Finding, Target, demand
from tests.helpers.paths import ROOT

COUNTS = {"containers": 4_000, "decodes": 300, "models": 150}


@pytest.mark.parametrize("target", COUNTS)
def test_nothing_is_found(tmp_path: Path, target: str) -> None:
    """In a process of its own, as the bound on its memory is one on the process."""
    command = [sys.executable, "-m", "scripts.fuzz", target, "--count", str(COUNTS[target])]
    command += ["--findings", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    first, *lines, last = done.stdout.splitlines()
    assert (first.split()[:2], last) == ([str(COUNTS[target]), "inputs"], "0 findings")
    counts = {name: int(count) for count, name in map(str.split, lines)}
    assert sum(counts.values()) == COUNTS[target]
    # The checksums are repaired, so that much gets past them.
    assert counts[ACCEPTED] > COUNTS[target] // 20
    expected = {"ModelError"} if target == "models" else {"CorruptError", "LimitError", "TruncatedError"}
    assert expected <= counts.keys()
    assert not any(tmp_path.iterdir())


def test_findings_can_be_tried_again(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.bin"
    wrong.write_bytes(golden_files()[0] + b"x")
    command = [sys.executable, "-m", "scripts.fuzz", "containers", "--replay", str(wrong)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("CorruptError in ")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutants_fit_the_source(mutant: Mutant) -> None:
    check(mutant)


@pytest.mark.parametrize("name", ["chunk CRC unchecked", "unpack_codes always raises an error"])
def test_planted_bugs_are_found(name: str) -> None:
    mutant = next(each for each in MUTANTS if each.name == name)
    assert catch(mutant)[0]


# The loop ----------------------------------------------------------------------------------------------------------


def outcome_of(
    judge: Callable[[bytes], None], *inputs: bytes, whole: tuple[bytes, ...] = (), first_only: bool = False
) -> tuple[Outcome, list[Problem]]:
    """What comes of a run over inputs, each tried once or more, and what it tells."""
    told: list[Problem] = []
    target = Target(
        whole=whole,
        damaged=inputs,
        mutate=lambda data, _rng, _others: data,
        judge=judge,
        refusals=(CorruptError,),
        memory=64 * MIB,
        seconds=0.05,
        batch=8,
    )
    return fuzz(target, 40, 60, seed=0, tell=told.append, first_only=first_only), told


def judge(data: bytes) -> None:
    """Goes wrong as the data say."""
    if data == b"refused":
        raise CorruptError("refused")
    if data == b"wrong":
        raise KeyError("wrong")
    demand(data != b"finding", "this is wrong")
    if data == b"large":
        np.ones(96 * MIB, np.uint8)
    if data == b"slow":
        began = time.process_time()
        while time.process_time() - began < 0.1:
            pass


def test_what_is_wrong_is_kept_once() -> None:
    """An exception, a finding, a large allocation, and a long time are each found, and told once."""
    outcome, told = outcome_of(judge, b"fine", b"refused", b"wrong", b"finding", b"large", b"slow")
    names = {"wrong": "KeyError", "finding": "Finding", "large": "MemoryError", "slow": "too slow"}
    assert {problem.data.decode(): problem.name.removeprefix("_Array") for problem in told} == names
    assert len(told) == len(names)
    assert {ACCEPTED, "CorruptError", "KeyError", "Finding", "too slow"} < outcome.counts.keys()
    assert outcome.runs >= 40
    assert any("KeyError: 'wrong'" in problem.trace and "Traceback" in problem.trace for problem in told)


@pytest.mark.posix
def test_an_input_that_ends_the_process_is_kept() -> None:
    def dies(data: bytes) -> None:
        if data == b"fatal" and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    parent = os.getpid()
    _, told = outcome_of(dies, b"fine", b"fatal", first_only=True)
    assert [(problem.name, problem.data) for problem in told] == [("dead", b"fatal")]


def test_an_input_that_hangs_is_kept() -> None:
    def hangs(data: bytes) -> None:
        while data == b"endless" and os.getpid() != parent:
            pass

    parent = os.getpid()
    _, told = outcome_of(hangs, b"fine", b"endless", first_only=True)
    assert [problem.data for problem in told] == [b"endless"]
    assert "hangs" in told[0].trace


def test_a_seed_must_be_accepted() -> None:
    """Code that refuses everything is not right."""
    _, told = outcome_of(judge, whole=(b"fine", b"refused"))
    assert [(problem.name, problem.data) for problem in told] == [("Finding", b"refused")]


def test_findings_are_never_refusals() -> None:
    assert not issubclass(Finding, CorruptError)
    with pytest.raises(Finding, match="so it is"):
        demand(False, "so it is")


# Mutations ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["files", "models"])
def test_mutations_depend_on_the_seed_only(kind: str) -> None:
    mutate, seeds = (mutate_file, golden_files()) if kind == "files" else (mutate_model, model_files())
    changed = [[mutate(each, rng, seeds) for each in seeds * 3] for rng in (Random(5), Random(5))]
    assert changed[0] == changed[1]
    assert len(set(changed[0])) > len(seeds)


def test_bombs() -> None:
    assert zlib.decompress(bomb(3 * MIB)) == bytes(3 * MIB)
    assert 1000 * len(bomb()) < BOMB


def test_model_files_come_back() -> None:
    for data in model_files():
        file = read_model_file(data)
        assert read_model_file(write_model_file(file)) == file
    assert any(array.packed for array in file.arrays.values())

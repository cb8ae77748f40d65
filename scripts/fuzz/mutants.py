"""Mutation testing of the fuzzer: bugs are planted in a copy of the source, and it has to find each.

    python -m scripts.fuzz.mutants              all of them
    python -m scripts.fuzz.mutants step index   those whose names contain one of these words

A mutant is a replacement of some text, which must be in its file exactly once: if the code has moved, this fails. The
fuzzer runs on it with a fixed seed until its first finding, which must be none without the bug; exit code 1 if there is
none in SECONDS.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from .loop import judged
from .seeds import ROOT
from .target import Target
from .targets import target_of

__all__ = ["MUTANTS", "Mutant", "catch", "check"]

SECONDS = 120
SEED = 1
COPIED = ("bitstream", "vqcodec", "scripts", "tests")


@dataclass(frozen=True)
class Mutant:
    """A bug: `before` becomes `after` in a file, and fuzzing `target` has to notice."""

    name: str
    target: str
    file: str
    before: str
    after: str


MUTANTS = (
    Mutant(
        "non-canonical varint accepted",
        "containers",
        "bitstream/fields.py",
        "if group == 0 and shift > 7:",
        "if False:",
    ),
    Mutant(
        "rate point unchecked (header)",
        "containers",
        "bitstream/header.py",
        'in_range("rate point", reader.varint(), 0, 255)',
        "reader.varint()",
    ),
    Mutant(
        "rate point unchecked (pictures)",
        "decodes",
        "vqcodec/prior/pixelcnn.py",
        "if not 0 <= rate_point < len(self.sizes) or len(streams)",
        "if len(streams)",
    ),
    Mutant(
        "rate point unchecked (sound)",
        "decodes",
        "vqcodec/prior/wavenet.py",
        "if not 0 <= rate_point < len(self.sizes) or len(streams)",
        "if len(streams)",
    ),
    Mutant(
        "chunk CRC unchecked",
        "containers",
        "bitstream/container.py",
        "if size and reader.uint32() != zlib.crc32(chunks[-1]):",
        "if size and reader.uint32() < 0:",
    ),
    Mutant(
        "unpack_integers always raises an error",
        "models",
        "vqcodec/model/packed_integers.py",
        "    whole = unpacked_shapes(packed, shapes, most)\n",
        '    raise ModelError("planted")\n',
    ),
    Mutant(
        "unpack_codes always raises an error",
        "models",
        "vqcodec/model/packed_codes.py",
        "    places = sizes.size * alphabet\n",
        '    raise ModelError("planted")\n    places = sizes.size * alphabet\n',
    ),
    Mutant(
        "metadata inflation unlimited",
        "containers",
        "vqcodec/media/pictures/metadata.py",
        "decompressor.decompress(chunk, MAX_BYTES + 1)",
        "decompressor.decompress(chunk)",
    ),
    Mutant(
        "alpha inflation unlimited",
        "containers",
        "bitstream/decompression.py",
        "decompressor.decompress(data, size + 1)",
        "decompressor.decompress(data)",
    ),
    Mutant(
        "pixel limit off",
        "containers",
        "bitstream/header.py",
        '_check_limit(f"{width} x {height} pixels", width * height, self.max_pixels)',
        "pass",
    ),
    Mutant(
        "time limit off",
        "containers",
        "bitstream/header.py",
        '_check_limit("seconds", samples / sample_rate, self.max_seconds)',
        "pass",
    ),
    Mutant(
        "step limit off (pictures)",
        "decodes",
        "vqcodec/codec/pixels.py",
        "if steps > allowed.max_steps:",
        "if False:",
    ),
    Mutant(
        "step limit off (sound)",
        "decodes",
        "vqcodec/codec/samples.py",
        "if coded * found.channels > allowed.max_samples:",
        "if False:",
    ),
    Mutant(
        "index CRC unchecked",
        "decodes",
        "vqcodec/codec/base.py",
        "if self._checksums(values) != [stream.indices_crc for stream in decoded]:",
        "if False:",
    ),
    Mutant(
        "end of stream unchecked",
        "decodes",
        "bitstream/entropy.py",
        "if self._is_unread or not self._coder.maybe_exhausted():",
        "if False:",
    ),
    Mutant(
        "exact range unchecked",
        "models",
        "vqcodec/prior/exact.py",
        "if (weights * self.input_max + biases).max(initial=0) >= ACC_LIMIT:",
        "if False:",
    ),
)


def catch(mutant: Mutant, seconds: float = SECONDS) -> tuple[str, float, float]:
    """Plant a bug and fuzz: the finding, empty if there is none, the seconds that it took, and those of a processor."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        _plant(mutant, copy)
        command = [sys.executable, "-m", "scripts.fuzz", mutant.target, "--first", "--count", str(10**9)]
        command += ["--seconds", str(seconds), "--seed", str(SEED), "--findings", str(copy / "findings")]
        began, used = time.perf_counter(), _processor_time()
        done = subprocess.run(command, cwd=copy, env=_environment(copy), capture_output=True, text=True)
        spent, used = time.perf_counter() - began, _processor_time() - used
        found = [path.read_bytes() for path in (copy / "findings").glob("*.bin")]
    lines = [line for line in done.stdout.splitlines() if line.startswith("finding: ")]
    if done.returncode not in (0, 1) or done.stderr or bool(found) != bool(done.returncode):
        raise RuntimeError(f"the fuzzer failed on {mutant.name!r}:\n{done.stdout}{done.stderr}")
    for data in found:
        trace = judged(_unchanged(mutant.target), data)[1]
        if trace:
            raise RuntimeError(f"what was found with {mutant.name!r} is found without it:\n{trace}")
    return lines[0].split(": ", 2)[2] if lines else "", spent, used


def check(mutant: Mutant) -> None:
    """RuntimeError if the text that a mutant replaces is not in its file exactly once."""
    found = (ROOT / mutant.file).read_text().count(mutant.before)
    if found != 1:
        raise RuntimeError(f"{mutant.name!r} does not fit {mutant.file}, which has its text {found} times")


def _plant(mutant: Mutant, copy: Path) -> None:
    """Copy the source, but for the weights of the bundled models, with the bug."""
    check(mutant)
    for name in COPIED:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    path = copy / mutant.file
    path.write_text(path.read_text().replace(mutant.before, mutant.after))


@cache
def _unchanged(target: str) -> Target:
    """A target of the source as it is."""
    return target_of(target)


def _environment(copy: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def _processor_time() -> float:
    """Of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.fuzz.mutants", description="Exit code 1 if one survives.")
    parser.add_argument("words", nargs="*", help="of the names of mutants")
    words = parser.parse_args().words
    survivors = 0
    for mutant in MUTANTS:
        if words and not any(word in mutant.name for word in words):
            continue
        found, spent, used = catch(mutant)
        survivors += not found
        times = f"{spent:5.1f} s, {used:5.1f} s of a processor"
        print(f"{mutant.name:38} {mutant.target:10} {times}  {found or 'SURVIVES'}", flush=True)
    return bool(survivors)


if __name__ == "__main__":
    sys.exit(main())

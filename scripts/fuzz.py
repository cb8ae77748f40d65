"""Fuzzing: changed files are read, and nothing but `VqcodecError` may come of it, in bounded memory and time.

    python scripts/fuzz.py container --runs 1000000   the layout of `.vq` files
    python scripts/fuzz.py decode --runs 100000       all of the way to pixels and samples, with small models
    python scripts/fuzz.py model --runs 3000          model files, and a short use of what loads

Seeds are the golden files and, of the container, tests/corpus, which libFuzzer has found. What goes wrong is kept as
FOLDER/crash-*.bin, FOLDER being that of --corpus, with its trace in a .txt.

A crash is an exception that is no VqcodecError; more than MEMORY bytes of address space above what the process has when
all is loaded; more than SECONDS of processor time for one input, at the limits PIXELS and SAMPLES; or a container that
is accepted, and that `pack` writes to other bytes.

With `--engine atheris` (pip install atheris, Linux) libFuzzer chooses what to change by coverage; the mutations are the
same, and it adds what it finds to `--corpus`. It stops at the first crash, and measures memory and time itself.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (
    ROOT / "tests" / "golden",
    ROOT / "tests" / "golden_sound",
    ROOT / "tests" / "golden_modes",
    ROOT / "tests" / "corpus",
)
MEMORY = 256 << 20
SECONDS = 2.0
PIXELS, SAMPLES = 2**13, 2**14

# A target takes an input; a mutation changes one, given others.
Target = Callable[[bytes], None]
Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]

__all__ = ["MEMORY", "PIXELS", "SAMPLES", "SECONDS", "Outcome", "fuzz", "main", "seeds", "target_of"]


@dataclass
class Outcome:
    """How often what came out, and the files of the crashes."""

    runs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)
    crashes: list[Path] = field(default_factory=list)


class Finding(Exception):
    """Something that no exception tells of is wrong."""


# Targets -----------------------------------------------------------------------------------------------------------


def read_container(data: bytes) -> None:
    """Read a container, whole and cut; what is accepted has one encoding."""
    from bitstream import VqcodecError, layer_ends, pack, unpack

    error: VqcodecError | None = None
    try:
        if pack(unpack(data)) != data:
            raise Finding("an accepted file is written to other bytes")
    except VqcodecError as caught:
        error = caught
    try:
        unpack(data, allow_truncated=True)
        layer_ends(data)
    except VqcodecError:
        if error is None:
            raise Finding("a whole file is refused as a cut one") from None
    if error is not None:
        raise error


def decoder() -> Target:
    """A target that decodes with small models."""
    from fuzz_files import with_right_indices

    from bitstream import CorruptError, unpack
    from vqcodec.codec import limits
    from vqcodec.loading import for_pictures, for_sound, load

    pictures = for_pictures(load(ROOT / "tests/golden/tiny.safetensors"))
    sounds = for_sound(load(ROOT / "tests/golden_sound/voice.safetensors"))
    codecs = (pictures, sounds)
    allowed = limits(PIXELS, SAMPLES)

    def decode(data: bytes) -> None:
        container = unpack(data, allowed, allow_truncated=True)
        codec = next((each for each in codecs if each.model.fingerprint == container.fingerprint), codecs[0])
        try:
            indices = codec.read(data, allowed, allow_truncated=True)
        except CorruptError as error:
            if "do not match their checksum" not in str(error):
                raise
            rows, columns = codec.shape_of(container.source)
            streams = [layer.stream for layer in container.layers]
            values = codec.model.prior.decode(streams, container.rate_point, rows, columns)
            indices = codec.read(with_right_indices(data, codec._checksums(values)), allowed)
        codec.decode(indices)

    return decode


def model_user() -> Target:
    """A target that loads a model, and compresses and decompresses something small."""
    import numpy as np

    from vqcodec import AudioCodec
    from vqcodec.loading import for_pictures, load

    path = Path(tempfile.mkdtemp()) / "model.safetensors"
    rng = np.random.default_rng(0)
    picture, sound = rng.integers(0, 256, (20, 24, 3), dtype=np.uint8), rng.normal(0, 0.1, 700).astype(np.float32)

    def use(data: bytes) -> None:
        path.write_bytes(data)
        codec = load(path)
        if isinstance(codec, AudioCodec):
            codec.decompress(codec.compress(sound, 16_000))
        else:
            pictures = for_pictures(codec)
            pictures.decompress(pictures.compress(picture))

    return use


def target_of(kind: str) -> tuple[Target, Mutation]:
    """What is tried, and how its input is changed."""
    from fuzz_files import mutate_file
    from fuzz_models import mutate_model

    if kind == "container":
        return read_container, mutate_file
    return (decoder(), mutate_file) if kind == "decode" else (model_user(), mutate_model)


def seeds(kind: str, corpus: Path | None = None) -> list[bytes]:
    """The files to begin with."""
    pattern = "*.safetensors" if kind == "model" else "*.vq"
    # What libFuzzer has found of the container is mostly damaged: decoding begins with files that can be decoded.
    folders = SEEDS if kind == "container" else SEEDS[:-1]
    found = [path for folder in folders for path in sorted(folder.glob(pattern))]
    if corpus is not None:
        found += sorted(path for path in corpus.glob("*") if path.is_file() and not path.name.startswith("crash-"))
    return [path.read_bytes() for path in found]


# The loop ----------------------------------------------------------------------------------------------------------


def fuzz(
    target: Target,
    mutation: Mutation,
    start: Sequence[bytes],
    folder: Path,
    runs: int,
    seconds: float = float("inf"),
    seed: int = 0,
) -> Outcome:
    """Try `runs` inputs, or as many as there is time for, and keep those that crash, one of each kind, in a folder."""
    outcome, rng, began = Outcome(), Random(seed), time.perf_counter()
    known: set[str] = set()
    _warm_up(target, start)
    with _memory_bound():
        while outcome.runs < runs and time.perf_counter() - began < seconds:
            data = mutation(rng.choice(start), rng, start)
            name, trace, spent = _try(target, data)
            outcome.runs += 1
            outcome.counts[name] += 1
            outcome.slowest = max(outcome.slowest, spent)
            place = trace.strip().splitlines()[-3:-1] if trace else []
            if trace and (key := f"{name} {place}") not in known:
                known.add(key)
                outcome.crashes.append(_keep(folder, data, trace, len(known)))
    outcome.seconds = time.perf_counter() - began
    return outcome


def _warm_up(target: Target, start: Sequence[bytes]) -> None:
    """Import everything, so that it counts neither as memory nor as time."""
    from bitstream import VqcodecError

    for data in start:
        try:
            with warnings.catch_warnings(action="ignore"):
                target(data)
        except VqcodecError:
            continue


def _try(target: Target, data: bytes) -> tuple[str, str, float]:
    """What comes of an input, with a trace if it is a crash, and the processor time that it took."""
    from bitstream import VqcodecError

    began, name, trace = time.process_time(), "accepted", ""
    try:
        with warnings.catch_warnings(action="ignore"):
            target(data)
    except VqcodecError as error:
        name = type(error).__name__
    except Exception as error:
        name, trace = type(error).__name__, traceback.format_exc()
    spent = time.process_time() - began
    if spent > SECONDS and not trace:
        name, trace = "too slow", f"{spent:.1f} s of processor time\nfor one input\n{name}\n"
    return name, trace, spent


class _memory_bound:
    """Address space for MEMORY bytes more than there are now."""

    def __enter__(self) -> None:
        self._before = resource.getrlimit(resource.RLIMIT_AS)
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + MEMORY, self._before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_AS, self._before)


def _keep(folder: Path, data: bytes, trace: str, number: int) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"crash-{number}.bin"
    path.write_bytes(data)
    path.with_suffix(".txt").write_text(trace)
    return path


def with_atheris(kind: str, runs: int, seconds: float, corpus: Path) -> None:
    """The same with libFuzzer, which ends the process."""
    import atheris

    with atheris.instrument_imports(include=["bitstream", "vqcodec"]):
        target, mutation = target_of(kind)
        start = seeds(kind)
        _warm_up(target, start)  # which imports the rest
    from bitstream import VqcodecError

    corpus.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(start):
        (corpus / f"seed-{number}").write_bytes(data)

    def one(data: bytes) -> None:
        try:
            target(data)
        except VqcodecError:
            return

    def change(data: bytes, size: int, seed: int) -> bytes:
        return mutation(data, Random(seed), start)[:size]

    warnings.simplefilter("ignore")
    options = [f"-runs={runs}", f"-artifact_prefix={corpus}/crash-", "-timeout=10", "-rss_limit_mb=2048"]
    options += [f"-max_len={2 * max(map(len, start))}", "-len_control=0"]
    if seconds < float("inf"):
        options.append(f"-max_total_time={seconds:.0f}")
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=change)
    atheris.Fuzz()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("container", "decode", "model"))
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=Path("fuzz"), help="more seeds; crashes are kept here")
    parser.add_argument("--engine", choices=("random", "atheris"), default="random")
    args = parser.parse_args()
    if args.engine == "atheris":
        with_atheris(args.kind, args.runs, args.seconds, args.corpus)
        return 0
    target, mutation = target_of(args.kind)
    start = seeds(args.kind, args.corpus)
    outcome = fuzz(target, mutation, start, args.corpus, args.runs, args.seconds, args.seed)
    print(f"{outcome.runs} inputs in {outcome.seconds:.0f} s, the slowest {outcome.slowest:.2f} s")
    for name, count in outcome.counts.most_common():
        print(f"{count:9} {name}")
    for path in outcome.crashes:
        print(path, path.with_suffix(".txt").read_text().strip().splitlines()[-1], sep=": ")
    return bool(outcome.crashes)


if __name__ == "__main__":
    sys.exit(main())

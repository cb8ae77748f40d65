"""Two commits on the same machine, in turn: time and peak memory of whole processes, priors and networks.

    python -m scripts.benchmarks.compare COMMIT_A COMMIT_B SPEECH PICTURE... [--rounds 7] [--threads 1]

The first picture is made 768 x 512 pixels, the recording is repeated to a minute at 16 kHz, and all pictures, as they
are, make a folder of many files. Models are the default ones, quality is 60. Each commit is installed in a temporary
folder, and takes its dependencies from the environment of this script. Then the same work is done in turn, A B A B ...

Seconds are medians by the clock. "Times as fast" is the median of A / B over all rounds, beside the least and the most
of them, and that of processor time. The peak of memory is the highest one. "Networks: encode" finds the nearest
codewords, too.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from bitstream import VqcodecError
from scripts.benchmarks.checkout import Installation, commit_of, install
from scripts.benchmarks.inputs import MINUTE, standard_picture, write_sound
from scripts.benchmarks.paired import Pairs, Seconds, add_rounds, in_turn, pair_cells, pair_header, pair_table
from scripts.benchmarks.process_cost import ProcessCost, add_threads, machine, process_cost, use_threads
from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.report.text import markdown_table, number

WORKER = Path(__file__).with_name("worker.py")

Costs = Sequence[tuple[ProcessCost, ...]]  # of both commits, in each round


@dataclass(frozen=True)
class Inputs:
    """What is coded: a picture, a minute of speech, and a folder of pictures."""

    picture: Path
    speech: Path
    folder: Path

    @classmethod
    def written(cls, pictures: Sequence[Path], speech: Path, folder: Path) -> Inputs:
        """Made of pictures and a recording, in a folder."""
        inputs = cls(folder / "picture.png", folder / "speech.wav", folder / "pictures")
        inputs.folder.mkdir(parents=True)
        standard_picture(pictures[0]).save(inputs.picture)
        write_sound([speech], inputs.speech, MINUTE)
        for place, path in enumerate(pictures):
            shutil.copy(path, inputs.folder / f"{place}-{path.name}")
        return inputs


class Worker:
    """A process that runs `worker.py` with the package of a commit."""

    def __init__(self, installation: Installation, inputs: Inputs) -> None:
        self._commit = installation.commit
        command = [sys.executable, str(WORKER), str(inputs.picture), str(inputs.speech)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=installation.environment)

    def __enter__(self) -> Self:
        """As soon as it has told the names of its works."""
        self.names: list[str] = json.loads(self._line())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()  # it waits for work, and keeps nothing
        self._process.communicate()

    def seconds(self, name: str) -> Seconds:
        """What a work takes, done once."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()
        return Seconds(*map(float, self._line().split()))

    def _line(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise VqcodecError(f"work within a process failed at {self._commit}")
        return line


def commands(inputs: Inputs, out: Path) -> dict[str, list[str | Path]]:
    """The arguments of each process, in their order; their results go to the folder `out`."""
    picture, speech, packed = out / "picture.vq", out / "speech.vq", out / "packed"
    files = sum(1 for _ in inputs.folder.iterdir())
    return {
        "--help": ["--help"],
        "compress a picture": ["compress", "--force", inputs.picture, picture],
        "decompress a picture": ["decompress", "--force", picture, out / "picture.png"],
        "compress a minute of speech": ["compress", "--force", inputs.speech, speech],
        "decompress a minute of speech": ["decompress", "--force", speech, out / "speech.wav"],
        f"compress {files} pictures": ["compress", "--force", "--out-dir", packed, inputs.folder],
        f"decompress {files} pictures": ["decompress", "--force", "--out-dir", out / "unpacked", packed],
    }


def measured_processes(commits: Sequence[Installation], inputs: Inputs, rounds: int) -> dict[str, Costs]:
    """What the commands cost at both commits."""
    both = [commands(inputs, each.packages.parent) for each in commits]
    return {
        name: in_turn(
            [
                partial(process_cost, *of_commit[name], environment=each.environment)
                for of_commit, each in zip(both, commits, strict=True)
            ],
            rounds,
        )
        for name in both[0]
    }


def process_table(labels: Sequence[str], costs: dict[str, Costs]) -> str:
    """Time and peak memory of processes."""
    rows = []
    for name, found in costs.items():
        peaks = [max(cost.megabytes for cost in of_commit) for of_commit in zip(*found, strict=True)]
        rows.append([f"`{name}`" if name.startswith("-") else name, *pair_cells(found), *(f"{p:.0f}" for p in peaks)])
    header = ["process", *pair_header(labels), *(f"{label}, peak MB" for label in labels)]
    return markdown_table(header, rows)


def folder_table(labels: Sequence[str], costs: dict[str, Costs], files: int) -> str:
    """Pictures a second of the commands on the folder, the last two."""
    rows = []
    for name, found in list(costs.items())[-2:]:
        seconds = [median(cost.seconds for cost in of_commit) for of_commit in zip(*found, strict=True)]
        rows.append([name, *(number(files / each) for each in seconds)])
    return markdown_table(["pictures a second", *labels], rows)


def measured_works(commits: Sequence[Installation], inputs: Inputs, rounds: int) -> dict[str, Pairs]:
    """Seconds of the work within processes, one of each commit."""
    with ExitStack() as stack:
        workers = [stack.enter_context(Worker(each, inputs)) for each in commits]
        return {
            name: in_turn([partial(worker.seconds, name) for worker in workers], rounds) for name in workers[0].names
        }


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("commits", nargs=2, metavar="COMMIT", help="the one before, and the one that should be faster")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="a recording")
    parser.add_argument("pictures", type=Path, nargs="+", metavar="PICTURE")
    add_rounds(parser)
    add_threads(parser)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    names = [commit_of(each) for each in arguments.commits]
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        inputs = Inputs.written(arguments.pictures, arguments.speech, folder / "inputs")
        commits = [install(name, folder / side) for side, name in zip("AB", names, strict=True)]
        labels = [f"{side} {name}" for side, name in zip("AB", names, strict=True)]
        kernels = " and ".join("compiled" if each.has_kernel else "none" for each in commits)
        print(f"Medians of {arguments.rounds} rounds; {machine()}; kernels of A and B: {kernels}.\n", flush=True)
        print(pair_table(labels, measured_works(commits, inputs, arguments.rounds)), end="\n\n", flush=True)
        costs = measured_processes(commits, inputs, arguments.rounds)
        print(process_table(labels, costs), end="\n\n")
        print(folder_table(labels, costs, len(arguments.pictures)))
        sizes = [[(folder / side / f"{kind}.vq").stat().st_size for side in "AB"] for kind in ("picture", "speech")]
        print("\nBytes of the picture: {} and {}; of the speech: {} and {}.".format(*sizes[0], *sizes[1]))


if __name__ == "__main__":
    run_script(main)

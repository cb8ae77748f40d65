"""`vqcodec bulk compress` beside `vqcodec compress`: pictures a second of two workers, and memory of the driver.

    python -m scripts.benchmarks.bulk PICTURE [--pictures 60] [--items 100000] [--model photo] [--tiny MODEL]
        [--threads 1]

Both commands compress so many crops of the picture, and three times as many: the time of the rest says what they do in
a second without their start. The driver's memory is its own peak over many pictures of 8x8 pixels, by the model --tiny.
Prints Markdown.
"""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from bitstream import VqcodecError
from scripts.benchmarks.process_cost import add_threads, cost_of, machine, use_threads
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.defaults import DEFAULT_MODEL
from vqcodec.evaluation.report.text import markdown_table, number

CROP = 256  # pixels a side
WORKERS = "2"


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("picture", type=Path, help="a picture of at least 257 pixels a side")
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--items", type=int, default=100_000, help="tiny pictures; 0 leaves them out")
    parser.add_argument("--tiny", default="small", help="the model for tiny pictures")
    add_model(parser, DEFAULT_MODEL)
    add_threads(parser)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    with TemporaryDirectory() as name:
        folder = Path(name)
        rows = rates(arguments.picture, arguments.pictures, arguments.model, folder)
        print(f"{machine()}.\n\n{markdown_table(['command', 'start, s', 'pictures a second'], rows)}", flush=True)
        if arguments.items:
            write_tiny(folder / "tiny", arguments.items)
            seconds, megabytes = driver_cost(folder / "tiny", folder / "tiny-coded", arguments.tiny)
            print(f"\n{arguments.items:,} pictures of 8x8: {seconds:.0f} s, the driver has {megabytes:.0f} MB at most.")


def rates(picture: Path, count: int, model: str, folder: Path) -> list[list[str]]:
    """Rows of the start and of the pictures a second of each command."""
    for name, each in (("few", count), ("many", 3 * count)):
        write_crops(picture, folder / name, each)
    rows = []
    for title, command in (("compress -j 2", many_files), ("bulk compress --workers 2", bulk)):
        few, many = (
            cost_of(*command(folder / name, folder / f"{name}-{title[:4]}", model)).seconds for name in ("few", "many")
        )
        pace = 2 * count / (many - few)
        rows.append([title, number(few - count / pace, 1), number(pace, 2)])
    return rows


def many_files(source: Path, target: Path, model: str) -> list[str]:
    """The command line of `vqcodec compress`."""
    return ["compress", str(source), "--out-dir", str(target), "-j", WORKERS, "--model", model]


def bulk(source: Path, target: Path, model: str) -> list[str]:
    """The command line of `vqcodec bulk compress`."""
    return ["bulk", "compress", str(source), str(target), "--workers", WORKERS, "--model", model]


def write_crops(picture: Path, folder: Path, count: int) -> None:
    """Write so many crops of a picture."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    with Image.open(picture) as image:
        whole = image.convert("RGB")
    for index in range(count):
        left, top = (int(rng.integers(0, side - CROP)) for side in whole.size)
        whole.crop((left, top, left + CROP, top + CROP)).save(folder / f"{index:05d}.png")


def write_tiny(folder: Path, count: int) -> None:
    """Write so many pictures of 8x8 pixels."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for index in range(count):
        memory = io.BytesIO()
        Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)).save(memory, "PNG")
        (folder / f"{index:06d}.png").write_bytes(memory.getvalue())


def driver_cost(source: Path, target: Path, model: str) -> tuple[float, float]:
    """Seconds of `vqcodec bulk compress`, and the peak memory in MB of its first process, which is the driver.

    Raises:
        VqcodecError: it failed.
    """
    started, peak = time.perf_counter(), 0.0
    process = subprocess.Popen([sys.executable, "-m", "vqcodec", *bulk(source, target, model)])
    while process.poll() is None:
        peak = max(peak, peak_of(process.pid))
        time.sleep(1)
    if process.returncode:
        raise VqcodecError("vqcodec bulk failed")
    return time.perf_counter() - started, peak


def peak_of(process: int) -> float:
    """The peak memory of a process on Linux, in MB; 0 if it is gone."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    run_script(main)

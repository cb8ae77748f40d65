"""Time and memory for a long recording, by the command line.

    python scripts/long_sound.py SOUNDS [--minutes 60] [--kbps 1.5] [--model speech]

The recordings of the folder follow each other until the time is full, at 16 kHz in one channel. Prints Markdown.
"""

from __future__ import annotations

import argparse
import itertools
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bitstream import VqcodecError
from vqcodec.audio.resampling import resample
from vqcodec.audio.waveform import RecordingWriter, is_sound_name, read_recording
from vqcodec.defaults import DEFAULT_AUDIO_MODEL
from vqcodec.evaluation.report import markdown_table, number

RATE = 16_000


@dataclass(frozen=True)
class Cost:
    """Seconds that a command took, and the most memory that it had, in MB."""

    seconds: float
    megabytes: float


def write_long(folder: Path, target: Path, samples: int) -> None:
    """Write a WAV file of so many samples."""
    paths = sorted(path for path in folder.rglob("*") if is_sound_name(path.name))
    with target.open("wb") as file, RecordingWriter(file, ".wav", RATE, 1, samples) as writer:
        left = samples
        for path in itertools.cycle(paths):
            recording = read_recording(path)
            mono = resample(recording.samples.mean(0, keepdims=True), recording.rate, RATE)[:, :left]
            writer.write(mono)
            left -= mono.shape[1]
            if not left:
                return


def cost_of(*arguments: str | Path) -> Cost:
    """Run a command of vqcodec in a process of its own."""
    began = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", "vqcodec", *map(str, arguments)])
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"long_sound.py: vqcodec {arguments[0]} failed")
    return Cost(time.monotonic() - began, usage.ru_maxrss / 1000)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sounds", type=Path, help="folder of recordings")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kbps", type=float, default=1.5)
    parser.add_argument("--model", default=DEFAULT_AUDIO_MODEL, help="name of a bundled model, or a model file")
    arguments = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        long, coded, back = (folder / each for each in ("long.wav", "long.vq", "back.wav"))
        write_long(arguments.sounds, long, round(arguments.minutes * 60 * RATE))
        options = ("--model", arguments.model)
        costs = {
            "compress -q 60": cost_of("compress", long, folder / "other.vq", *options),
            f"compress --kbps {arguments.kbps:g}": cost_of(
                "compress", long, coded, "--kbps", str(arguments.kbps), *options
            ),
            "decompress": cost_of("decompress", coded, back, *options),
        }
        kbps = 8 * coded.stat().st_size / (60 * arguments.minutes) / 1000
    rows = [
        [command, number(cost.seconds, 0), number(60 * arguments.minutes / cost.seconds, 0), number(cost.megabytes, 0)]
        for command, cost in costs.items()
    ]
    print(f"{arguments.minutes:g} minutes, {kbps:.3f} kbit/s:\n")
    print(markdown_table(["command", "seconds", "x real time", "MB at most"], rows))


if __name__ == "__main__":
    try:
        main()
    except VqcodecError as error:
        raise SystemExit(f"long_sound.py: error: {error}") from None

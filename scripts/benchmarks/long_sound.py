"""Time and memory for a long recording, by the command line.

    python -m scripts.benchmarks.long_sound SOUNDS [--minutes 60] [--kbps 1.5] [--model speech] [--threads 1]

The recordings of the folder follow each other until the time is full, at 16 kHz in one channel. Prints Markdown.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.benchmarks.inputs import RATE, write_sound
from scripts.benchmarks.process_cost import add_threads, cost_of, machine, round_trip, use_threads
from scripts.command_line import add_model, parser_of, run_script
from vqcodec.defaults import DEFAULT_AUDIO_MODEL
from vqcodec.evaluation.report.text import markdown_table, number
from vqcodec.evaluation.sounds.folder import sounds_in


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("sounds", type=Path, help="folder of recordings")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kbps", type=float, default=1.5)
    add_model(parser, DEFAULT_AUDIO_MODEL)
    add_threads(parser)
    arguments = parser.parse_args()
    use_threads(arguments.threads)
    with TemporaryDirectory() as name:
        folder = Path(name)
        long, coded, back = (folder / each for each in ("long.wav", "long.vq", "back.wav"))
        write_sound(sounds_in(arguments.sounds), long, round(arguments.minutes * 60 * RATE))
        at_quality = cost_of("compress", "--model", arguments.model, "-q", "60", long, coded)
        at_rate = round_trip(long, coded, back, arguments.model, "--kbps", str(arguments.kbps))
    costs = {
        "compress -q 60": at_quality,
        f"compress --kbps {arguments.kbps:g}": at_rate.compress,
        "decompress": at_rate.decompress,
    }
    seconds = 60 * arguments.minutes
    rows = [
        [command, number(cost.seconds, 0), number(seconds / cost.seconds, 0), number(cost.megabytes, 0)]
        for command, cost in costs.items()
    ]
    print(f"{machine()}.\n")
    print(f"{arguments.minutes:g} minutes, {8 * at_rate.file_bytes / seconds / 1000:.3f} kbit/s:\n")
    print(markdown_table(["command", "seconds", "x real time", "MB at most"], rows))


if __name__ == "__main__":
    run_script(main)

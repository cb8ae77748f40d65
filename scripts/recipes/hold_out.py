"""Two folders of links to pictures: those to train on, and every 50th, in the order of their names, to evaluate on.

python -m scripts.recipes.hold_out PICTURES TRAINING HELD_OUT [--every 50]
"""

from __future__ import annotations

from pathlib import Path

from scripts.command_line import parser_of, run_script
from vqcodec.evaluation.pictures.folder import find_pictures


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("pictures", type=Path, help="folder of pictures")
    parser.add_argument("training", type=Path, help="folder for links to those to train on")
    parser.add_argument("held_out", type=Path, help="folder for links to the others")
    parser.add_argument("--every", type=int, default=50, help="one in so many is held out (default: 50)")
    arguments = parser.parse_args()
    for folder in (arguments.training, arguments.held_out):
        folder.mkdir(parents=True, exist_ok=True)
    for number, picture in enumerate(find_pictures(arguments.pictures)):
        link = (arguments.training if number % arguments.every else arguments.held_out) / picture.name
        if not link.exists():
            link.symlink_to(picture.resolve())


if __name__ == "__main__":
    run_script(main)

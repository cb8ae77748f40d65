"""What a former model is bundled as: without its encoder, as it is only there to read the files that it made.

    python scripts/former_model.py MODEL OUT.safetensors

MODEL is the name of a bundled model, or a file.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from vqcodec.model.bundled import find_model
from vqcodec.model.model import load_model


def main(name: str, out: Path) -> None:
    """Write the model `name` to `out`, without its encoder."""
    path = find_model(name)
    model = load_model(path)
    networks = {key: array for key, array in model.networks.items() if not key.startswith("encoder/")}
    description = f"reads the files of the former {path.stem}"
    replace(model, config=replace(model.config, description=description), networks=networks).save(out)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))

"""A small folder of pictures, and reports on it."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import Result
from commands import run
from PIL import Image
from tiny import pictures

__all__ = ["HOSTILE", "PUBLISHED", "QUALITIES", "compared", "evaluate", "make_folder"]

HOSTILE = "<img src=x onerror=\"document.title='taken'\"> & {{ 1 }} <script>document.title='taken'<!--.png"
QUALITIES = (20.0, 50.0, 80.0)
PUBLISHED = {"name": "<b>Theirs</b>", "bpp": [0.2, 0.5, 1.0], "psnr": [25, 28, 32], "ms_ssim": [0.8, 0.9, 0.95]}


def make_folder(folder: Path) -> Path:
    """Two pictures that are large enough for MS-SSIM, one of them with a name to escape, and files that are none."""
    folder.mkdir()
    for name, pixels in zip(("first.png", HOSTILE), pictures(2, 176, 5), strict=True):
        Image.fromarray(pixels).save(folder / name)
    (folder / "notes.md").write_text("not a picture")
    (folder / "figures.csv").write_text("1,2")
    return folder


def evaluate(folder: Path, out: Path, model: Path, *options: object) -> Result:
    """Run `vqcodec eval rd` with few qualities and a published curve."""
    published = out.with_name("published.json")
    published.write_text(json.dumps(PUBLISHED))
    given = ["--qualities", ",".join(f"{each:g}" for each in QUALITIES), "--model", model, "--published", published]
    return run("eval", "rd", folder, "--out", out, *given, *options)


def compared() -> str:
    """All codecs that are here; JPEG is compared with the others, as the rate of the tiny model hardly moves."""
    from vqcodec.evaluation.peers import PEERS

    return ",".join(["jpeg", "vqcodec", *(peer.name for peer in PEERS[1:] if peer.available)])

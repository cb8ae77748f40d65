"""A small folder of pictures, and reports on it; and what is in the report on any folder."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import Result
from PIL import Image

from tests.helpers.commands import run
from tests.helpers.pictures import pictures

if TYPE_CHECKING:
    from vqcodec.evaluation.pictures.anchors import PictureAnchor

__all__ = [
    "FILES",
    "HOSTILE",
    "PUBLISHED",
    "QUALITIES",
    "anchors",
    "compared",
    "evaluate",
    "make_folder",
    "results",
    "rows",
]

# What is in a report besides its summary.
FILES = ["cache.jsonl", "curves.png", "curves.svg", "gallery.jsonl", "report.html", "results.csv", "results.json"]

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
    """Run `vqcodec eval rd` with few qualities, also of its anchors, and a published curve."""
    published = out.with_name("published.json")
    published.write_text(json.dumps(PUBLISHED))
    given = ["--qualities", ",".join(f"{each:g}" for each in QUALITIES), "--model", model, "--published", published]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vqcodec.evaluation.pictures.codecs.ANCHORS", anchors())
        return run("eval", "rd", folder, "--out", out, *given, *options)


def anchors() -> tuple[PictureAnchor, ...]:
    """The anchors at every second of their qualities."""
    from vqcodec.evaluation.pictures.anchors import ANCHORS

    return tuple(replace(each, qualities=each.qualities[::2]) for each in ANCHORS)


def compared() -> str:
    """Codecs that are here and quick; JPEG is compared with the others, as the rate of the tiny model hardly moves."""
    quick = dict.fromkeys(each.family for each in anchors() if each.available and each.family not in ("jpeg", "avif"))
    return ",".join(["jpeg", "vqcodec", *quick])


def results(root: Path) -> dict[str, Any]:
    """`results.json` of the report below `root`."""
    found: dict[str, Any] = json.loads((root / "report" / "results.json").read_text())
    return found


def rows(root: Path) -> list[dict[str, str]]:
    """`results.csv` of the report below `root`."""
    with (root / "report" / "results.csv").open(newline="") as file:
        return list(csv.DictReader(file))

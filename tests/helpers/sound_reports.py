"""A small folder of sounds, and reports on it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from click.testing import Result

from tests.helpers.commands import run
from tests.helpers.picture_reports import HOSTILE
from tests.helpers.sounds import saved, voices

__all__ = ["HOSTILE_SOUND", "PUBLISHED_SOUND", "TARGETS", "evaluate_sounds", "make_sounds", "needs_opus"]

HOSTILE_SOUND = HOSTILE.replace(".png", ".wav")
TARGETS = (0.5, 1.0, 40.0)  # the tiny model makes the same files for the first two
PUBLISHED_SOUND = {"name": "<b>Theirs</b>", "kbps": [1.0, 3.0, 12.0], "pesq": [1.5, 2.5, 3.0], "visqol": [2, 3, 4]}

# Where it has to be there, its tests fail without it.
needs_opus = pytest.mark.skipif(
    not (shutil.which("opusenc") and shutil.which("opusdec")) and "CI" not in os.environ,
    reason="there is no opus-tools on this machine",
)


def make_sounds(folder: Path) -> Path:
    """One at 16 kHz, a louder one of two channels at 44.1 kHz with a name to escape, and a file that is none."""
    folder.mkdir()
    (folder / "first.flac").write_bytes(saved(voices(1, 16_000, 1), "FLAC", rate=16_000))
    (folder / HOSTILE_SOUND).write_bytes(saved(2 * voices(2, 80_000, 2), rate=44_100))
    (folder / "notes.md").write_text("not a sound")
    return folder


def evaluate_sounds(folder: Path, out: Path, model: Path, *options: object) -> Result:
    """Run `vqcodec eval rd` with few targets, a published curve, and the Opus that all machines have."""
    published = out.with_name("published.json")
    published.write_text(json.dumps(PUBLISHED_SOUND))
    given = ["--rates", ",".join(f"{each:g}" for each in TARGETS), "--model", model, "--published", published]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vqcodec.evaluation.sounds.enhanced_opus.EnhancedOpus.available", property(lambda _: False))
        return run("eval", "rd", folder, "--out", out, *given, *options)

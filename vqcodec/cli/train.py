"""`vqcodec train`: new models, one subcommand a modality."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import options
from vqcodec.cli.program import note

__all__ = ["train"]


OUT = click.option(
    "--out", metavar="M", type=click.Path(path_type=Path), required=True, help="The model file to write."
)
START = click.option("--start", metavar="MODEL", help="Start from the networks of this model, a bundled one or a file.")
RESUME = click.option(
    "--resume/--no-resume",
    default=True,
    show_default=True,
    help="Go on from the checkpoints of an earlier run, or delete them and start afresh.",
)


@click.group(short_help="Train a model.")
def train() -> None:
    """Train a model; `vqcodec fit-prior` then fits its prior."""


@train.command(short_help="Train a model for pictures.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@OUT
@options.settings("image")
@START
@RESUME
def image(folder: Path, out: Path, config: Path | None, start: str | None, resume: bool) -> None:
    """Train on the pictures of the folder DIR and write the model M. Checkpoints are kept beside it."""
    from vqcodec.model.bundled import find_model
    from vqcodec.training.image import train_image

    if not resume:
        _forget(out)
    train_image(folder, out, config, find_model(start) if start else None)


@train.command(short_help="Train a model for sound.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@OUT
@options.settings("audio")
@START
@RESUME
def audio(folder: Path, out: Path, config: Path | None, start: str | None, resume: bool) -> None:
    """Train on the sounds of the folder DIR and write the model M. Checkpoints are kept beside it."""
    from vqcodec.model.bundled import find_model
    from vqcodec.training.audio import train_audio

    if not resume:
        _forget(out)
    train_audio(folder, out, config, find_model(start) if start else None)


def _forget(out: Path) -> None:
    """Delete the checkpoints of an earlier run for `out`; decoded originals stay."""
    for checkpoint in sorted(out.with_name(f"{out.name}.training").glob("*.safetensors")):
        note(f"deleting {checkpoint}")
        checkpoint.unlink()

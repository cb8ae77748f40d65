"""`vqcodec train`: new models, one subcommand a modality."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import training_options
from vqcodec.cli.extras import needs_extra
from vqcodec.training.engine.hardware import Hardware

__all__ = ["train"]

STAGES = "*"  # a new model forgets all that was fitted to the one before
OUT = click.option(
    "--out", metavar="M", type=click.Path(path_type=Path), required=True, help="The model file to write."
)
START = click.option("--start", metavar="MODEL", help="Start from the networks of this model, a bundled one or a file.")


@click.group(short_help="Train a model.")
def train() -> None:
    """Train a model; `vqcodec fit-prior` then fits its prior."""


@train.command(short_help="Train a model for pictures.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@OUT
@training_options.settings("image")
@START
@training_options.hardware
@training_options.restart
def image(folder: Path, out: Path, config: Path | None, start: str | None, hardware: Hardware, restart: bool) -> None:
    """Train on the pictures of the folder DIR and write the model M.

    Checkpoints are kept beside it, and a run that was interrupted goes on from them.
    """
    from vqcodec.model.bundled import find_model

    with needs_extra("train"):
        from vqcodec.training.image import train_image

    if restart:
        training_options.forget(out, STAGES)
    train_image(folder, out, config, find_model(start) if start else None, hardware)


@train.command(short_help="Train a model for sound.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@OUT
@training_options.settings("audio")
@START
@training_options.hardware
@training_options.restart
def audio(folder: Path, out: Path, config: Path | None, start: str | None, hardware: Hardware, restart: bool) -> None:
    """Train on the sounds of the folder DIR and write the model M.

    Checkpoints are kept beside it, and a run that was interrupted goes on from them.
    """
    from vqcodec.model.bundled import find_model

    with needs_extra("train"):
        from vqcodec.training.audio import train_audio

    if restart:
        training_options.forget(out, STAGES)
    train_audio(folder, out, config, find_model(start) if start else None, hardware)

"""`vqcodec train`: new models, one subcommand a modality."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import training_options
from vqcodec.cli.extras import needs_extra
from vqcodec.training.engine.hardware import Hardware

__all__ = ["train"]


@click.group(short_help="Train a model.")
def train() -> None:
    """Train a model; `vqcodec fit-prior` then fits its prior."""


@train.command(short_help="Train a model for pictures.")
@training_options.creating("image")
def image(folder: Path, out: Path, config: Path | None, start: str | None, hardware: Hardware, restart: bool) -> None:
    """Train on the pictures of the folder DIR and write the model M.

    Checkpoints are kept beside it, and a run that was interrupted goes on from them.
    """
    from vqcodec.model.bundled import find_model

    with needs_extra("train"):
        from vqcodec.training.image import train_image

    if restart:
        training_options.forget(out, "*")  # and all that was fitted to the model before
    train_image(folder, out, config, find_model(start) if start else None, hardware)


@train.command(short_help="Train a model for sound.")
@training_options.creating("audio")
def audio(folder: Path, out: Path, config: Path | None, start: str | None, hardware: Hardware, restart: bool) -> None:
    """Train on the sounds of the folder DIR and write the model M.

    Checkpoints are kept beside it, and a run that was interrupted goes on from them.
    """
    from vqcodec.model.bundled import find_model

    with needs_extra("train"):
        from vqcodec.training.audio import train_audio

    if restart:
        training_options.forget(out, "*")  # and all that was fitted to the model before
    train_audio(folder, out, config, find_model(start) if start else None, hardware)

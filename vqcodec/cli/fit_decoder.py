"""`vqcodec fit-decoder`: a better decoder for a model. Its files stay readable."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import training_options
from vqcodec.cli.extras import needs_extra
from vqcodec.training.engine.hardware import Hardware

__all__ = ["fit_decoder"]


@click.command(short_help="Train the decoder of a model further.")
@training_options.fitting("decoder")
def fit_decoder(model: Path, folder: Path, config: Path | None, hardware: Hardware, restart: bool) -> None:
    """Train the decoder of the model file M further on the pictures of the folder DIR, and write it into M.

    It is trained on the codes of files. The model reads and writes the same files as before.
    """
    with needs_extra("train"):
        from vqcodec.training.decoder.fit import fit_decoder as fit

    if restart:
        training_options.forget(model, "decoder*")
    fit(model, folder, config, hardware)

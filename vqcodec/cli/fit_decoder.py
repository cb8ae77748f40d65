"""`vqcodec fit-decoder`: a better decoder for a model. Its files stay readable."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import options

__all__ = ["fit_decoder"]


@click.command(short_help="Train the decoder of a model further.")
@options.fitting("decoder")
def fit_decoder(model: Path, folder: Path, config: Path | None) -> None:
    """Train the decoder of the model file M further on the pictures of the folder DIR, and write it into M.

    It is trained on the codes of files. The model reads and writes the same files as before.
    """
    from vqcodec.training.decoder_fit import fit_decoder as fit

    fit(model, folder, config)

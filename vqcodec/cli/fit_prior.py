"""`vqcodec fit-prior`: the prior of a model that `vqcodec train` made."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import training_options
from vqcodec.cli.extras import needs_extra
from vqcodec.training.engine.hardware import Hardware

__all__ = ["fit_prior"]


@click.command(short_help="Fit the prior of a model.")
@training_options.fitting("prior")
def fit_prior(model: Path, folder: Path, config: Path | None, hardware: Hardware, restart: bool) -> None:
    """Fit the prior of the model file M to the pictures or sounds of the folder DIR, and write it into M."""
    with needs_extra("train"):
        from vqcodec.training.prior.fit import fit_prior as fit

    if restart:
        training_options.forget(model, "prior-*")
    fit(model, folder, config, hardware)

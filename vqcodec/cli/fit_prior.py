"""`vqcodec fit-prior`: the prior of a model that `vqcodec train` made."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import options

__all__ = ["fit_prior"]


@click.command(short_help="Fit the prior of a model.")
@options.fitting("prior")
def fit_prior(model: Path, folder: Path, config: Path | None) -> None:
    """Fit the prior of the model file M to the pictures or sounds of the folder DIR, and write it into M."""
    from vqcodec.training.prior.fit import fit_prior as fit

    fit(model, folder, config)

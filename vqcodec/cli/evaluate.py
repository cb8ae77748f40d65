"""`vqcodec eval`: measures codecs, in one subcommand for each kind of result."""

from __future__ import annotations

import click

from vqcodec.cli.eval_bpd import bpd
from vqcodec.cli.eval_rd import rd

__all__ = ["evaluate"]


@click.group("eval", short_help="Measure codecs.")
def evaluate() -> None:
    """Measure codecs; `rd` needs `pip install 'vqcodec[eval]'`."""


evaluate.add_command(rd)
evaluate.add_command(bpd)

"""The command line: one module a command.

Modules here import nothing heavy before a command runs, so that `vqcodec --help` answers at once.
"""

from __future__ import annotations

import click

import vqcodec
from vqcodec.cli.bulk import bulk
from vqcodec.cli.compress import compress
from vqcodec.cli.decompress import decompress
from vqcodec.cli.evaluate import evaluate
from vqcodec.cli.fit_decoder import fit_decoder
from vqcodec.cli.fit_prior import fit_prior
from vqcodec.cli.info import info
from vqcodec.cli.models import models
from vqcodec.cli.program import Program
from vqcodec.cli.sample import sample
from vqcodec.cli.tokens import tokens
from vqcodec.cli.train import train

__all__ = ["main"]


@click.group("vqcodec", cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(vqcodec.__version__, message="%(prog)s %(version)s")
def main() -> None:
    """A neural codec for pictures and sound: to small .vq files and back.

    The file name - stands for standard input or output.
    """


for _command in (compress, decompress, info, tokens, bulk, models, train, fit_prior, fit_decoder, sample, evaluate):
    main.add_command(_command)

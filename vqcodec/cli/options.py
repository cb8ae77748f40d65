"""Options that several commands share."""

from __future__ import annotations

import click
from click.core import ParameterSource

from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL, DEFAULT_QUALITY

__all__ = ["device", "force", "json_output", "model", "model_of_kind", "quality", "refuse"]

quality = click.option(
    "-q",
    "--quality",
    type=click.FloatRange(1, 100),
    default=DEFAULT_QUALITY,
    show_default=True,
    help="Fidelity and size of the file; fractions count.",
)
model = click.option(
    "-m",
    "--model",
    metavar="NAME|PATH",
    default=DEFAULT_MODEL,
    show_default=True,
    help="A bundled model (see `vqcodec models`), or a model file.",
)
model_of_kind = click.option(
    "-m",
    "--model",
    metavar="NAME|PATH",
    show_default=f"{DEFAULT_MODEL} for pictures, {DEFAULT_AUDIO_MODEL} for sound",
    help="A bundled model (see `vqcodec models`), or a model file.",
)
device = click.option(
    "--device",
    metavar="DEVICE",
    default="cpu",
    show_default=True,
    help="Where the networks run: cpu, cuda, cuda:1, ...",
)
force = click.option("-f", "--force", is_flag=True, help="Replace the output if it exists.")
json_output = click.option("--json", "as_json", is_flag=True, help="Write JSON.")


def refuse(name: str, reason: str) -> None:
    """Raise click.UsageError, `--name reason`, if the command was given the option `name`."""
    context = click.get_current_context()
    if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
        raise click.UsageError(f"--{name} {reason}", context)

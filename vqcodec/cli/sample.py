"""`vqcodec sample`: pictures that the prior of a model makes up."""

from __future__ import annotations

import re

import click

from vqcodec.cli import options
from vqcodec.cli.program import about

__all__ = ["sample"]


def _parse_size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", value, re.ASCII)
    if match is None:
        raise click.BadParameter(f"{value!r} is not of the form 256x256")
    return int(match[1]), int(match[2])


@click.command(short_help="Draw pictures from a model.")
@click.argument("model", metavar="MODEL")
@click.argument("target", metavar="OUT")
@click.option("-n", "--count", type=click.IntRange(1), default=16, show_default=True, help="How many pictures.")
@click.option(
    "--size",
    metavar="WxH",
    default="256x256",
    show_default=True,
    callback=_parse_size,
    help="Of each picture, in pixels.",
)
@options.quality
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another one, other pictures.")
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Less than 1 prefers what is likely; 0 takes nothing else.",
)
@options.device
@options.force
def sample(
    model: str,
    target: str,
    count: int,
    size: tuple[int, int],
    quality: float,
    seed: int,
    temperature: float,
    device: str,
    force: bool,
) -> None:
    """Draw pictures from the prior of MODEL and write them side by side to the picture OUT; - is standard output.

    MODEL is a bundled model, or a model file. The indices are drawn one after the other, each given those before, and
    decoded. The same seed draws the same indices on every machine.
    """
    import vqcodec
    from vqcodec.files import STANDARD_STREAM, write_output
    from vqcodec.image.contact_sheet import contact_sheet
    from vqcodec.image.pixels import write_picture, written_format

    suffix = ".png" if target == STANDARD_STREAM else written_format(target)
    with write_output(target, force) as file:
        codec = vqcodec.load(model, device)
        width, height = size
        drawn = codec.sample(count, height, width, seed, temperature, codec.settings(quality).rate_point)
        sheet = contact_sheet([codec.decode(indices) for indices in drawn])
        with about(target):
            write_picture(sheet, file, suffix)

"""`vqcodec eval bpd`: a model as a density, in bits per dim."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vqcodec.cli import options
from vqcodec.cli.program import explain, report_error

if TYPE_CHECKING:
    from vqcodec import ImageCodec
    from vqcodec.evaluation.bits_per_dim import BitsPerDim
    from vqcodec.quality import Setting

__all__ = ["bpd"]


@click.command(short_help="Bits per dim of pictures.")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path))
@options.quality
@options.model
@options.device
@click.option("--nearest", is_flag=True, help="Take the nearest codewords, whatever their bits.")
@click.option("--lossless", is_flag=True, help="Add what PNG and lossless WebP take.")
@click.option("--csv", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write every picture's figures.")
@options.force
def bpd(
    place: Path,
    quality: float,
    model: str,
    device: str,
    nearest: bool,
    lossless: bool,
    target: Path | None,
    force: bool,
) -> None:
    """Measure bits per dim of the pictures in the folder DIR: -log2 p(x) <= -log2 p(x|z) - log2 p(z).

    z are the codes that a file would hold, p(z) is the prior that packs them; beside it, the bound with a uniform
    prior. A dim is a colour of a pixel, and means are over all dims. A .npy file of uint8 [N, H, W, 3] counts as N
    pictures. DIR may be a single file, too.
    """
    import vqcodec
    from vqcodec.evaluation.bits_per_dim import BitsPerDim, find_files, table
    from vqcodec.evaluation.report import csv_text
    from vqcodec.files import atomic_write

    files = find_files(place)
    with nullcontext() if target is None else atomic_write(target, force) as output:
        from vqcodec.loading import for_pictures

        codec = for_pictures(vqcodec.load(model, device))
        chosen = codec.settings(quality)
        rows, unread = _measure(codec, files, replace(chosen, lambda_=0.0) if nearest else chosen, lossless)
        if not rows:
            raise vqcodec.InputError(f"{place}: none of {len(files)} files could be read")
        if output is not None:
            output.write(csv_text(BitsPerDim, rows).encode())
    click.echo(table(rows, lossless))
    if unread:
        raise vqcodec.InputError(f"{unread} of {len(files)} files could not be read; the figures are of the others")


def _measure(codec: ImageCodec, files: list[Path], chosen: Setting, lossless: bool) -> tuple[list[BitsPerDim], int]:
    """The figures of all pictures; files that cannot be read are told on standard error, and counted."""
    from tqdm import tqdm

    from bitstream.errors import InputError
    from vqcodec.evaluation.bits_per_dim import measure, read_pictures

    rows: list[BitsPerDim] = []
    unread = 0
    for path in files:
        try:
            pictures = read_pictures(path)
        except (InputError, OSError) as error:
            report_error(explain(error))
            unread += 1
            continue
        name = os.fsencode(path.name).decode("utf-8", "replace")
        progress = tqdm(pictures, desc=name, leave=False, disable=None)  # None: shown on a terminal only
        rows += [measure(codec, name, n, pixels, chosen, lossless) for n, pixels in enumerate(progress)]
    return rows, unread

"""`vqcodec eval bpd`: the likelihood of a picture or sound under a model, in bits per dim."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from vqcodec.cli import options
from vqcodec.cli.left_out import count_left_out
from vqcodec.cli.program import explain, report_error

__all__ = ["bpd"]


@click.command(short_help="Bits per dim of pictures or sounds.")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path))
@options.quality
@options.model_of_kind
@options.device
@click.option("--nearest", is_flag=True, help="Take the nearest codewords, however many bits they cost.")
@click.option("--lossless", is_flag=True, help="Add the bits of PNG and lossless WebP, or of FLAC.")
@click.option(
    "--csv", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write a row for each picture or sound."
)
@options.force
@options.verbose
def bpd(
    place: Path,
    quality: float,
    model: str | None,
    device: str,
    nearest: bool,
    lossless: bool,
    target: Path | None,
    force: bool,
    verbose: bool,
) -> None:
    """Measure bits per dim of the pictures in the folder DIR: -log2 p(x) <= -log2 p(x|z) - log2 p(z).

    z are the codes that a file holds, and p(z) is the prior that packs them. The bound with a uniform prior is told,
    too. A dim is a colour of a pixel, and means are over all dims. A .npy file of uint8 [N, H, W, 3] counts as N
    pictures. DIR may also be a single file.

    If the folder has sounds and no pictures, the sounds are measured. Then a dim is a sample of a channel, at the
    sample rate of the model and rounded to 16 bits.
    """
    import vqcodec
    from vqcodec.evaluation.bpd import look_into
    from vqcodec.evaluation.report.bits import bits_table
    from vqcodec.evaluation.report.text import csv_text
    from vqcodec.system.files import atomic_write
    from vqcodec.system.folders import all_but

    files = look_into(place)
    with nullcontext() if target is None else atomic_write(target, force) as output:
        codec = vqcodec.load(model or files.default_model, device)
        chosen = codec.settings(quality)
        chosen = replace(chosen, lambda_=0.0) if nearest else chosen
        rows, unread = _measure(files.paths, lambda path, name: files.measure(path, name, codec, chosen, lossless))
        if not rows:
            raise vqcodec.InputError(f"{place}: none of {len(files.paths)} files could be read")
        if output is not None:
            output.write(csv_text(files.row, rows).encode())
    click.echo(bits_table(rows, files.figures + (files.lossless if lossless else ()), files.counted))
    count_left_out(place, all_but(place, files.paths), verbose)
    if unread:
        raise vqcodec.InputError(f"{unread} of {len(files.paths)} files could not be read; the others were measured")


def _measure(paths: Sequence[Path], measure: Callable[[Path, str], Sequence[Any]]) -> tuple[list[Any], int]:
    """The rows of all files, and how many files cannot be read, which standard error is told."""
    from bitstream.errors import InputError
    from vqcodec.evaluation.shared.folder import name_of

    rows: list[Any] = []
    unread = 0
    for path in paths:
        try:
            rows += measure(path, name_of(path))
        except (InputError, OSError) as error:
            report_error(explain(error))
            unread += 1
    return rows, unread

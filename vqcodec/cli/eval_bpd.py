"""`vqcodec eval bpd`: the likelihood of a picture or sound under a model, in bits per dim."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from vqcodec.cli import options
from vqcodec.cli.left_out import count_left_out
from vqcodec.cli.program import explain, report_error
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL

if TYPE_CHECKING:
    from vqcodec import Codec
    from vqcodec.evaluation.pictures.bits_per_dim import BitsPerDim
    from vqcodec.evaluation.sounds.bits_per_sample import BitsPerSample
    from vqcodec.model.quality import Setting

__all__ = ["bpd"]


@click.command(short_help="Bits per dim of pictures or sounds.")
@click.argument("place", metavar="DIR", type=click.Path(path_type=Path))
@options.quality
@options.model_of_kind
@options.device
@click.option("--nearest", is_flag=True, help="Take the nearest codewords, whatever their bits.")
@click.option("--lossless", is_flag=True, help="Add what PNG and lossless WebP take, or FLAC.")
@click.option("--csv", "target", metavar="FILE", type=click.Path(path_type=Path), help="Write all figures, a row each.")
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

    z are the codes that a file would hold, p(z) is the prior that packs them; beside it, the bound with a uniform
    prior. A dim is a colour of a pixel, and means are over all dims. A .npy file of uint8 [N, H, W, 3] counts as N
    pictures. DIR may be a single file, too.

    A folder without pictures is one of sounds. Then a dim is a sample of a channel, at the sample rate of the model and
    of 16 bits.
    """
    import vqcodec
    from vqcodec.evaluation.pictures import bits_per_dim
    from vqcodec.evaluation.report.text import csv_text
    from vqcodec.evaluation.sounds import bits_per_sample
    from vqcodec.system.files import atomic_write
    from vqcodec.system.folders import all_but

    sounds = bits_per_sample.find_sounds(place)
    files = sounds or bits_per_dim.find_files(place)
    row, module, counted = (
        (bits_per_sample.BitsPerSample, bits_per_sample, "sounds")
        if sounds
        else (bits_per_dim.BitsPerDim, bits_per_dim, "pictures")
    )
    with nullcontext() if target is None else atomic_write(target, force) as output:
        codec = vqcodec.load(model or (DEFAULT_AUDIO_MODEL if sounds else DEFAULT_MODEL), device)
        chosen = codec.settings(quality)
        chosen = replace(chosen, lambda_=0.0) if nearest else chosen
        rows, unread = _measure(files, (_of_sound if sounds else _of_pictures)(codec, chosen, lossless))
        if not rows:
            raise vqcodec.InputError(f"{place}: none of {len(files)} files could be read")
        if output is not None:
            output.write(csv_text(row, rows).encode())
    click.echo(bits_per_dim.table(rows, module.FIGURES | (module.LOSSLESS if lossless else {}), counted))
    count_left_out(place, all_but(place, files), verbose)
    if unread:
        raise vqcodec.InputError(f"{unread} of {len(files)} files could not be read; the figures are of the others")


def _measure(files: list[Path], measure: Callable[[str, Path], Sequence[Any]]) -> tuple[list[Any], int]:
    """The figures of all files; those that cannot be read are told on standard error, and counted."""
    from bitstream.errors import InputError

    rows: list[Any] = []
    unread = 0
    for path in files:
        try:
            rows += measure(os.fsencode(path.name).decode("utf-8", "replace"), path)
        except (InputError, OSError) as error:
            report_error(explain(error))
            unread += 1
    return rows, unread


def _of_pictures(codec: Codec, chosen: Setting, lossless: bool) -> Callable[[str, Path], list[BitsPerDim]]:
    """What measures the pictures of a file."""
    from tqdm import tqdm

    from vqcodec.codec.loading import for_pictures
    from vqcodec.evaluation.pictures.bits_per_dim import measure, read_pictures

    own = for_pictures(codec)

    def rows(name: str, path: Path) -> list[BitsPerDim]:
        progress = tqdm(read_pictures(path), desc=name, leave=False, disable=None)  # None: shown on a terminal only
        return [measure(own, name, number, pixels, chosen, lossless) for number, pixels in enumerate(progress)]

    return rows


def _of_sound(codec: Codec, chosen: Setting, lossless: bool) -> Callable[[str, Path], list[BitsPerSample]]:
    """What measures a sound."""
    from vqcodec.codec.loading import for_sound
    from vqcodec.evaluation.sounds.bits_per_sample import measure_sound
    from vqcodec.media.sounds.recordings import read_recording

    own = for_sound(codec)
    return lambda name, path: [measure_sound(own, name, read_recording(path), chosen, lossless)]

"""`vqcodec sample`: pictures or sounds drawn from the prior of a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from vqcodec.cli import options
from vqcodec.cli.program import about
from vqcodec.cli.progress import passes_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vqcodec import AudioCodec, ImageCodec, Indices

__all__ = ["sample"]

PICTURES, SOUNDS = 16, 1  # drawn when no number is asked for
SILENCE = 0.5  # seconds between sounds


@click.command(short_help="Draw pictures or sounds from a model.")
@click.argument("model", metavar="MODEL")
@click.argument("target", metavar="OUT")
@click.option(
    "-n",
    "--count",
    type=click.IntRange(1),
    show_default=f"{PICTURES} pictures, {SOUNDS} sound",
    help="How many pictures or sounds.",
)
@click.option(
    "--size",
    metavar="WxH",
    default="256x256",
    show_default=True,
    type=options.PictureSize(),
    help="Size of each picture, in pixels.",
)
@click.option(
    "--seconds",
    metavar="S",
    type=click.FloatRange(0, min_open=True),
    default=5.0,
    show_default=True,
    help="Length of each sound.",
)
@options.quality
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the random draws.")
@click.option(
    "--temperature",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Below 1, likely indices are drawn more often; at 0, only the likeliest.",
)
@options.device
@options.force
def sample(
    model: str,
    target: str,
    count: int | None,
    size: tuple[int, int],
    seconds: float,
    quality: float,
    seed: int,
    temperature: float,
    device: str,
    force: bool,
) -> None:
    """Draw from the prior of MODEL and write the picture or sound OUT; - is standard output.

    MODEL is a bundled model, or a model file. Pictures are placed side by side; sounds follow each other, with half a
    second of silence between. Each index is drawn given those before it, and all are decoded. The same seed draws the
    same indices on every machine.
    """
    import vqcodec
    from vqcodec.media.pictures import writing as formats
    from vqcodec.media.sounds import recordings as waveform
    from vqcodec.model.bundled import describe_model, find_model
    from vqcodec.system.files import write_output

    is_sound = describe_model(find_model(model)).modality == "audio"
    options.refuse(*(("size", "is for pictures") if is_sound else ("seconds", "is for sounds")))
    if options.lets_us_choose(target):
        suffix = ".wav" if is_sound else ".png"
    else:
        suffix = (waveform if is_sound else formats).written_format(target)
    # Opened before the model is loaded: what is wrong with the output is told at once.
    with write_output(target, force) as file:
        from vqcodec.codec.loading import for_pictures, for_sound

        codec = vqcodec.load(model, device)
        rate_point = codec.settings(quality).rate_point
        if is_sound:
            with passes_shown("drawing", seconds):
                drawn = for_sound(codec).sample(count or SOUNDS, seconds, seed, temperature, rate_point)
            with about(target):
                _write_sounds(for_sound(codec), drawn, file, suffix)
        else:
            width, height = size
            drawn = for_pictures(codec).sample(count or PICTURES, height, width, seed, temperature, rate_point)
            with about(target):
                _write_pictures(for_pictures(codec), drawn, file, suffix)


def _write_pictures(codec: ImageCodec, drawn: Sequence[Indices], file: BinaryIO, suffix: str) -> None:
    """Write one picture with all pictures side by side."""
    from vqcodec.media.pictures.contact_sheet import contact_sheet
    from vqcodec.media.pictures.writing import write_picture

    write_picture(contact_sheet([codec.decode(indices) for indices in drawn]), file, suffix)


def _write_sounds(codec: AudioCodec, drawn: Sequence[Indices], file: BinaryIO, suffix: str) -> None:
    """Write one sound with all sounds one after the other, and silence between."""
    import numpy as np

    from vqcodec.media.sounds.recordings import RecordingWriter

    parts = [codec.decode(indices)[0] for indices in drawn]
    silence = np.zeros((1, round(SILENCE * codec.sample_rate)), np.float32)
    joined = [part for each in parts for part in (each, silence)][:-1]
    with RecordingWriter(file, suffix, codec.sample_rate, 1, sum(part.shape[1] for part in joined)) as writer:
        for part in joined:
            writer.write(part)

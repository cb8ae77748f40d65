"""`vqcodec decompress`: a `.vq` file to a picture or a sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

import click

from vqcodec.cli import options
from vqcodec.cli.program import about
from vqcodec.cli.progress import blocks_shown, passes_shown

if TYPE_CHECKING:
    from bitstream import AudioSource, Limits
    from vqcodec import AudioCodec
    from vqcodec.indices import Source

__all__ = ["decompress"]


@click.command(short_help="Decompress a picture or a sound.")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "-m", "--model", metavar="NAME|PATH", help="The model that wrote IN.  [default: the bundled one that IN names]"
)
@click.option("--max-pixels", type=click.IntRange(1), metavar="N", help="Refuse a larger picture.")
@click.option(
    "--max-samples", type=click.IntRange(1), metavar="N", help="Refuse a longer sound: samples of all channels."
)
@options.device
@options.force
def decompress(
    source: str,
    target: str,
    model: str | None,
    max_pixels: int | None,
    max_samples: int | None,
    device: str,
    force: bool,
) -> None:
    """Decompress the .vq file IN to the picture or sound OUT; - is standard input or output.

    The suffix of OUT chooses the format: for a picture .png, .jpg, .webp, .tif, .bmp or .ppm, for a sound .wav, .flac,
    .ogg or .aiff. Standard output gets PNG or WAV.
    """
    from bitstream import AudioSource, unpack
    from vqcodec.codec import limits
    from vqcodec.files import read_input, write_output

    data, allowed = read_input(source), limits(max_pixels, max_samples)
    with about(source):
        found = unpack(data, allowed).source
        suffix = _suffix(target, found)
    # Opened before the model is loaded: what is wrong with the output is told at once.
    with write_output(target, force) as file:
        from vqcodec.image.pixels import write_picture
        from vqcodec.loading import for_pictures, for_sound, load_for
        from vqcodec.model import find_model

        models = [find_model(model)] if model else []
        with about(source):
            codec = load_for(data, device, models, allowed)
        if isinstance(found, AudioSource):
            with about(source):
                sound = for_sound(codec)
            _write_sound(sound, data, allowed, found, file, suffix, (source, target))
            return
        with about(source):
            image = for_pictures(codec).decompress(data, max_pixels)
        with about(target):
            write_picture(image, file, suffix)


def _suffix(target: str, found: Source) -> str:
    """The format to write; InputError if what is found is not written as `target`."""
    from bitstream import AudioSource
    from vqcodec.audio import waveform
    from vqcodec.files import STANDARD_STREAM
    from vqcodec.image import pixels

    if isinstance(found, AudioSource):
        return ".wav" if target == STANDARD_STREAM else waveform.written_format(target)
    return ".png" if target == STANDARD_STREAM else pixels.written_format(target)


def _write_sound(
    codec: AudioCodec,
    data: bytes,
    allowed: Limits,
    found: AudioSource,
    file: BinaryIO,
    suffix: str,
    names: tuple[str, str],
) -> None:
    """Write the sound of a `.vq` file block by block; `names` are those of its source and its target."""
    from vqcodec.audio.waveform import RecordingWriter

    source, target = names
    with about(target):  # is told whether the format can hold it, before the work
        writer = RecordingWriter(file, suffix, found.sample_rate, found.channels, found.samples)
    with writer:
        with about(source), passes_shown("decoding", found.samples / found.sample_rate):
            indices = codec.read(data, allowed)
        with about(target):
            for block in blocks_shown(codec.decode_blocks(indices), "writing", found.samples, found.sample_rate):
                writer.write(block)

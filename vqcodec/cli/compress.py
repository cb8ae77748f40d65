"""`vqcodec compress`: a picture or a sound to a `.vq` file."""

from __future__ import annotations

import click

from vqcodec.cli import options
from vqcodec.cli.original import Original, open_original
from vqcodec.cli.program import note
from vqcodec.cli.progress import blocks_shown, passes_shown
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL

__all__ = ["compress"]


@click.command(short_help="Compress a picture or a sound.")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@options.quality
@click.option(
    "--kbps",
    type=click.FloatRange(0, min_open=True),
    metavar="R",
    help="Of a sound: kbit a second that the file takes at most, instead of a quality.",
)
@options.model_of_kind
@options.device
@options.force
def compress(
    source: str, target: str, quality: float, kbps: float | None, model: str | None, device: str, force: bool
) -> None:
    """Compress the picture or sound IN to the .vq file OUT; - is standard input or output.

    What IN is, its first bytes tell. A picture is anything that Pillow reads. It becomes RGB of 8 bits a channel:
    transparency is laid over white, of an animation the first frame is kept. A sound is anything that libsndfile reads:
    WAV, FLAC, Ogg, Opus, MP3, AIFF, ... Its length, sample rate and channels come back. What is lost is noted.
    """
    if kbps is not None:
        options.refuse("quality", "and --kbps exclude each other")
    original = open_original(source)
    if original.is_sound:
        _compress_sound(original, target, quality, kbps, model or DEFAULT_AUDIO_MODEL, device, force)
    else:
        options.refuse("kbps", "is for sound")
        _compress_picture(original, target, quality, model or DEFAULT_MODEL, device, force)


def _compress_picture(original: Original, target: str, quality: float, model: str, device: str, force: bool) -> None:
    import vqcodec
    from vqcodec.files import write_output
    from vqcodec.image.pixels import read_picture

    with original.naming():
        picture = read_picture(original.content)
    for text in picture.notes:
        note(f"{original.name}: {text}")
    # Opened before the model is loaded: what is wrong with the output is told at once.
    with write_output(target, force) as file:
        from vqcodec.loading import for_pictures

        file.write(for_pictures(vqcodec.load(model, device)).compress(picture.image, quality))


def _compress_sound(
    original: Original, target: str, quality: float, kbps: float | None, model: str, device: str, force: bool
) -> None:
    import vqcodec
    from vqcodec.audio.resampling import note_of_bandwidth
    from vqcodec.audio.waveform import RecordingReader
    from vqcodec.files import write_output

    with original.naming():
        reader = RecordingReader(original.content)
    with reader, write_output(target, force) as file:  # as above
        from vqcodec.loading import for_sound

        codec = for_sound(vqcodec.load(model, device))
        lost = note_of_bandwidth(reader.rate, codec.sample_rate)
        if lost is not None:
            note(f"{original.name}: {lost}")
        blocks = blocks_shown(reader.blocks(), "analysing", reader.samples, reader.rate)
        with original.naming(), passes_shown("coding", reader.samples / reader.rate):
            file.write(codec.compress_blocks(blocks, reader.rate, quality, kbps))
    for text in reader.notes:
        note(f"{original.name}: {text}")

"""`vqcodec compress`: pictures and sounds to `.vq` files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from vqcodec.cli import options
from vqcodec.cli.left_out import name_left_out
from vqcodec.cli.original import Original, open_original
from vqcodec.cli.program import note
from vqcodec.cli.progress import blocks_shown, passes_shown, steps_shown
from vqcodec.codec.cache import CodecCache
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL, Effort

__all__ = ["compress"]


@dataclass(frozen=True)
class Settings:
    """The options of the command that say how files are compressed."""

    quality: float
    max_bytes: int | None
    bpp: float | None
    kbps: float | None
    picture_model: str
    sound_model: str
    device: str
    force: bool
    keep_metadata: bool
    effort: Effort

    def budget(self, pixels: int) -> float | None:
        """The most bytes that the file of a picture may have, if there is a limit."""
        return self.max_bytes if self.bpp is None else self.bpp * pixels / 8


@click.command(short_help="Compress pictures and sounds.")
@options.many
@options.quality
@click.option(
    "--max-bytes",
    type=click.IntRange(1),
    metavar="N",
    help="The most bytes that the file may have, instead of a quality.",
)
@click.option(
    "--bpp",
    type=click.FloatRange(0, min_open=True),
    metavar="R",
    help="Of a picture: the most bits a pixel that the file may have, instead of a quality.",
)
@click.option(
    "--kbps",
    type=click.FloatRange(0, min_open=True),
    metavar="R",
    help="Of a sound: the most kbit a second that the file may have, instead of a quality.",
)
@options.effort
@options.keep_metadata
@options.model_of_kind
@options.device
@options.force
def compress(
    paths: tuple[str, ...],
    out_dir: Path | None,
    recursive: bool,
    jobs: int,
    verbose: bool,
    quality: float,
    max_bytes: int | None,
    bpp: float | None,
    kbps: float | None,
    effort: Effort,
    keep_metadata: bool,
    model: str | None,
    device: str,
    force: bool,
) -> None:
    """Compress the picture or sound IN to the .vq file OUT; - is standard input or output.

    The first bytes of IN say what it is. A picture is anything that Pillow reads. Its mode comes back, with
    transparency. Only the first frame of an animation is kept, and 8 of 16 bits a channel. A sound is anything that
    libsndfile reads: WAV, FLAC, Ogg, Opus, MP3, AIFF, ... Its length, sample rate and channels come back. A note says
    what is lost.

    With --out-dir, compress every FILE to DIR; if it is a folder, the pictures and sounds in it. photo.png becomes
    photo.vq, or photo.png.vq if there is a photo.jpg, too. A file that fails does not stop the others; it is named at
    the end, and the exit code is 1. Then --model is used for files of its modality, --bpp for pictures, and --kbps for
    sounds.
    """
    options.at_most_one("quality", "max_bytes", "bpp", "kbps")
    if out_dir is None:
        original_name, target = options.in_and_out(paths)
        original = open_original(original_name)
        for name in ("keep_metadata", "effort", "bpp") if original.is_sound else ("kbps",):
            options.refuse(name, "is for pictures" if original.is_sound else "is for sound")
        models = (model or DEFAULT_MODEL, model or DEFAULT_AUDIO_MODEL)
        settings = Settings(quality, max_bytes, bpp, kbps, *models, device, force, keep_metadata, effort)
        Compressor(settings).compress(original, target)
        return
    from vqcodec.cli import many
    from vqcodec.cli.plan import plan

    files = options.named_files(paths)
    settings = Settings(quality, max_bytes, bpp, kbps, *_models(model), device, force, keep_metadata, effort)
    work = Compressor(settings)
    tasks = plan(files, out_dir, recursive, _is_wanted, lambda _: ".vq")
    name_left_out(tasks.left_out, verbose)
    many.run(work, tasks, jobs, "compressing", force)


class Compressor:
    """Compresses files, with models that stay loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codecs = CodecCache(settings.device)

    def __call__(self, source: str, target: str) -> None:
        """Compress the file `source` to `target`."""
        self.compress(open_original(source), target)

    def compress(self, original: Original, target: str) -> None:
        """Compress a picture or a sound to `target`."""
        from vqcodec.system.files import refuse_own_source

        refuse_own_source(original.name, target)
        (self._compress_sound if original.is_sound else self._compress_picture)(original, target)

    def _compress_picture(self, original: Original, target: str) -> None:
        from vqcodec.media.pictures.reading import read_picture
        from vqcodec.system.files import write_output

        settings = self._settings
        with original.naming():
            picture = read_picture(original.content, settings.keep_metadata)
        for text in picture.notes:
            note(f"{original.name}: {text}")
        # Opened before the model is loaded: what is wrong with the output is told at once.
        with write_output(target, settings.force) as file:
            from vqcodec.codec.loading import for_pictures

            codec = for_pictures(self._codecs.named(settings.picture_model))
            budget = settings.budget(picture.image.width * picture.image.height)
            pictures = [picture]
            del picture  # so that its memory is free as soon as the codec has its pixels
            with steps_shown("refining"):
                file.write(codec.compress(pictures.pop(), settings.quality, budget, effort=settings.effort))

    def _compress_sound(self, original: Original, target: str) -> None:
        from vqcodec.media.sounds.recordings import RecordingReader
        from vqcodec.media.sounds.resampling import note_of_bandwidth
        from vqcodec.system.files import write_output

        settings = self._settings
        with original.naming():
            reader = RecordingReader(original.content)
        with reader, write_output(target, settings.force) as file:  # as above
            from vqcodec.codec.loading import for_sound

            codec = for_sound(self._codecs.named(settings.sound_model))
            lost = note_of_bandwidth(reader.sample_rate, codec.sample_rate)
            if lost is not None:
                note(f"{original.name}: {lost}")
            blocks = blocks_shown(reader.blocks(), "analysing", reader.samples, reader.sample_rate)
            with original.naming(), passes_shown("coding", reader.samples / reader.sample_rate):
                rates = settings.quality, settings.kbps, settings.max_bytes
                file.write(codec.compress_blocks(blocks, reader.sample_rate, *rates))
        for text in reader.notes:
            note(f"{original.name}: {text}")


def _models(model: str | None) -> tuple[str, str]:
    """The models for pictures and for sounds, one of which may be given; ModelError if that does not exist."""
    from vqcodec.model.bundled import describe_model, find_model

    if model is None:
        return DEFAULT_MODEL, DEFAULT_AUDIO_MODEL
    if describe_model(find_model(model)).modality == "image":
        return model, DEFAULT_AUDIO_MODEL
    return DEFAULT_MODEL, model


def _is_wanted(name: str) -> bool:
    """Whether a file of this name is a picture or a sound."""
    from vqcodec.media.pictures.reading import is_picture_name
    from vqcodec.media.sounds.recordings import is_sound_name

    return is_picture_name(name) or is_sound_name(name)

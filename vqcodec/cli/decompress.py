"""`vqcodec decompress`: `.vq` files to pictures and sounds."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from vqcodec.cli import options
from vqcodec.cli.left_out import name_left_out
from vqcodec.cli.program import about, note
from vqcodec.cli.progress import blocks_shown, passes_shown
from vqcodec.codec.cache import CodecCache

if TYPE_CHECKING:
    from bitstream import AudioSource, Container, Limits
    from vqcodec import AudioCodec
    from vqcodec.codec.indices import Source

__all__ = ["check_suffix", "decompress"]

HEAD = 16  # bytes that say what a file holds


class Region(click.ParamType[tuple[int, int, int, int]]):
    """Four whole numbers."""

    name = "region"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int, int, int]:
        """`X,Y,W,H` as a tuple."""
        parts = str(value).split(",")
        if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
            self.fail(f"{value!r} is not X,Y,W,H, four whole numbers", param, ctx)
        left, top, width, height = map(int, parts)
        return left, top, width, height


@dataclass(frozen=True)
class Settings:
    """The options of the command that say how files are decompressed."""

    model: str | None
    max_pixels: int | None
    max_samples: int | None
    max_seconds: float | None
    region: tuple[int, int, int, int] | None
    max_size: int | None
    allow_truncated: bool
    device: str
    force: bool


@click.command(short_help="Decompress pictures and sounds.")
@options.many
@click.option(
    "--suffix",
    metavar=".SUFFIX",
    help="With --out-dir: the format of pictures or of sounds.  [default: .png and .wav]",
)
@click.option(
    "-m", "--model", metavar="NAME|PATH", help="The model that wrote IN.  [default: the bundled one that IN names]"
)
@click.option("--max-pixels", type=click.IntRange(1), metavar="N", help="Refuse a larger picture.")
@click.option(
    "--max-samples", type=click.IntRange(1), metavar="N", help="Refuse a longer sound: samples of all channels."
)
@click.option(
    "--max-seconds", type=click.FloatRange(0, min_open=True), metavar="S", help="Refuse a sound that lasts longer."
)
@click.option(
    "--region",
    type=Region(),
    metavar="X,Y,W,H",
    help="Only this part of a picture: left, top, width, height in pixels.",
)
@click.option(
    "--max-size",
    type=click.IntRange(1),
    metavar="N",
    help="A small version of a picture, at most N pixels a side, fast.",
)
@options.allow_truncated
@options.device
@options.force
def decompress(
    paths: tuple[str, ...],
    out_dir: Path | None,
    recursive: bool,
    jobs: int,
    verbose: bool,
    suffix: str | None,
    model: str | None,
    max_pixels: int | None,
    max_samples: int | None,
    max_seconds: float | None,
    region: tuple[int, int, int, int] | None,
    max_size: int | None,
    allow_truncated: bool,
    device: str,
    force: bool,
) -> None:
    """Decompress the .vq file IN to the picture or sound OUT; - is standard input or output.

    The suffix of OUT chooses the format. Pictures are written in any format of Pillow, such as .png, .jpg, .webp, .avif
    or .tif, and sounds as .wav, .flac, .ogg or .aiff. Standard output gets PNG or WAV. A note says what a format does
    not keep.

    With --out-dir, decompress every FILE to DIR; if it is a folder, the .vq files in it. A file that fails does not
    stop the others; it is named at the end, and the exit code is 1.
    """
    options.at_most_one("region", "max_size")
    work = Decompressor(
        Settings(model, max_pixels, max_samples, max_seconds, region, max_size, allow_truncated, device, force)
    )
    if out_dir is None:
        options.refuse("suffix", "goes with --out-dir")
        work(*options.in_and_out(paths))
        return
    from vqcodec.cli import many
    from vqcodec.cli.plan import plan
    from vqcodec.model.bundled import find_model

    suffixes = _suffixes(suffix)
    if model is not None:
        find_model(model)  # is told once, not for every file
    tasks = plan(options.named_files(paths), out_dir, recursive, _is_wanted, suffixes.of)
    name_left_out(tasks.left_out, verbose)
    many.run(work, tasks, jobs, "decompressing", force)


class Decompressor:
    """Decompresses files, with models that stay loaded."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._codecs = CodecCache(settings.device)

    def __call__(self, source: str, target: str) -> None:
        """Decompress the file `source` to `target`."""
        from bitstream import AudioSource, unpack
        from vqcodec.system.arguments import limits
        from vqcodec.system.files import is_vq, read_input, refuse_own_source, write_output

        refuse_own_source(source, target)
        settings = self._settings
        data = read_input(source, is_vq)
        allowed = limits(settings.max_pixels, settings.max_samples, settings.max_seconds)
        with about(source):
            container = unpack(data, allowed, settings.allow_truncated)
            suffix = _suffix(target, container.source)
        # Opened before the model is loaded: what is wrong with the output is told at once.
        with write_output(target, settings.force) as file:
            from vqcodec.codec.loading import for_pictures, for_sound
            from vqcodec.media.pictures.writing import write_picture
            from vqcodec.model.bundled import find_model

            models = [find_model(settings.model)] if settings.model else []
            with about(source):
                codec = self._codecs.for_file(container, models)
            if isinstance(container.source, AudioSource):
                with about(source):
                    sound = for_sound(codec)
                    _refuse_parts(settings)
                names = source, target
                _write_sound(sound, container, allowed, settings.allow_truncated, container.source, file, suffix, names)
                return
            with about(source):
                image = for_pictures(codec).decompress(
                    container,
                    settings.max_pixels,
                    settings.allow_truncated,
                    region=settings.region,
                    max_size=settings.max_size,
                )
            with about(target):
                notes = write_picture(image, file, suffix)
            for text in notes:
                note(f"{target}: {text}")


def _refuse_parts(settings: Settings) -> None:
    """InputError if a part of a picture is asked for, of a sound."""
    from bitstream import InputError

    if settings.region is not None or settings.max_size is not None:
        raise InputError("--region and --max-size are for pictures, and this is a sound")


def _suffix(target: str, found: Source) -> str:
    """The format to write; InputError if what is found is not written as `target`."""
    from bitstream import AudioSource
    from vqcodec.media.pictures import writing as formats

    if isinstance(found, AudioSource):
        from vqcodec.media.sounds import recordings as waveform

        return ".wav" if options.lets_us_choose(target) else waveform.written_format(target)
    return ".png" if options.lets_us_choose(target) else formats.written_format(target)


def _write_sound(
    codec: AudioCodec,
    container: Container,
    allowed: Limits,
    allow_truncated: bool,
    found: AudioSource,
    file: BinaryIO,
    suffix: str,
    names: tuple[str, str],
) -> None:
    """Write the sound of a `.vq` file block by block; `names` are those of its source and its target."""
    from vqcodec.media.sounds.recordings import RecordingWriter

    source, target = names
    with about(target):  # is told whether the format can hold it, before the work
        writer = RecordingWriter(file, suffix, found.sample_rate, found.channels, found.samples)
    with writer:
        with about(source), passes_shown("decoding", found.samples / found.sample_rate):
            indices = codec.read(container, allowed, allow_truncated)
        with about(target):
            for block in blocks_shown(codec.decode_blocks(indices), "writing", found.samples, found.sample_rate):
                writer.write(block)


@dataclass(frozen=True)
class Suffixes:
    """The formats of many files."""

    picture: str = ".png"
    sound: str = ".wav"

    def of(self, source: Path) -> str:
        """What is to become of a `.vq` file; of one that cannot be read anything, as that fails anyway."""
        from bitstream import BitstreamError
        from bitstream.header import is_audio

        with suppress(OSError, BitstreamError):
            if source.is_file():  # a pipe could not be read again
                with source.open("rb") as file:
                    head = file.read(HEAD)
                if is_audio(head):
                    return self.sound
        return self.picture


def check_suffix(asked: str | None) -> str | None:
    """The suffix that was asked for, with its dot; click.UsageError if it is that of nothing."""
    _suffixes(asked)
    return None if asked is None else f".{asked.lstrip('.').lower()}"


def _suffixes(asked: str | None) -> Suffixes:
    """With the suffix that was asked for; click.UsageError if it is that of nothing."""
    from bitstream import InputError
    from vqcodec.media.pictures import writing as formats
    from vqcodec.media.sounds import recordings as waveform

    if asked is None:
        return Suffixes()
    name = f"a.{asked.lstrip('.')}"
    with suppress(InputError):
        return Suffixes(picture=formats.written_format(name))
    with suppress(InputError):
        return Suffixes(sound=waveform.written_format(name))
    raise click.UsageError(f"--suffix {asked}: nothing is written in that format", click.get_current_context())


def _is_wanted(name: str) -> bool:
    return name.lower().endswith(".vq")

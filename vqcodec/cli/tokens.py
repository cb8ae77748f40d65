"""`vqcodec tokens`: the indices of a folder of pictures or sounds, for work on tokens."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click

from vqcodec.cli import options
from vqcodec.cli.left_out import count_left_out
from vqcodec.cli.program import explain, note, report_error
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vqcodec import Codec, Indices
    from vqcodec.codec.indices import Source
    from vqcodec.model.quality import Setting

__all__ = ["tokens"]

META = "meta"  # never the name of a picture or a sound, as those have suffixes


@click.command(short_help="Write the indices of a folder of pictures or sounds.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT.npz")
@options.quality
@options.model_of_kind
@options.device
@options.force
@options.verbose
def tokens(
    folder: Path, target: str, quality: float, model: str | None, device: str, force: bool, verbose: bool
) -> None:
    """Write the indices of every picture, or every sound, below the folder DIR to the NumPy archive OUT.npz.

    The model decides between pictures and sounds. Without --model, they are pictures, if there are any. The archive has
    an int32 array [planes, rows, columns] for each picture, or [planes, rows, frames] for each sound, which is named by
    its relative path. The string array "meta" holds JSON: the model, the settings, and the size of every picture in
    pixels, or the samples, sample rate and channels of every sound, and how these are coded in rows (see
    docs/FORMAT.md). Hidden files are left out.
    """
    import vqcodec
    from vqcodec.media.pictures.reading import is_picture_name
    from vqcodec.media.sounds.recordings import is_sound_name
    from vqcodec.system.files import write_output
    from vqcodec.system.folders import contents_of

    found = contents_of(folder, lambda name: is_sound_name(name) or is_picture_name(name), recursive=True)
    sounds, pictures = (
        [path for path in found.meant if named(path.name)] for named in (is_sound_name, is_picture_name)
    )
    model = model or (DEFAULT_AUDIO_MODEL if sounds and not pictures else DEFAULT_MODEL)
    with write_output(target, force) as file, ZipFile(file, "w") as archive:
        codec = vqcodec.load(model, device)
        kind, paths = ("sounds", sounds) if codec.model.config.modality == "audio" else ("pictures", pictures)
        names = sorted(path.relative_to(folder).as_posix() for path in paths)
        written = _write_all(archive, codec, folder, kind, names, codec.settings(quality))
        if not written:
            raise vqcodec.InputError(f"{folder}: none of {len(names)} {kind} could be read, nothing is written")
        _write_meta(archive, codec, quality, kind, written)
    count_left_out(folder, sorted({*found.meant, *found.left_out} - {*paths}), verbose)
    if len(written) < len(names):
        unread = len(names) - len(written)
        raise vqcodec.InputError(f"{unread} of {len(names)} {kind} could not be read; {target} has the others")


def _write_all(
    archive: ZipFile, codec: Codec, folder: Path, kind: str, names: list[str], chosen: Setting
) -> dict[str, Source]:
    """Add an array for each file that can be read, and return their sources; report other files on standard error."""
    from tqdm import tqdm

    from bitstream.errors import InputError

    sources = {}
    for name in tqdm(names, desc=kind, unit="", disable=None):  # None: shown on a terminal only
        try:
            _check_name(folder, name)
            indices, notes = _encode(codec, folder / name, chosen)
        except (InputError, OSError) as error:
            with tqdm.external_write_mode(file=sys.stderr):
                report_error(explain(error))
            continue
        with tqdm.external_write_mode(file=sys.stderr):
            for text in notes:
                note(f"{folder / name}: {text}")
        _add(archive, name, indices.values)
        sources[name] = indices.source
    return sources


def _check_name(folder: Path, name: str) -> None:
    from bitstream.errors import InputError

    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{folder / name}: the file name is not UTF-8, an archive cannot hold it") from None


def _encode(codec: Codec, path: Path, chosen: Setting) -> tuple[Indices, tuple[str, ...]]:
    """The indices of the `.vq` file of a picture or sound, and notes on the file."""
    from vqcodec.codec.image import ImageCodec
    from vqcodec.codec.loading import for_sound
    from vqcodec.media.pictures.reading import read_picture
    from vqcodec.media.sounds.recordings import RecordingReader

    if isinstance(codec, ImageCodec):
        picture = read_picture(path)
        return codec.encode(picture, chosen.lambda_, chosen.rate_point), picture.notes
    audio = for_sound(codec)
    with RecordingReader(path) as reader:
        latents, source = audio.analyse(reader.blocks(), reader.sample_rate)
    return audio.indices(audio.choose(latents, chosen), chosen.rate_point, source), reader.notes


def _write_meta(archive: ZipFile, codec: Codec, quality: float, kind: str, sources: dict[str, Source]) -> None:
    """Add the meaning of the arrays: enough to look up their codewords and to decode them."""
    import numpy as np

    chosen = codec.settings(quality)
    meta = {
        "fingerprint": codec.model.fingerprint.hex(),
        "quality": quality,
        "rate_point": chosen.rate_point,
        "lambda": chosen.lambda_,
        "alphabets": [len(codewords) for codewords in codec.codebooks(chosen.rate_point)],
        kind: {name: _size(source) for name, source in sources.items()},
    }
    _add(archive, META, np.array(json.dumps(meta)))


def _size(source: Source) -> dict[str, Any]:
    from dataclasses import asdict

    from bitstream import ImageSource

    if isinstance(source, ImageSource):
        return {"width": source.width, "height": source.height}
    return asdict(source)


def _add(archive: ZipFile, name: str, values: NDArray[Any]) -> None:
    """Add an array as `numpy.savez` does, but without waiting for the others; the date is always the same."""
    from numpy.lib.format import write_array

    member = ZipInfo(f"{name}.npy")
    member.compress_type = ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as file:
        write_array(file, values, allow_pickle=False)

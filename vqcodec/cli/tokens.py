"""`vqcodec tokens`: a folder of pictures to their indices, for work on the tokens themselves."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import click

from vqcodec.cli import options
from vqcodec.cli.program import explain, note, report_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vqcodec import Codec, Indices
    from vqcodec.quality import Setting

__all__ = ["tokens"]

META = "meta"  # never the name of a picture, as those have suffixes


@click.command(short_help="Write the indices of a folder of pictures.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("target", metavar="OUT.npz")
@options.quality
@options.model
@options.device
@options.force
def tokens(folder: Path, target: str, quality: float, model: str, device: str, force: bool) -> None:
    """Write the indices of every picture below the folder DIR to the NumPy archive OUT.npz.

    An array int32 [planes, rows, columns] for each picture has its relative path as its name. The string array "meta"
    holds JSON: the model, the settings, and the pictures' sizes in pixels. Hidden files are left out.
    """
    import vqcodec
    from vqcodec.files import write_output

    names = _picture_names(folder)
    with write_output(target, force) as file, ZipFile(file, "w") as archive:
        codec = vqcodec.load(model, device)
        written = _write_pictures(archive, codec, folder, names, codec.settings(quality))
        if not written:
            raise vqcodec.InputError(f"{folder}: none of {len(names)} pictures could be read, nothing is written")
        _write_meta(archive, codec, quality, written)
    if len(written) < len(names):
        unread = len(names) - len(written)
        raise vqcodec.InputError(f"{unread} of {len(names)} pictures could not be read; {target} has the others")


def _picture_names(folder: Path) -> list[str]:
    """The paths of all pictures, relative to the folder; OSError if it or a folder in it cannot be read."""
    from vqcodec.image.pixels import is_picture_name

    def refuse(error: OSError) -> None:
        raise error

    names: list[str] = []
    for where, folders, files in os.walk(folder, onerror=refuse):
        folders[:] = [name for name in folders if not name.startswith(".")]
        pictures = [name for name in files if not name.startswith(".") and is_picture_name(name)]
        names += [Path(where, name).relative_to(folder).as_posix() for name in pictures]
    return sorted(names)


def _write_pictures(
    archive: ZipFile, codec: Codec, folder: Path, names: list[str], chosen: Setting
) -> dict[str, dict[str, int]]:
    """Add an array for each picture that can be read and return their sizes; tell the others on standard error."""
    from tqdm import tqdm

    from bitstream.errors import InputError

    sizes = {}
    for name in tqdm(names, desc="pictures", unit="", disable=None):  # None: shown on a terminal only
        try:
            indices = _indices(codec, folder, name, chosen)
        except (InputError, OSError) as error:
            with tqdm.external_write_mode(file=sys.stderr):
                report_error(explain(error))
            continue
        _add(archive, name, indices.values)
        sizes[name] = {"width": indices.width, "height": indices.height}
    return sizes


def _indices(codec: Codec, folder: Path, name: str, chosen: Setting) -> Indices:
    from bitstream.errors import InputError
    from vqcodec.image.pixels import read_picture

    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(f"{folder / name}: the file name is not UTF-8, an archive cannot hold it") from None
    picture = read_picture(folder / name)
    for text in picture.notes:
        note(f"{folder / name}: {text}")
    return codec.encode(picture.image, chosen.lambda_, chosen.rate_point)


def _write_meta(archive: ZipFile, codec: Codec, quality: float, sizes: dict[str, dict[str, int]]) -> None:
    """Add what the arrays mean: enough to look up their codewords and to decode them."""
    import numpy as np

    chosen = codec.settings(quality)
    meta = {
        "fingerprint": codec.model.fingerprint.hex(),
        "quality": quality,
        "rate_point": chosen.rate_point,
        "lambda": chosen.lambda_,
        "alphabets": [len(codewords) for codewords in codec.codebooks(chosen.rate_point)],
        "pictures": sizes,
    }
    _add(archive, META, np.array(json.dumps(meta)))


def _add(archive: ZipFile, name: str, values: NDArray[Any]) -> None:
    """Add an array as `numpy.savez` does, but at once, not after all pictures; ZipInfo's date is always the same."""
    from numpy.lib.format import write_array

    member = ZipInfo(f"{name}.npy")
    member.compress_type = ZIP_DEFLATED
    with archive.open(member, "w", force_zip64=True) as file:
        write_array(file, values, allow_pickle=False)

"""What a source holds, in parts: files, WebDataset shards, or Parquet tables; and their items, one after the other."""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any

from bitstream.errors import InputError
from vqcodec.bulk.coding import failure
from vqcodec.bulk.items import Item, Kind, Part, digest_of
from vqcodec.bulk.names import is_hidden
from vqcodec.bulk.settings import Work
from vqcodec.bulk.storage import Place
from vqcodec.system.files import MOST_BYTES
from vqcodec.system.many import in_threads

__all__ = ["Source", "items_of", "list_source", "split"]

SUFFIXES: dict[str, Kind] = {".tar": "shard", ".parquet": "table"}
READERS = 2  # threads that fetch the next files while one is coded
ROWS = 16  # of a table that are read at once


@dataclass(frozen=True)
class Source:
    """What a source holds.

    Attributes:
        place: the folder.
        kind: what is in it.
        sizes: the names of these below the folder, sorted, with their bytes.
        left_out: how many other files there are.
    """

    place: Place
    kind: Kind
    sizes: dict[str, int]
    left_out: int


def list_source(url: str, work: Work) -> Source:
    """List a source: a folder with all below it, a glob, or a single file.

    Shards and tables are taken where there are no files of the kind that is worked on.

    Raises:
        InputError: there is nothing to do.
        OSError: it cannot be listed.
    """
    place, found = _found(url)
    visible = {name: size for name, size in found.items() if not is_hidden(name)}
    wanted = is_vq_name if work == "decompress" else is_original_name
    files = {name: size for name, size in visible.items() if wanted(name)}
    for suffix, kind in SUFFIXES.items():
        if not files:
            files = {name: size for name, size in visible.items() if name.endswith(suffix)}
            if files:
                return Source(place, kind, files, len(visible) - len(files))
    if not files:
        raise InputError(f"{url}: there is nothing to {'make tokens of' if work == 'tokens' else work}")
    return Source(place, "files", files, len(visible) - len(files))


def _found(url: str) -> tuple[Place, dict[str, int]]:
    """The folder that a URL means, and the files below it."""
    folder = url
    while any(sign in folder for sign in "*?["):
        folder = folder.rpartition("/")[0] or "."
    place = Place(folder)
    if folder != url:
        wanted = Place(url)
        found = wanted.files.glob(wanted.root, detail=True)
        start = len(place.root) + 1
        files = {path[start:]: info for path, info in found.items() if info["type"] == "file"}
        return place, dict(sorted((name, int(info.get("size") or 0)) for name, info in files.items()))
    if place.files.isfile(place.root):
        above, _, name = url.rpartition("/")
        size = int(place.files.info(place.root).get("size") or 0)
        return Place(above or "."), {name: size}
    if not place.files.exists(place.root):
        raise InputError(f"{url}: there is no such file or folder")
    return place, place.sizes()


def is_vq_name(name: str) -> bool:
    """Whether this is the name of a `.vq` file."""
    return name.lower().endswith(".vq")


def is_original_name(name: str) -> bool:
    """Whether this is the name of a picture or a sound."""
    from vqcodec.media.pictures.reading import is_picture_name
    from vqcodec.media.sounds.recordings import is_sound_name

    return is_picture_name(name) or is_sound_name(name)


def split(source: Source, size: int, settings: str) -> list[Part]:
    """The parts of a source: every shard and every table, or so many files each.

    Args:
        source: what is there.
        size: files of a part.
        settings: the digest of what is done.
    """
    each = size if source.kind == "files" else 1
    names, sizes = tuple(source.sizes), tuple(source.sizes.values())
    parts = []
    for number, at in enumerate(range(0, len(names), each)):
        its = names[at : at + each], sizes[at : at + each]
        parts.append(Part(number, source.kind, *its, digest_of(source.kind, *its, settings)))
    return parts


# In a worker ---------------------------------------------------------------------------------------------------------


def items_of(
    part: Part, place: Place, work: Work, column: str | None, is_done: Callable[[str], bool]
) -> Iterator[Item | str]:
    """The items of a part; of those that `is_done` says need no reading, the names.

    What cannot be read is an item with an error.
    """
    if part.kind == "files":
        fetch = partial(_fetch, place, is_done)
        yield from in_threads(fetch, zip(part.names, part.sizes, strict=True), READERS)
        return
    name, stem = part.names[0], str(PurePosixPath(part.names[0]).with_suffix(""))
    try:
        with place.open(name) as file:
            found = _samples(file, work) if part.kind == "shard" else _rows(file, column, work)
            for item in found:
                full = f"{stem}/{item.name}"
                yield full if is_done(full) else Item(full, item.data, item.error, item.others)
    except Exception as error:  # of any file system, of tarfile, of pyarrow
        yield Item(name, error=f"it cannot be read further: {failure(error)}")


def _fetch(place: Place, is_done: Callable[[str], bool], named: tuple[str, int]) -> Item | str:
    name, size = named
    if is_done(name):
        return name
    if size > MOST_BYTES:
        return Item(name, error=f"it has more than {MOST_BYTES} bytes")
    try:
        return Item(name, place.read(name))
    except Exception as error:  # of any file system
        return Item(name, error=f"it cannot be read: {failure(error)}")


def _samples(file: Any, work: Work) -> Iterator[Item]:
    """The samples of a shard: files that follow each other and have the same name up to the first dot."""
    key, members = "", dict[str, bytes]()
    with tarfile.open(fileobj=file, mode="r|") as archive:
        for member in archive:
            if not member.isfile():
                continue
            folder, slash, base = member.name.rpartition("/")
            stem, _, suffix = base.partition(".")
            if f"{folder}{slash}{stem}" != key:
                yield from _sample(key, members, work)
                key, members = f"{folder}{slash}{stem}", {}
            opened = archive.extractfile(member)
            members[suffix] = opened.read(MOST_BYTES) if opened else b""
    yield from _sample(key, members, work)


def _sample(key: str, members: dict[str, bytes], work: Work) -> Iterator[Item]:
    """The items of a sample: as a rule one, with the rest beside it."""
    wanted = is_vq_name if work == "decompress" else is_original_name
    coded = [suffix for suffix in members if wanted(f"a.{suffix}")]
    others = {suffix: data for suffix, data in members.items() if suffix not in coded}
    for suffix in coded:
        yield Item(f"{key}.{suffix}", members[suffix], "", others if suffix == coded[0] else {})


def _rows(file: Any, column: str | None, work: Work) -> Iterator[Item]:
    """The rows of a table."""
    from pyarrow.parquet import ParquetFile

    table = ParquetFile(file)
    chosen = column or _column(table.schema_arrow, work)
    if chosen not in table.schema_arrow.names:
        raise InputError(f"it has no column {chosen!r}")
    named = [name for name in ("path", "file_name", "__key__", "key") if name in table.schema_arrow.names][:1]
    number, taken = 0, set[str]()
    for batch in table.iter_batches(ROWS, columns=[chosen, *named]):
        for row in batch.to_pylist():
            content = row[chosen]
            path = row[named[0]] if named else None
            if isinstance(content, dict):
                path, content = path or content.get("path"), content.get("bytes")
            name = _row_name(path, number, taken)
            error = "" if content is not None else "it has no bytes"
            yield Item(name, b"" if content is None else bytes(content), error)
            number += 1


def _row_name(path: str | None, number: int, taken: set[str]) -> str:
    """The name of a row: its path, if no earlier row of its table has the same; or else its number."""
    name = str(PurePosixPath(path)).lstrip("/") if path else ""
    if not name or name in taken or ".." in name.split("/"):
        return f"{number:08d}"
    taken.add(name)
    return name


def _column(schema: Any, work: Work) -> str:
    """The column of bytes, or of structs with bytes, as Hugging Face has pictures and sounds."""
    from pyarrow import types

    def holds(kind: Any) -> bool:
        if types.is_struct(kind):
            return any(field.name == "bytes" and holds(field.type) for field in kind)
        return bool(types.is_binary(kind) or types.is_large_binary(kind))

    found: Collection[str] = [field.name for field in schema if holds(field.type)]
    if work == "decompress" and "vq" in found:
        return "vq"
    if not found:
        raise InputError("it has no column of bytes")
    return next(iter(found))

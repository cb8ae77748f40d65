"""What workers write: a tree of files, or a shard or table for each part. All of these are whole or absent."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, Protocol

from vqcodec.bulk.coding import Row, failure
from vqcodec.bulk.items import Item, Part
from vqcodec.bulk.names import RECORDS, Record, part_name, target_name
from vqcodec.bulk.settings import Settings, Work
from vqcodec.bulk.storage import Place

__all__ = ["Format", "Target", "made_of", "records", "target_of", "verified_file", "verified_part"]

Format = Literal["files", "webdataset", "parquet"]
SUFFIX: dict[Format, str] = {"webdataset": ".tar", "parquet": ".parquet"}
GROUP = 64  # rows of a table that are held until they are written


class Target(Protocol):
    """Takes the results of a part."""

    def add(self, item: Item, row: Row) -> None:
        """Write the result of an item, or its error. OSError, or what else the file system raises."""


def made_of(work: Work) -> str:
    """The column with the bytes of the file that is made."""
    return "bytes" if work == "decompress" else "vq"


@contextmanager
def target_of(kind: Format, place: Place, part: Part, settings: Settings) -> Iterator[Target]:
    """What the results of a part are written to; shards and tables appear when the block ends, with their records."""
    if kind == "files":
        yield _Tree(place, settings.work)
        return
    with TemporaryDirectory(prefix="vqcodec-bulk-") as folder:
        local = Path(folder) / "part"
        target = _Shard(local, settings.work) if kind == "webdataset" else _Table(local, settings)
        yield target
        target.close()
        for old in records(place).get(part.number, ()):
            place.remove(old.name)
        name = part_name(part, SUFFIX[kind])
        place.upload(local, name)
        record = {"name": name, "sha256": _digest(local), "errors": target.errors}
        done = Record(part.number, part.digest, target.items - len(target.errors), len(target.errors))
        place.write(done.name, json.dumps(record).encode())


def records(place: Place) -> dict[int, list[Record]]:
    """The records of each part that is done."""
    found: dict[int, list[Record]] = {}
    for name in place.sizes(RECORDS):
        said = Record.of(name)
        if said is not None:
            found.setdefault(said.number, []).append(said)
    return found


def verified_part(place: Place, name: str) -> bool:
    """Whether the shard or table of a record has the bytes that it had."""
    with suppress(Exception):  # of any file system: then it is made anew
        record = json.loads(place.read(name))
        digest = sha256()
        with place.open(record["name"]) as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
        return digest.hexdigest() == str(record["sha256"])
    return False


def verified_file(place: Place, name: str, work: Work) -> bool:
    """Whether a file is whole: a `.vq` file by its checksums, a picture or a sound by being read."""
    with suppress(Exception):  # of any file system and library: then it is made anew
        data = place.read(name)
        if work == "compress":
            from bitstream import UNLIMITED, unpack

            unpack(data, UNLIMITED)
            return True
        from vqcodec.media.content import holds_sound
        from vqcodec.media.pictures.reading import read_picture
        from vqcodec.media.sounds.recordings import read_recording

        (read_recording if holds_sound(data) else read_picture)(data)
        return True
    return False


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        digest = sha256()
        while piece := file.read(1 << 20):
            digest.update(piece)
        return digest.hexdigest()


class _Tree:
    """A file for each item; errors are in the report of the run alone."""

    def __init__(self, place: Place, work: Work) -> None:
        self._place, self._work = place, work

    def add(self, item: Item, row: Row) -> None:
        if not row.get("error"):
            name = target_name(item.name, self._work, row.get("suffix", ""))
            self._place.write(name, row[made_of(self._work)])


class _Shard:
    """A WebDataset shard: for each item `x.vq`, or a picture or sound, and `x.json`, and what was beside it."""

    def __init__(self, path: Path, work: Work) -> None:
        self._archive = tarfile.open(path, "w", format=tarfile.PAX_FORMAT)  # noqa: SIM115  (it is closed by close)
        self._work = work
        self._keys: set[str] = set()
        self.items = 0
        self.errors: list[tuple[str, str]] = []

    def add(self, item: Item, row: Row) -> None:
        self.items += 1
        key, column = self._key(item.name), made_of(self._work)
        if row.get("error"):
            self.errors.append((item.name, row["error"]))
        else:
            self._member(f"{key}{'.vq' if column == 'vq' else row['suffix']}", row[column])
        told = {name: value for name, value in row.items() if name != column and value is not None}
        self._member(f"{key}.json", json.dumps({"path": item.name, **told}).encode())
        for suffix, data in item.others.items():
            self._member(f"{key}.{'source.json' if suffix == 'json' else suffix}", data)

    def close(self) -> None:
        self._archive.close()

    def _key(self, name: str) -> str:
        """The name without dots, as the first dot ends a key; with a number, if an earlier item has the same."""
        key = stem = name.replace(".", "_")
        number = 1
        while key in self._keys:
            number += 1
            key = f"{stem}_{number}"
        self._keys.add(key)
        return key

    def _member(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)  # of no date and nobody: the same items are the same bytes
        member.size = len(data)
        self._archive.addfile(member, io.BytesIO(data))


class _Table:
    """A Parquet table with a row for each item, those that failed included."""

    def __init__(self, path: Path, settings: Settings) -> None:
        from vqcodec.bulk.tables import schema_of

        self._path, self._settings = path, settings
        self._schema: Any = None if settings.size else schema_of(settings)
        self._rows: list[Row] = []
        self._writer: Any = None
        self.items = 0
        self.errors: list[tuple[str, str]] = []

    def add(self, item: Item, row: Row) -> None:
        self.items += 1
        if row.get("error"):
            self.errors.append((item.name, row["error"]))
        self._rows.append({"path": item.name, **row})
        if len(self._rows) >= GROUP:
            self._flush()

    def close(self) -> None:
        if self._rows or self._writer is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        from pyarrow import Table
        from pyarrow.parquet import ParquetWriter

        if self._schema is None:
            from vqcodec.bulk.tables import schema_of

            shapes = {(row["planes"], row["rows"], row["columns"]) for row in self._rows if not row.get("error")}
            self._schema = schema_of(self._settings, next(iter(shapes), None))
        if self._writer is None:
            self._writer = ParquetWriter(self._path, self._schema, compression="zstd")
        rows = [{name: row.get(name) for name in self._schema.names} for row in self._rows]
        self._writer.write_table(Table.from_pylist(rows, self._schema))
        self._rows = []


def report_failure(error: BaseException) -> str:
    """The text for a result that could not be written."""
    return f"its result cannot be written: {failure(error)}"

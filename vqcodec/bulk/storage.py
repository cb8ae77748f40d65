"""Places that fsspec knows: folders, buckets, servers. What is written there is whole or absent."""

from __future__ import annotations

import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from bitstream.errors import InputError
from vqcodec.system.files import atomic_write

__all__ = ["Place"]

# Where an object appears when all of it is there.
OBJECT_STORES = {"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "oci", "r2", "oss", "memory"}


class Place:
    """A folder, and the files below it, by their paths with "/". It can be pickled.

    Args:
        url: as fsspec takes it, or a path.

    Raises:
        InputError: there is no file system for this kind of URL. Methods raise whatever the file system does.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self.url = url
        try:
            self.files, root = url_to_fs(url)
        except (ImportError, ValueError) as error:  # which say what to install, or which kinds there are
            raise InputError(f"{url}: {error}") from None
        self.root: str = root.rstrip("/")
        protocols = (self.files.protocol,) if isinstance(self.files.protocol, str) else self.files.protocol
        self.is_local = "file" in protocols
        if self.is_local:  # workers may have another working folder
            self.url = self.root or "/"
        self._is_store = bool(OBJECT_STORES & set(protocols))

    def __getstate__(self) -> str:
        return self.url

    def __setstate__(self, url: str) -> None:
        Place.__init__(self, url)

    def path(self, name: str) -> str:
        """The path of a file, as the file system takes it."""
        return f"{self.root}/{name}" if name else self.root

    def sizes(self, below: str = "") -> dict[str, int]:
        """All files below a folder, with their bytes, sorted; empty if there is no such folder."""
        self.files.invalidate_cache()
        try:
            found = self.files.find(self.path(below), detail=True)
        except FileNotFoundError:
            return {}
        start = len(self.root) + 1 if self.root else 0
        return dict(sorted((path[start:], int(info.get("size") or 0)) for path, info in found.items()))

    def exists(self, name: str) -> bool:
        """Whether there is such a file now."""
        with suppress(FileNotFoundError):
            self.files.invalidate_cache()
            return bool(self.files.isfile(self.path(name)))
        return False

    def read(self, name: str) -> bytes:
        """All bytes of a file."""
        data: bytes = self.files.cat_file(self.path(name))
        return data

    def open(self, name: str) -> Any:
        """A file for reading, as a context manager."""
        return self.files.open(self.path(name), "rb")

    def write(self, name: str, data: bytes) -> None:
        """Write a file, or replace it; whole or not at all."""
        path = self.path(name)
        if self.is_local:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(Path(path), force=True) as file:
                file.write(data)
        elif self._is_store:
            self.files.pipe_file(path, data)
        else:
            self._replace(path, lambda temporary: self.files.pipe_file(temporary, data))

    def upload(self, local: Path, name: str) -> None:
        """Write a file, or replace it, by a copy of a local one; whole or not at all."""
        path = self.path(name)
        if self.is_local:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(Path(path), force=True) as file, local.open("rb") as source:
                shutil.copyfileobj(source, file)
        elif self._is_store:
            self.files.put_file(str(local), path)
        else:
            self._replace(path, lambda temporary: self.files.put_file(str(local), temporary))

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""
        with suppress(FileNotFoundError):
            self.files.rm_file(self.path(name))

    def _replace(self, path: str, write: Any) -> None:
        folder, _, name = path.rpartition("/")
        self.files.makedirs(folder, exist_ok=True)
        temporary = f"{folder}/.{name}.{secrets.token_hex(8)}.tmp"
        write(temporary)
        self.files.mv(temporary, path)

"""Items, and the parts of a source that workers take whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Literal

__all__ = ["Item", "Kind", "Part", "digest_of"]

Kind = Literal["files", "shard", "table"]


@dataclass(frozen=True)
class Item:
    """A picture, a sound or a `.vq` file.

    Attributes:
        name: its path below the source, with "/"; that of its shard or table comes first.
        data: the bytes of its file.
        error: why it could not be read; empty if it could.
        others: of a sample in a shard, the files beside it, by their suffixes: captions and the like.
    """

    name: str
    data: bytes = b""
    error: str = ""
    others: dict[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Items that one worker takes, one after the other.

    Attributes:
        number: its place in the source.
        kind: files below a folder, a shard, or a table.
        names: of its files; or of the one shard or table, below the source.
        sizes: of these, in bytes.
        digest: changes with the names, the sizes, and the settings of the work.
    """

    number: int
    kind: Kind
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    digest: str = ""

    def dumps(self) -> str:
        """The part as text."""
        return json.dumps(asdict(self))

    @staticmethod
    def loads(text: str) -> Part:
        """The part that `dumps` gave."""
        found = json.loads(text)
        return Part(**found | {"names": tuple(found["names"]), "sizes": tuple(found["sizes"])})


def digest_of(*parts: object) -> str:
    """16 hex digits that change with any of the parts."""
    return sha256(json.dumps(parts).encode()).hexdigest()[:16]

"""Results on disk, so that a second run measures only what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Generic, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError

__all__ = ["Cache"]

Value = TypeVar("Value")
_converter = Converter(forbid_extra_keys=True)


class Cache(Generic[Value]):
    """Results by keys, both of them dataclasses; a JSON line each.

    Lines that were cut when a run was stopped, or that hold results of another shape, are left out.
    """

    def __init__(self, path: Path, kind: type[Value]) -> None:
        self.path = path
        self._found: dict[str, Value] = {}
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if path.exists() else ():
            try:
                entry = json.loads(line)
                self._found[_text(entry["key"])] = _converter.structure(entry["value"], kind)
            except (ValueError, TypeError, KeyError, BaseValidationError):
                continue

    def get(self, key: Any) -> Value | None:
        """What was kept for `key`."""
        return self._found.get(_text(_converter.unstructure(key)))

    def add(self, key: Any, value: Value) -> None:
        """Keep a result. The line feed comes first, so that a line that was cut does not spoil the next one."""
        entry = {"key": _converter.unstructure(key), "value": _converter.unstructure(value)}
        self._found[_text(entry["key"])] = value
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps(entry))


def _text(key: object) -> str:
    return json.dumps(key, sort_keys=True)

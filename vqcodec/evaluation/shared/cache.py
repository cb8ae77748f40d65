"""Results that are kept on disk, so that a second run measures only what is missing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Generic, TypeVar

from cattrs import Converter
from cattrs.errors import BaseValidationError

__all__ = ["ResultCache"]

Value = TypeVar("Value")
_converter = Converter(forbid_extra_keys=True)


class ResultCache(Generic[Value]):
    """Results by their keys, a JSON line each.

    Lines that cannot be read are left out: they were cut when a run was stopped, or hold results of another shape.

    Args:
        path: of the file; it need not be there.
        kind: the dataclass of the results.
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

    def get(self, key: dict[str, object]) -> Value | None:
        """The result for a key, or None."""
        return self._found.get(_text(key))

    def add(self, key: dict[str, object], value: Value) -> None:
        """Keep a result. The line feed comes first, so that a line that was cut does not spoil the next one."""
        self._found[_text(key)] = value
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" + json.dumps({"key": key, "value": _converter.unstructure(value)}))


def _text(key: dict[str, object]) -> str:
    return json.dumps(key, sort_keys=True)

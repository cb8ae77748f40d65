"""Settings of the training commands, as TOML files."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args

from cattrs import Converter
from cattrs.errors import AttributeValidationNote, BaseValidationError

from bitstream.errors import InputError

__all__ = ["load_config"]

Config = TypeVar("Config")


def load_config(path: Path | None, kind: type[Config]) -> Config:
    """Read a TOML file into a configuration; None gives the defaults.

    Raises:
        InputError: the file cannot be read, or has a setting that does not exist or fit.
    """
    if path is None:
        return kind()
    converter = Converter(forbid_extra_keys=True)
    # TOML has no null: `noise = false` leaves the stage out.
    converter.register_structure_hook_func(
        _may_be_none, lambda value, kind: None if value is False else converter.structure(value, get_args(kind)[0])
    )
    try:
        return converter.structure(tomllib.loads(path.read_text("utf-8")), kind)
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, BaseValidationError, ValueError, TypeError) as error:
        raise InputError(f"{path}: {_cause(error)}".splitlines()[0]) from None


def _may_be_none(kind: Any) -> bool:
    """Whether it is `Stage | None`."""
    return get_args(kind)[1:] == (NoneType,)


def _cause(error: Exception) -> str:
    """What is wrong, and with which setting, of the nested errors of cattrs."""
    where: list[str] = []
    while isinstance(error, BaseValidationError):
        error = error.exceptions[0]
        where += [note.name for note in getattr(error, "__notes__", ()) if isinstance(note, AttributeValidationNote)]
    return ": ".join([".".join(where), str(error)] if where else [str(error)])

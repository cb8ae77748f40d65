"""The settings that bundled models are made with: TOML files, in a folder for each command that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

__all__ = ["Part", "find_recipe", "recipe_names"]

FOLDER = Path(__file__).parent

# What is made of a model: its networks and codebooks, for pictures or for sound; its prior; and its decoder once more.
Part = Literal["image", "audio", "prior", "decoder"]


def recipe_names(part: Part) -> list[str]:
    """The names of the models that there are settings of this part for, sorted."""
    return sorted(path.stem for path in (FOLDER / part).glob("*.toml"))


def find_recipe(part: Part, name: str) -> Path:
    """The settings of a part of a model, as TOML.

    Raises:
        InputError: there are none.
    """
    from bitstream.errors import (
        InputError,  # not above: the command line lists recipes before it imports anything heavy
    )

    names = recipe_names(part)
    if name not in names:
        raise InputError(f"no recipe {name!r} (there are: {', '.join(names)})")
    return FOLDER / part / f"{name}.toml"

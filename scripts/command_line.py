"""What the command lines of all scripts share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bitstream import VqcodecError
from vqcodec.training.recipes import Part, find_recipe, recipe_names

__all__ = ["add_model", "add_settings", "parser_of", "run_script"]


def parser_of(documentation: str | None) -> argparse.ArgumentParser:
    """A parser whose help is the docstring of a module."""
    return argparse.ArgumentParser(description=documentation, formatter_class=argparse.RawDescriptionHelpFormatter)


def add_model(parser: argparse.ArgumentParser, default: str) -> None:
    """The option `--model`."""
    parser.add_argument(
        "--model", default=default, help=f"name of a bundled model, or a model file (default: {default})"
    )


def add_settings(parser: argparse.ArgumentParser, part: Part) -> None:
    """The options `--recipe` and `--config`, which exclude each other; both give `config`, a path or None."""
    settings = parser.add_mutually_exclusive_group()
    known = ", ".join(recipe_names(part))
    named = partial(find_recipe, part)
    settings.add_argument("--recipe", dest="config", type=named, metavar="NAME", help=f"settings of one of: {known}")
    settings.add_argument("--config", type=Path, metavar="FILE", help="settings, as TOML (default: the package's)")


def run_script(main: Callable[[], None]) -> None:
    """Run a script; an error that a user can meet is one line, and exit status 1."""
    try:
        main()
    except (OSError, VqcodecError) as error:
        raise SystemExit(f"{Path(sys.argv[0]).name}: error: {error}") from None

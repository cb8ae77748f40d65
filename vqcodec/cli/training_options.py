"""Options that the commands of training share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, get_args

import click

from vqcodec.cli.options import at_most_one
from vqcodec.cli.program import note
from vqcodec.training.engine.folder import work_folder
from vqcodec.training.engine.hardware import Device, Hardware, Precision
from vqcodec.training.recipes import Part, find_recipe, recipe_names

__all__ = ["creating", "fitting", "forget", "hardware", "restart", "settings"]

Command = Callable[..., Any]

QUICK = "quick"  # a recipe

_fitted = click.argument("model", metavar="M", type=click.Path(path_type=Path))
_folder = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
_out = click.option(
    "--out", metavar="M", type=click.Path(path_type=Path), required=True, help="The model file to write."
)
_start = click.option(
    "--start", metavar="MODEL", help="Start from the networks of this model, a bundled one or a file."
)
_config = click.option("--config", metavar="FILE", type=click.Path(path_type=Path), help="Settings, as TOML.")
_device = click.option(
    "--device",
    type=click.Choice(get_args(Device)),
    default="auto",
    show_default=True,
    help="Where networks are trained. By default on CUDA if there is any, else on the CPU.",
)
_devices = click.option(
    "--devices",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    show_default=True,
    help="How many of them, a process each. Under torchrun its processes are taken.",
)
_precision = click.option(
    "--precision",
    type=click.Choice(get_args(Precision)),
    default="auto",
    show_default=True,
    help="Of networks: bfloat16 or float32. By default bfloat16 where that is fast.",
)
restart = click.option(
    "--restart", is_flag=True, help="Delete the checkpoints of an earlier run and train anew, instead of going on."
)


def hardware(command: Command) -> Command:
    """What to train on: `hardware`."""

    @wraps(command)
    def with_hardware(device: Device, devices: int, precision: Precision, **others: Any) -> Any:
        return command(hardware=Hardware(device, precision, devices), **others)

    return _device(_devices(_precision(with_hardware)))


def creating(part: Part) -> Callable[[Command], Command]:
    """The arguments of a command that makes a model: `folder`, `out`, `config`, `start`, `hardware`, `restart`."""
    return lambda command: _folder(_out(settings(part)(_start(hardware(restart(command))))))


def fitting(part: Part) -> Callable[[Command], Command]:
    """The arguments of a command that fits a part of a model: `model`, `folder`, `config`, `hardware`, `restart`."""
    return lambda command: _fitted(_folder(settings(part)(hardware(restart(command)))))


def settings(part: Part) -> Callable[[Command], Command]:
    """The settings of a part of a model: `config`, their file, or None if neither --config nor --recipe is given."""
    known = recipe_names(part)
    named = click.option("--recipe", metavar="NAME", help=f"Settings that the package has: {', '.join(known)}.")
    quick = click.option("--quick", "recipe", flag_value=QUICK, help="The settings of a small model, for some minutes.")

    def add(command: Command) -> Command:
        @wraps(command)
        def with_config(recipe: str | None, config: Path | None, **others: Any) -> Any:
            at_most_one("recipe", "config")
            return command(config=config if recipe is None else find_recipe(part, recipe), **others)

        return _config(named(quick(with_config) if QUICK in known else with_config))

    return add


def forget(model: Path, stages: str) -> None:
    """Delete the checkpoints of an earlier run for a model; decoded originals stay.

    Args:
        model: the file; checkpoints are in the folder beside it.
        stages: their names, a pattern.
    """
    for checkpoint in sorted(work_folder(model).glob(f"{stages}.safetensors")):
        note(f"deleting {checkpoint}")
        checkpoint.unlink(missing_ok=True)  # another process of torchrun may have been faster

"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_EFFORT, DEFAULT_MODEL, DEFAULT_QUALITY, EFFORTS

__all__ = [
    "PictureSize",
    "allow_truncated",
    "at_most_one",
    "device",
    "effort",
    "force",
    "in_and_out",
    "json_output",
    "keep_metadata",
    "lets_us_choose",
    "many",
    "model",
    "model_of_kind",
    "named_files",
    "quality",
    "refuse",
    "verbose",
]

quality = click.option(
    "-q",
    "--quality",
    type=click.FloatRange(1, 100),
    default=DEFAULT_QUALITY,
    show_default=True,
    help="Fidelity and size of the file; may be a fraction.",
)
model = click.option(
    "-m",
    "--model",
    metavar="NAME|PATH",
    default=DEFAULT_MODEL,
    show_default=True,
    help="A bundled model (see `vqcodec models`), or a model file.",
)
model_of_kind = click.option(
    "-m",
    "--model",
    metavar="NAME|PATH",
    show_default=f"{DEFAULT_MODEL} for pictures, {DEFAULT_AUDIO_MODEL} for sound",
    help="A bundled model (see `vqcodec models`), or a model file.",
)
device = click.option(
    "--device",
    metavar="DEVICE",
    default="cpu",
    show_default=True,
    help="Where the networks run: cpu, cuda, cuda:1, ...",
)
force = click.option("-f", "--force", is_flag=True, help="Replace the output if it exists.")
allow_truncated = click.option(
    "--allow-truncated", is_flag=True, help="Accept a file that was cut, and decode its whole streams."
)
json_output = click.option("--json", "as_json", is_flag=True, help="Write JSON.")
verbose = click.option("-v", "--verbose", is_flag=True, help="Name all files that are left out.")
keep_metadata = click.option(
    "--keep-metadata", is_flag=True, help="Of a picture: keep its colour profile, EXIF and XMP."
)
effort = click.option(
    "--effort",
    type=click.Choice(EFFORTS),
    default=DEFAULT_EFFORT,
    show_default=True,
    help="Of a picture: how long better codes for it are searched for; high takes about thirty times as long as fast.",
)


class PictureSize(click.ParamType[tuple[int, int]]):
    """Width and height in pixels."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, int]:
        """`WxH` as a tuple."""
        if isinstance(value, tuple):
            return value
        match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", str(value), re.ASCII)
        if match is None:
            self.fail(f"{value!r} is not of the form 256x256", param, ctx)
        return int(match[1]), int(match[2])


_paths = click.argument("paths", metavar="IN OUT | FILE... --out-dir DIR", nargs=-1, required=True)
_out_dir = click.option(
    "--out-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="The folder for the results of many files, or of folders.",
)
_recursive = click.option(
    "-r", "--recursive", is_flag=True, help="With --out-dir: enter the folders in a folder, and keep its tree."
)
_jobs = click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    show_default=True,
    help="With --out-dir: the number of processes.",
)

Command = Callable[..., Any]


def many(command: Command) -> Command:
    """The arguments of a command on one file or many: `paths`, `out_dir`, `recursive`, `jobs`, `verbose`."""
    return _paths(_out_dir(_recursive(_jobs(verbose(command)))))


def in_and_out(paths: tuple[str, ...]) -> tuple[str, str]:
    """IN and OUT of a command without --out-dir; else click.UsageError."""
    for name in ("recursive", "jobs"):
        refuse(name, "goes with --out-dir")
    if len(paths) != 2:
        raise click.UsageError("it takes IN and OUT, or any number of files and --out-dir", click.get_current_context())
    source, target = paths
    return source, target


def named_files(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The files and folders of a command with --out-dir; click.UsageError if one is standard input."""
    if "-" in paths:
        raise click.UsageError("- goes with OUT, not with --out-dir", click.get_current_context())
    return paths


def lets_us_choose(target: str) -> bool:
    """Whether an output has no format of its own: standard output, or a pipe or device without a suffix."""
    from vqcodec.system.files import is_stream

    return not Path(target).suffix and is_stream(target)


def at_most_one(*names: str) -> None:
    """Raise click.UsageError if several of these options were given."""
    context = click.get_current_context()
    given = [name for name in names if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    for name in given[1:]:
        refuse(given[0], f"and --{name.replace('_', '-')} exclude each other")


def refuse(name: str, reason: str) -> None:
    """Raise click.UsageError, `--name reason`, if the option `name` was given."""
    context = click.get_current_context()
    if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
        raise click.UsageError(f"--{name.replace('_', '-')} {reason}", context)

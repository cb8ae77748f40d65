"""The files that a command works on, and the target of each."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vqcodec.cli.program import explain
from vqcodec.system.folders import contents_of

__all__ = ["Plan", "Task", "plan"]


@dataclass(frozen=True)
class Task:
    """A file and what is made of it."""

    source: str
    target: str


@dataclass(frozen=True)
class Plan:
    """The work to do.

    Attributes:
        tasks: no two have the same target.
        refused: why some inputs are not tasks: a line for each, which names the input.
        left_out: other contents of the named folders, without what this command makes.
    """

    tasks: tuple[Task, ...]
    refused: tuple[str, ...]
    left_out: tuple[Path, ...] = ()


def plan(
    inputs: Sequence[str], out: Path, recursive: bool, wanted: Callable[[str], bool], suffix: Callable[[Path], str]
) -> Plan:
    """Name a target below `out` for every file of `inputs`.

    `photo.png` becomes `photo.vq`, directly in `out`, and in a folder it keeps its path below that folder. Files that
    would get the same target keep their suffixes: `photo.png.vq`, `photo.jpg.vq`. If they still do, the first one in
    the order of the inputs wins.

    Args:
        inputs: files, and folders, whose `wanted` files are taken unless they are hidden.
        out: the folder for what is written.
        recursive: take the files in folders of folders, too.
        wanted: whether a file of this name is meant, if its folder was named.
        suffix: from a source to the suffix of its target.
    """
    found: dict[tuple[Path, Path], None] = {}  # sources, and where they are below what was named; no file twice
    refused: list[str] = []
    left_out: dict[Path, None] = {}
    for name in inputs:
        path = Path(name)
        if not path.is_dir():
            found[path, Path(path.name)] = None
            continue
        inside = contents_of(path, wanted, recursive, lambda error: refused.append(explain(error)))
        found |= {(each, each.relative_to(path)): None for each in inside.meant}
        left_out |= dict.fromkeys(inside.left_out)
        if not inside.meant:
            refused.append(f"{name}: there is nothing to do in it{'' if recursive else ' without --recursive'}")

    sources = {os.path.realpath(source) for source, _ in found}
    stems = Counter(_stem(place) for place in {place for _, place in found})
    taken: dict[Path, Path] = {}
    for source, place in found:
        single = stems[_stem(place)] == 1
        target = out / place.with_name((place.stem if single else place.name) + suffix(source))
        if os.path.realpath(target) in sources:
            refused.append(f"{source}: its output would be {target}, which is also an input")
            continue
        first = taken.setdefault(target, source)
        if first != source:
            refused.append(f"{source}: its output {target} is also that of {first}")
    tasks = tuple(Task(str(source), str(target)) for target, source in taken.items())
    ours = {source for source, _ in found}
    ours |= {*map(Path, inputs), *taken, *(path for path in left_out if path.resolve() == out.resolve())}
    return Plan(tasks, tuple(refused), tuple(path for path in left_out if path not in ours))


def _stem(place: Path) -> str:
    """The path without suffix and case, as some file systems ignore case."""
    return str(place.with_name(place.stem)).lower()

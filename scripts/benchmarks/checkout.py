"""Commits, each installed in a folder of its own, beside the packages of this interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from bitstream import InputError, VqcodecError

__all__ = ["Installation", "commit_of", "install"]

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Installation:
    """A commit, ready to run.

    Attributes:
        commit: its short name.
        packages: the folder where it is installed.
    """

    commit: str
    packages: Path

    @property
    def environment(self) -> dict[str, str]:
        """Of a process of this interpreter that imports this commit, and nothing from the folder where it starts."""
        return {**os.environ, "PYTHONPATH": str(self.packages), "PYTHONSAFEPATH": "1"}

    @property
    def has_kernel(self) -> bool:
        """Whether its C extension was built."""
        folder = self.packages / "vqcodec" / "prior" / "kernel"
        return any((folder / f"_kernel{suffix}").exists() for suffix in EXTENSION_SUFFIXES)


def commit_of(name: str) -> str:
    """The short name of a commit.

    Raises:
        InputError: there is none.
    """
    found = _git("rev-parse", "--verify", "--short", "--end-of-options", f"{name}^{{commit}}")
    if found.returncode:
        raise InputError(f"{name!a} is not a commit of this clone")
    return found.stdout.strip()


def install(commit: str, folder: Path) -> Installation:
    """Check a commit out, and install it into `folder`, with its C extension if it has one and there is a compiler.

    Its dependencies are those that this interpreter has.

    Raises:
        VqcodecError: it cannot be checked out or built.
    """
    source, packages = folder / "source", folder / "packages"
    if _git("worktree", "add", "--detach", str(source), commit).returncode:
        raise VqcodecError(f"git cannot check {commit} out")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(packages), str(source)]
    try:
        if subprocess.run(pip).returncode:
            raise VqcodecError(f"pip cannot install {commit}")
    finally:
        _git("worktree", "remove", "--force", str(source))
    return Installation(commit, packages)


def _git(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True)

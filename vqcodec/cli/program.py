"""The frame of all commands: errors as one line on standard error, exit codes, and clean ends."""

from __future__ import annotations

import os
import re
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

import click

from vqcodec.cli.surroundings import check_memory, check_working_folder, native_messages_dropped
from vqcodec.system.signals import handled

__all__ = ["Program", "about", "explain", "note", "report_error", "tidy_warnings"]

# PyTorch raises a RuntimeError when memory runs out, here of the CPU and there of another device; so do its libraries
# and the dynamic linker, each with a text of its own.
NO_MEMORY = re.compile(
    "allocate memory|out of memory|bad_alloc|failed to map segment|can't start new thread|could not create a primitive"
)

INTERRUPTED = 130  # what shells report for a program that Ctrl-C ended: 128 + SIGINT
ENDED = 128  # and the number of a signal that ended it


class Program(click.Group):
    """A group of commands whose errors are shown as `vqcodec: error: ...`, with exit code 1 and no traceback."""

    def main(self, *args: Any, **extra: Any) -> NoReturn:
        """Run the command that the arguments name, and exit."""
        try:
            sys.exit(self._run(*args, **extra | {"standalone_mode": False}))
        finally:
            _drop_unwritable_output()

    def _run(self, *args: Any, **extra: Any) -> int | None:
        """Run the command; its exit code."""
        try:
            with native_messages_dropped(), tidy_warnings(), _terminated_cleanly():
                code: int | None = super().main(*args, **extra)
                return code
        except click.ClickException as error:  # wrong usage: the commands raise other errors
            error.show()
            return error.exit_code
        except click.Abort:
            report_error("interrupted")
            return INTERRUPTED
        except Exception as error:
            text = explain(error)
            if not text:
                raise
            report_error(text)
            return 1

    def resolve_command(
        self, context: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name. Raises an error if it cannot run here."""
        name, command, rest = super().resolve_command(context, args)
        check_working_folder()
        check_memory(name or "")
        return name, command, rest


def note(text: str) -> None:
    """Write a note to the user, which is not an error, to standard error."""
    click.echo(f"vqcodec: note: {_one_line(text)}", err=True)


@contextmanager
def about(path: str) -> Iterator[None]:
    """Let the errors of the block name the file that they are about."""
    from bitstream.errors import VqcodecError

    try:
        yield
    except VqcodecError as error:
        raise type(error)(f"{path}: {error}") from error


def report_error(text: str) -> None:
    """Write an error to standard error."""
    click.echo(f"vqcodec: error: {_one_line(text)}", err=True)


def explain(error: Exception) -> str:
    """The text for an error that can happen to a user; empty for a defect of the program."""
    ours = sys.modules.get("bitstream.errors")  # which need not be loaded, if there is no memory for it
    if ours is not None and isinstance(error, ours.VqcodecError):
        return str(error)
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        return "there is not enough memory for this"
    if isinstance(error, FileExistsError):
        return f"{error.filename}: exists already (--force replaces it)"
    if isinstance(error, OSError):
        reason = error.strerror or str(error) or type(error).__name__
        reason = reason[0].lower() + reason[1:]
        return reason if error.filename is None else f"{error.filename}: {reason}"
    if isinstance(error, ImportError) and (error.name or "").split(".")[0] not in ("bitstream", "vqcodec"):
        return f"a library cannot be loaded: {error}"
    return ""


def _one_line(text: str) -> str:
    """The text on one line, with control characters of terminals escaped."""
    line = " ".join(text.split())
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in line)


@contextmanager
def tidy_warnings(path: str = "") -> Iterator[None]:
    """Show warnings of libraries as notes. Pillow's warnings on large pictures are dropped, as its limit is higher.

    Args:
        path: of the file that they are about, if there are several files.
    """

    def show(message: Warning | str, *_: Any, **__: Any) -> None:
        note(f"{path}: {message}" if path else str(message))

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Image size .* exceeds limit")
        warnings.showwarning = show
        yield


@contextmanager
def _terminated_cleanly() -> Iterator[None]:
    """Let SIGTERM, and SIGHUP of a closed terminal, unwind the stack, so that temporary files are removed.

    A signal that is ignored, as SIGHUP is under `nohup`, stays ignored.
    """
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    heeded = [number for number in numbers if signal.getsignal(number) != signal.SIG_IGN]

    def end(number: int, _: object) -> NoReturn:
        for each in heeded:  # they often come together, and a second one would disturb the end
            signal.signal(each, signal.SIG_IGN)
        sys.exit(ENDED + number)

    with handled(heeded, end):
        yield


def _drop_unwritable_output() -> None:
    """Discard what cannot be written to standard output, or Python would print a traceback for it at exit."""
    if sys.stdout is None:  # closed by whoever started us
        return
    try:
        sys.stdout.flush()
    except OSError:
        with suppress(OSError), open(os.devnull, "wb") as null:
            os.dup2(null.fileno(), sys.stdout.fileno())

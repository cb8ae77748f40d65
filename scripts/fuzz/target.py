"""What is fuzzed, and how it says that something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

__all__ = ["MIB", "Finding", "Mutation", "Target", "demand"]

MIB = 1 << 20

# A mutation changes an input, given others whose parts it may take.
Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]


class Finding(Exception):
    """Something that no exception tells of is wrong."""


@dataclass(frozen=True)
class Target:
    """One thing to fuzz.

    Attributes:
        whole: seeds that must be accepted.
        damaged: more seeds, which need not be.
        mutate: how an input is changed.
        judge: tries an input. It returns if that is accepted, raises one of `refusals` if it is refused, and anything
            else if something is wrong.
        refusals: the documented errors.
        memory: bytes of address space that an input may take, and
        memory_a_byte: as many more for each of its bytes.
        seconds: processor time that an input may take.
        batch: how many inputs a process tries.
    """

    whole: Sequence[bytes]
    damaged: Sequence[bytes]
    mutate: Mutation
    judge: Callable[[bytes], None]
    refusals: tuple[type[Exception], ...]
    memory: int
    seconds: float
    batch: int
    memory_a_byte: int = 0


def demand(holds: bool, otherwise: str) -> None:
    """Raise Finding unless `holds`; `otherwise` says what is wrong."""
    if not holds:
        raise Finding(otherwise)

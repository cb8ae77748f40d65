"""Progress of long work on a picture or a sound, on standard error if that is a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tqdm import tqdm

__all__ = ["blocks_shown", "passes_shown", "steps_shown"]

DELAY = 0.5  # seconds before a bar appears


def blocks_shown(
    blocks: Iterable[NDArray[np.float32]], what: str, samples: int, sample_rate: int
) -> Iterator[NDArray[np.float32]]:
    """The blocks `[C, n]` of a sound, with a bar; `samples` a channel are expected."""
    with _bar(what, samples, 1 / sample_rate) as bar:
        for block in blocks:
            yield block
            bar.update(block.shape[1])


@contextmanager
def passes_shown(what: str, seconds: float) -> Iterator[None]:
    """A bar for each pass over the indices of a sound, of so many seconds, in the block."""
    from vqcodec.system.progress import watching

    with watching(lambda steps: _bar(what, steps, seconds / steps)):
        yield


@contextmanager
def steps_shown(what: str) -> Iterator[None]:
    """A bar for work of several steps in the block."""
    from tqdm import tqdm

    from vqcodec.system.progress import watching

    with watching(lambda steps: tqdm(total=steps, desc=what, delay=DELAY, leave=False, disable=None)):
        yield


def _bar(what: str, total: int, seconds: float) -> tqdm:
    """A bar of `total` steps, each of so many seconds of sound."""
    from tqdm import tqdm

    form = f"{what}: {{percentage:3.0f}}%|{{bar}}| {{n:.0f}} of {seconds * total:.0f} s [{{elapsed}}<{{remaining}}]"
    # None: shown on a terminal only.
    return tqdm(total=total, unit_scale=seconds, bar_format=form, delay=DELAY, leave=False, disable=None)

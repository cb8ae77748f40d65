"""The compiled kernel against numpy and constriction: decoding, encoding and code lengths of indices.

    python -m scripts.benchmarks.prior PICTURE SPEECH [--rounds 7]

The picture is made 768 x 512 pixels, the recording is repeated to a minute at 16 kHz. Models are the default ones,
quality is 60. Both evaluate the same prior in one process on one thread, in turn, and must give the same. Prints
medians of seconds by the clock; of numpy / kernel the median, the least and the most of all rounds, and the median of
processor time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

import vqcodec
from bitstream import InputError, VqcodecError
from scripts.benchmarks.inputs import MINUTE, RATE, sound_of, standard_picture
from scripts.benchmarks.paired import Pairs, add_rounds, in_turn, pair_table, timed
from scripts.benchmarks.process_cost import machine, use_threads
from scripts.benchmarks.worker import prior_works
from scripts.command_line import parser_of, run_script
from vqcodec.codec.base import Codec
from vqcodec.codec.indices import Indices
from vqcodec.defaults import DEFAULT_AUDIO_MODEL, DEFAULT_MODEL


def measured(codec: Codec, indices: Indices, rounds: int) -> dict[str, Pairs]:
    """Seconds of numpy and of the kernel, for each work on indices.

    Raises:
        InputError: there is no kernel.
        VqcodecError: both differ.
    """
    if codec.entropy_model is codec.model.prior:
        raise InputError("the compiled kernel is not installed, or VQCODEC_KERNEL says to do without it")
    reference, kernel = (prior_works(prior, indices) for prior in (codec.model.prior, codec.entropy_model))
    for name in reference:
        if not _equal(reference[name](), kernel[name]()):
            raise VqcodecError(f"the kernel differs from numpy: {name}")
    return {name: in_turn([timed(reference[name]), timed(kernel[name])], rounds) for name in reference}


def _equal(one: Any, other: Any) -> bool:
    """Whether two arrays, or two lists of streams, are the same."""
    return one == other if isinstance(one, list) else np.array_equal(one, other)


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("picture", type=Path, metavar="PICTURE")
    parser.add_argument("speech", type=Path, metavar="SPEECH", help="a recording")
    add_rounds(parser)
    arguments = parser.parse_args()
    use_threads(1)
    pixels = np.asarray(standard_picture(arguments.picture))
    samples = np.concatenate(list(sound_of([arguments.speech], MINUTE)), axis=1)
    photo, voice = vqcodec.load(DEFAULT_MODEL), vqcodec.load(DEFAULT_AUDIO_MODEL)
    assert isinstance(photo, vqcodec.ImageCodec)
    assert isinstance(voice, vqcodec.AudioCodec)
    both = {
        "picture": measured(photo, photo.read(photo.compress(pixels)), arguments.rounds),
        "a minute of speech": measured(voice, voice.read(voice.compress(samples, RATE)), arguments.rounds),
    }
    pairs = {f"{kind}: {name}": found for kind, works in both.items() for name, found in works.items()}
    print(f"Medians of {arguments.rounds} rounds; {machine()}.\n")
    print(pair_table(["numpy", "kernel"], pairs))


if __name__ == "__main__":
    run_script(main)

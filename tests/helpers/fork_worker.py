"""A process that codes on several threads, then in forks of itself: it prints which of these did the same.

Usage: python -m tests.helpers.fork_worker IMAGE_MODEL AUDIO_MODEL
"""

from __future__ import annotations

import io
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import vqcodec.pillow
from tests.helpers.pictures import pictures
from tests.helpers.sounds import voices
from vqcodec.codec.loading import for_pictures, for_sound
from vqcodec.system.threads import limit_threads, network_threads

limit_threads(2)
image_model, audio_model = sys.argv[1:]
PHOTO = Image.fromarray(pictures(1, 256, seed=1)[0])
VOICE = voices(1, 48_000, seed=1)
codec, voice_codec = for_pictures(vqcodec.load(image_model)), for_sound(vqcodec.load(audio_model))
file, voice_file = codec.compress(PHOTO), voice_codec.compress(VOICE, 16_000)


Result = tuple[bytes, bytes, bytes, NDArray[np.uint8], NDArray[np.float32]]


def code(_: object = None) -> Result:
    """All that a codec does: pictures, the plug-in, sound; and what comes of it."""
    saved = io.BytesIO()
    PHOTO.save(saved, "VQ", model=image_model)
    written = codec.compress(PHOTO), saved.getvalue(), voice_codec.compress(VOICE, 16_000)
    return *written, np.asarray(codec.decompress(file)), voice_codec.decompress(voice_file)[0]


def on_threads(_: object = None) -> Result:
    """The same on threads of this process."""
    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(code, range(2)))[-1]


def in_a_pool(work: Callable[[object], Result] = code) -> Result:
    """The same in a forked process."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(work, [0])[0]


def in_an_executor() -> Result:
    """The same in a forked process of an executor."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")) as executor:
        return executor.submit(code).result()


def in_a_fork() -> bool:
    """Whether the same is done after `os.fork`, by a thread that has coded."""

    def forking() -> bool:
        code()
        child = os.fork()
        if not child:
            os._exit(0 if is_same(code()) else 1)
        return os.waitpid(child, 0)[1] == 0

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(forking).result()


def is_same(result: Result) -> bool:
    """Files to the byte; pixels to a level and samples nearly, as sums of floats depend on the number of threads."""
    *files, pixels, samples = result
    near = np.abs(pixels.astype(int) - wanted[3]).max() <= 1 and np.abs(samples - wanted[4]).max() < 1e-4
    return tuple(files) == wanted[:3] and bool(near)


wanted = code()
on_threads()
print("pool", is_same(in_a_pool()), flush=True)
print("threads-of-a-pool", is_same(in_a_pool(on_threads)), flush=True)
print("executor", is_same(in_an_executor()), flush=True)
print("fork", in_a_fork(), flush=True)
print("parent", is_same(code()) and network_threads() == 2, flush=True)

"""Spectrograms as small pictures."""

from __future__ import annotations

import io

import matplotlib
import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = ["HEIGHT", "RANGE", "WIDTH", "levels", "spectrogram_png"]

WINDOW = 512  # samples: 32 ms
RANGE = 80  # dB below the loudest; what is below that is black
COLOURS = 64
WIDTH, HEIGHT = 720, 144  # pixels


def levels(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The spectrogram of `[N]`: levels in dB, `[WINDOW / 2 + 1, WIDTH]`, from 0 Hz to half the sample rate."""
    padded = np.pad(samples, WINDOW // 2)
    starts = np.linspace(0, len(padded) - WINDOW, WIDTH).astype(int)
    frames = padded[starts[:, None] + np.arange(WINDOW)] * np.hanning(WINDOW).astype(np.float32)
    magnitudes = np.abs(np.fft.rfft(frames, axis=1)).T
    return (20 * np.log10(np.maximum(magnitudes, 1e-9))).astype(np.float32)


def spectrogram_png(levels: NDArray[np.float32], loudest: float) -> bytes:
    """The bytes of a PNG of levels: low frequencies are at the bottom, and levels of `loudest` dB are the brightest."""
    shares = np.clip(1 + (levels[::-1] - loudest) / RANGE, 0, 1)
    picture = Image.fromarray(np.uint8(np.round(255 * shares))).resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    indices = np.asarray(picture).astype(int) * (COLOURS - 1) // 255
    palette = matplotlib.colormaps["magma"](np.linspace(0, 1, COLOURS), bytes=True)[:, :3]
    coloured = Image.fromarray(indices.astype(np.uint8), "P")
    coloured.putpalette(palette.tobytes())
    file = io.BytesIO()
    coloured.save(file, "PNG", optimize=True)
    return file.getvalue()

"""Spectrograms of a recording, and of what is left of it at some rates, one below the other: docs/speech.png.

python -m scripts.figures.spectrograms SOUND OUT.png [--kbps 0.7 1.5] [--seconds 5] [--model speech]
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from scripts.command_line import add_model, parser_of, run_script
from vqcodec.codec.loading import for_sound, load
from vqcodec.defaults import DEFAULT_AUDIO_MODEL
from vqcodec.evaluation.report.spectrogram import RANGE, levels
from vqcodec.evaluation.sounds.metrics import RATE, mono
from vqcodec.media.sounds.recordings import read_recording


def main() -> None:
    """See the module."""
    parser = parser_of(__doc__)
    parser.add_argument("sound", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--kbps", type=float, nargs="+", default=[0.7, 1.5])
    parser.add_argument("--seconds", type=float, default=5)
    add_model(parser, DEFAULT_AUDIO_MODEL)
    arguments = parser.parse_args()
    codec, recording = for_sound(load(arguments.model)), read_recording(arguments.sound)
    samples = recording.samples[:, : round(arguments.seconds * recording.sample_rate)]
    shown = {"original": mono(samples, recording.sample_rate)}
    for kbps in arguments.kbps:
        data = codec.compress(samples, recording.sample_rate, kbps=kbps)
        seconds = samples.shape[1] / recording.sample_rate
        shown[f"{8 * len(data) / seconds / 1000:.2f} kbit/s"] = mono(*codec.decompress(data))
    figure, axes = plt.subplots(len(shown), figsize=(10, 2.3 * len(shown)), sharex=True, layout="constrained")
    loudest = levels(shown["original"]).max()
    extent = (0, samples.shape[1] / recording.sample_rate, 0, RATE / 2000)
    for panel, (name, sound) in zip(axes, shown.items(), strict=True):
        picture = {"origin": "lower", "aspect": "auto", "extent": extent, "cmap": "magma"}
        panel.imshow(levels(sound), vmin=loudest - RANGE, vmax=loudest, **picture)
        panel.set_title(name, loc="left", fontsize=10)
        panel.set_ylabel("kHz")
    axes[-1].set_xlabel("seconds")
    figure.savefig(arguments.target, dpi=100)


if __name__ == "__main__":
    run_script(main)

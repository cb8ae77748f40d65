"""`vqcodec info`: what a `.vq` file says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from vqcodec.cli import options
from vqcodec.cli.program import about

if TYPE_CHECKING:
    from vqcodec.codec.inspection import AudioFileInfo, ImageFileInfo

__all__ = ["info"]


@click.command(short_help="Describe a .vq file.")
@click.argument("source", metavar="FILE")
@options.allow_truncated
@options.json_output
def info(source: str, allow_truncated: bool, as_json: bool) -> None:
    """Describe the .vq file FILE (- is standard input) without decoding it.

    A file may be cut at the end of any of its streams, and still be decoded with --allow-truncated. The bytes up to
    each end are shown, too.
    """
    import vqcodec
    from vqcodec.system.files import is_vq, read_input

    data = read_input(source, is_vq)
    with about(source):
        found = vqcodec.inspect(data, allow_truncated)
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        click.echo("\n".join(f"{name:<12} {value}" for name, value in _rows(found)))


def _rows(found: ImageFileInfo | AudioFileInfo) -> list[tuple[str, str]]:
    from vqcodec.codec.inspection import ImageFileInfo

    if isinstance(found, ImageFileInfo):
        source = f"image, {found.width} x {found.height} pixels, {_colours(found)}"
        if (found.coded_width, found.coded_height) != (found.width, found.height):
            source += f", coded at {found.coded_width} x {found.coded_height}"
        rate, unit, digits = found.bits_per_pixel, "bits per pixel", 4
    else:
        source = f"audio, {found.seconds:.3f} s: {found.samples} samples at {found.sample_rate} Hz"
        source += f" in {found.channels} channel{'s' if found.channels > 1 else ''}"
        rate, unit, digits = found.kbps, "kbit/s", 3
    prefixes = [
        (f"to stream {number}", f"{size} bytes, {rate * size / found.total_bytes:.{digits}f} {unit}")
        for number, size in enumerate(found.prefixes, start=1)
    ]
    cut_off = len(found.prefixes) - len(found.streams)
    sizes = " + ".join(str(size) for size in found.streams)
    return [
        ("source", source),
        ("model", found.model or "not a bundled one"),
        ("fingerprint", found.fingerprint),
        ("rate point", str(found.rate_point)),
        ("planes", "unknown without the model" if found.planes is None else str(found.planes)),
        ("streams", f"{len(found.streams)}, of {sizes} bytes" + (f"; {cut_off} more cut off" if cut_off else "")),
        *prefixes,
        ("total", f"{found.total_bytes} bytes"),
        ("rate", f"{rate:.{digits}f} {unit}"),
    ]


def _colours(found: ImageFileInfo) -> str:
    """The colour format, and the chunks of a picture."""
    names = {"rgb": "RGB", "bilevel": "black and white", "grey_16": "grey of 16 bits", "cmyk": "CMYK"}
    extras = {"alpha": found.alpha_bytes, "metadata": found.metadata_bytes, "overlay": found.overlay_bytes}
    present = [f"{name} ({size} bytes)" for name, size in extras.items() if size]
    return ", ".join([names.get(found.colour, found.colour), *present])

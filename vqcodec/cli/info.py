"""`vqcodec info`: what a `.vq` file says of itself."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from vqcodec.cli import options
from vqcodec.cli.program import about

if TYPE_CHECKING:
    from vqcodec.inspection import AudioFileInfo, ImageFileInfo

__all__ = ["info"]


@click.command(short_help="Describe a .vq file.")
@click.argument("source", metavar="FILE")
@options.json_output
def info(source: str, as_json: bool) -> None:
    """Describe the .vq file FILE (- is standard input) without decoding it."""
    import vqcodec
    from vqcodec.files import read_input

    data = read_input(source)
    with about(source):
        found = vqcodec.inspect(data)
    if as_json:
        click.echo(json.dumps(asdict(found)))
    else:
        click.echo("\n".join(f"{name:<12} {value}" for name, value in _rows(found)))


def _rows(found: ImageFileInfo | AudioFileInfo) -> list[tuple[str, str]]:
    from vqcodec.inspection import ImageFileInfo

    if isinstance(found, ImageFileInfo):
        source = f"image, {found.width} x {found.height} pixels"
        rate = f"{found.bits_per_pixel:.4f} bits per pixel"
    else:
        source = f"audio, {found.seconds:.3f} s: {found.samples} samples at {found.sample_rate} Hz"
        source += f" in {found.channels} channel{'s' if found.channels > 1 else ''}"
        rate = f"{found.kbps:.3f} kbit/s"
    sizes = " + ".join(str(size) for size in found.layers)
    return [
        ("source", source),
        ("model", found.model or "not a bundled one"),
        ("fingerprint", found.fingerprint),
        ("rate point", str(found.rate_point)),
        ("planes", "unknown without the model" if found.planes is None else str(found.planes)),
        ("layers", f"{len(found.layers)}, of {sizes} bytes"),
        ("total", f"{found.total_bytes} bytes"),
        ("rate", rate),
    ]

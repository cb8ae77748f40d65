"""`vqcodec decompress`: a `.vq` file to a picture."""

from __future__ import annotations

import click

from vqcodec.cli import options
from vqcodec.cli.program import about

__all__ = ["decompress"]


@click.command(short_help="Decompress a picture.")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@click.option(
    "-m", "--model", metavar="NAME|PATH", help="The model that wrote IN.  [default: the bundled one that IN names]"
)
@click.option("--max-pixels", type=click.IntRange(1), metavar="N", help="Refuse a larger picture.")
@options.device
@options.force
def decompress(source: str, target: str, model: str | None, max_pixels: int | None, device: str, force: bool) -> None:
    """Decompress the .vq file IN to the picture OUT; - is standard input or output.

    The suffix of OUT chooses the format: .png, .jpg, .webp, .tif, .bmp or .ppm. Standard output gets PNG.
    """
    from vqcodec.files import STANDARD_STREAM, read_input, write_output
    from vqcodec.image.pixels import write_picture, written_format

    suffix = ".png" if target == STANDARD_STREAM else written_format(target)
    data = read_input(source)
    # Opened before the model is loaded: what is wrong with the output is told at once.
    with write_output(target, force) as file:
        from vqcodec.loading import load_for
        from vqcodec.model import find_model

        models = [find_model(model)] if model else []
        with about(source):
            image = load_for(data, device, models, max_pixels).decompress(data, max_pixels)
        with about(target):
            write_picture(image, file, suffix)

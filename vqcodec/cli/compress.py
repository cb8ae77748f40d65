"""`vqcodec compress`: a picture to a `.vq` file."""

from __future__ import annotations

import click

from vqcodec.cli import options
from vqcodec.cli.program import about, note

__all__ = ["compress"]


@click.command(short_help="Compress a picture.")
@click.argument("source", metavar="IN")
@click.argument("target", metavar="OUT")
@options.quality
@options.model
@options.device
@options.force
def compress(source: str, target: str, quality: float, model: str, device: str, force: bool) -> None:
    """Compress the picture IN to the .vq file OUT; - is standard input or output.

    IN is anything that Pillow reads. It becomes RGB of 8 bits a channel: transparency is laid over white, of an
    animation the first frame is kept. What is lost in this way is noted.
    """
    import vqcodec
    from vqcodec.files import read_input, write_output
    from vqcodec.image.pixels import read_picture

    data = read_input(source)
    with about(source):
        picture = read_picture(data)
    for text in picture.notes:
        note(f"{source}: {text}")
    # Opened before the model is loaded: what is wrong with the output is told at once.
    with write_output(target, force) as file:
        file.write(vqcodec.load(model, device).compress(picture.image, quality))

"""`vqcodec eval rd`: rate and distortion on a folder of pictures."""

from __future__ import annotations

from pathlib import Path

import click

from vqcodec.cli import options
from vqcodec.cli.extras import needs_extra
from vqcodec.cli.program import note, report_error
from vqcodec.defaults import EVALUATED_CODECS, EVALUATED_QUALITIES

__all__ = ["rd"]


class _Names(click.ParamType[tuple[str, ...]]):
    """Names of codecs with commas between them."""

    name = "names"

    def convert(
        self, value: str | tuple[str, ...], parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value
        for name in names:
            if name not in EVALUATED_CODECS:
                self.fail(f"{name!r} is none of {', '.join(EVALUATED_CODECS)}", parameter, context)
        return tuple(dict.fromkeys(names))


class _Qualities(click.ParamType[tuple[float, ...]]):
    """Numbers from 1 to 100 with commas between them."""

    name = "qualities"

    def convert(
        self, value: str | tuple[float, ...], parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[float, ...]:
        if not isinstance(value, str):
            return value
        one = click.FloatRange(1, 100)
        return tuple(sorted({one(each, parameter, context) for each in value.split(",")}))


@click.command(short_help="Rate and distortion on a folder of pictures.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", metavar="REPORT", type=click.Path(path_type=Path), required=True, help="The folder to write.")
@click.option(
    "--codecs",
    metavar="NAME,...",
    type=_Names(),
    help=f"What to measure; the first is compared with the others.  [default: {','.join(EVALUATED_CODECS)}]",
)
@click.option(
    "--qualities",
    metavar="Q,...",
    type=_Qualities(),
    default=EVALUATED_QUALITIES,
    help=f"Of vqcodec; the others have their own.  [default: {','.join(f'{each:g}' for each in EVALUATED_QUALITIES)}]",
)
@options.model
@click.option(
    "--published",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Curves to draw too; may be given several times.",
)
def rd(
    folder: Path,
    out: Path,
    codecs: tuple[str, ...] | None,
    qualities: tuple[float, ...],
    model: str,
    published: tuple[Path, ...],
) -> None:
    """Compress and decompress every picture of the folder DIR, and report rate, quality and time.

    The folder REPORT gets report.html, summary.md, curves.png, curves.svg, results.csv and results.json. What was
    measured is kept there, in cache.jsonl and gallery.jsonl: a second run measures only what is missing.

    \b
    A file of --published is JSON: one curve, or a list of them, each
      {"name": "...", "bpp": [...], "psnr": [...], "ms_ssim": [...]}
    of which "psnr" or "ms_ssim" may be missing. The results of CompressAI,
      {"name": "...", "results": {"bpp": [...], "psnr-rgb": [...], ...}}
    are read too.
    """
    with needs_extra("eval"):
        from vqcodec.evaluation.rd import measure, plan, write_report
    from bitstream.errors import InputError

    wanted = plan(folder, out, codecs, qualities, model, published)
    for text in wanted.notes:
        note(text)
    for each in wanted.unreadable:
        report_error(f"{folder / each.name}: {each.reason}")
    results = measure(wanted)
    for each in results.skipped[len(wanted.unreadable) :]:
        report_error(f"{folder / each.name}: {each.reason}")
    click.echo(write_report(results, out), nl=False)
    if results.skipped:
        count = len(results.skipped) + len(results.pictures)
        raise InputError(f"{len(results.skipped)} of {count} pictures were left out; {out} has the others")

"""`vqcodec eval rd`: rate and distortion on a folder of pictures, or of sounds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vqcodec.cli import options
from vqcodec.cli.extras import needs_extra
from vqcodec.cli.left_out import count_left_out
from vqcodec.cli.program import note, report_error
from vqcodec.defaults import (
    EVALUATED_CODECS,
    EVALUATED_QUALITIES,
    EVALUATED_RATES,
    EVALUATED_SOUND_CODECS,
    Effort,
)

if TYPE_CHECKING:
    from vqcodec.evaluation.shared.folder import Skipped

__all__ = ["rd"]


class _Names(click.ParamType[tuple[str, ...]]):
    """Names of codecs with commas between them."""

    name = "names"

    def convert(
        self, value: str | tuple[str, ...], parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[str, ...]:
        names = tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value
        for name in names:
            if name not in (known := dict.fromkeys((*EVALUATED_CODECS, *EVALUATED_SOUND_CODECS))):
                self.fail(f"{name!r} is not one of {', '.join(known)}", parameter, context)
        return tuple(dict.fromkeys(names))


class _Numbers(click.ParamType[tuple[float, ...]]):
    """Numbers of a range with commas between them."""

    name = "numbers"

    def __init__(self, one: click.FloatRange) -> None:
        self.one = one

    def convert(
        self, value: str | tuple[float, ...], parameter: click.Parameter | None, context: click.Context | None
    ) -> tuple[float, ...]:
        if not isinstance(value, str):
            return value
        return tuple(sorted({self.one(each, parameter, context) for each in value.split(",")}))


def _list(values: tuple[float, ...]) -> str:
    return ",".join(f"{each:g}" for each in values)


@click.command(short_help="Rate and distortion on a folder of pictures or sounds.")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--out", metavar="REPORT", type=click.Path(path_type=Path), required=True, help="Folder of the report.")
@click.option(
    "--codecs",
    metavar="NAME,...",
    type=_Names(),
    help="Codecs to measure; the first is compared with the others.  "
    f"[default: {','.join(EVALUATED_CODECS)}, or for sounds {','.join(EVALUATED_SOUND_CODECS)}]",
)
@click.option(
    "--qualities",
    metavar="Q,...",
    type=_Numbers(click.FloatRange(1, 100)),
    help=f"Qualities of vqcodec on pictures; other codecs have their own.  [default: {_list(EVALUATED_QUALITIES)}]",
)
@click.option(
    "--rates",
    metavar="R,...",
    type=_Numbers(click.FloatRange(0, min_open=True, max=1000)),
    help=f"Target rates of vqcodec on sounds, in kbit/s; Opus has its own.  [default: {_list(EVALUATED_RATES)}]",
)
@options.model_of_kind
@options.verbose
@options.effort
@click.option(
    "--published",
    metavar="FILE",
    type=click.Path(path_type=Path),
    multiple=True,
    help="File with curves of others, to draw beside; may be given several times.",
)
def rd(
    folder: Path,
    out: Path,
    codecs: tuple[str, ...] | None,
    qualities: tuple[float, ...] | None,
    rates: tuple[float, ...] | None,
    model: str | None,
    verbose: bool,
    effort: Effort,
    published: tuple[Path, ...],
) -> None:
    """Compress and decompress all pictures of the folder DIR, or all sounds; report rate, quality and time.

    If the folder has pictures, these are evaluated, and its sounds are left out. If it has none, its sounds are
    evaluated: vqcodec beside Opus, by PESQ-WB, STOI and ViSQOL. Opus needs the programs opusenc and opusdec. With Node
    and the npm package @wasm-audio-decoders/opus-ml in the working folder, Opus is also decoded with LACE and NoLACE.

    Some codecs are measured in several variants. At each rate the best variant counts, for each metric by itself.

    The folder REPORT gets report.html, summary.md, curves.png, curves.svg, results.csv and results.json. It also keeps
    what was measured, in cache.jsonl and gallery.jsonl, so that a second run measures only what is missing.

    \b
    A file of --published is JSON: a curve, or a list of curves, each of the form
      {"name": "...", "bpp": [...], "psnr": [...], "ms_ssim": [...]}
    where "psnr" or "ms_ssim" may be missing. The results of CompressAI are read, too:
      {"name": "...", "results": {"bpp": [...], "psnr-rgb": [...], ...}}
    A curve of sounds has "kbps", and any of "pesq", "stoi" and "visqol".
    """
    from bitstream.errors import InputError
    from vqcodec.system.folders import all_but

    with needs_extra("eval"):
        from vqcodec.evaluation.rd import look_into, measure, prepare, write_report

        subject = look_into(folder)
    if subject.modality.name == "picture":
        options.refuse("rates", "is for sounds: pictures have --qualities")
    else:
        options.refuse("qualities", "is for pictures: sounds have --rates")
        options.refuse("effort", "is for pictures")
    evaluation = prepare(subject, out, codecs, qualities or rates, model, effort, published)
    _tell(folder, evaluation.notes, evaluation.unreadable)
    report = measure(evaluation)
    results = report.results
    _tell(folder, results.notes[len(evaluation.notes) :], results.skipped[len(evaluation.unreadable) :])
    click.echo(write_report(report, out), nl=False)
    count_left_out(folder, all_but(folder, subject.paths), verbose)
    if results.skipped:
        left, count = len(results.skipped), len(results.skipped) + len(results.originals)
        raise InputError(f"{left} of {subject.wording.count(count)} were left out; {out} has the others")


def _tell(folder: Path, notes: Sequence[str], skipped: Sequence[Skipped]) -> None:
    """Tell standard error of notes, and of files that are left out."""
    for text in notes:
        note(text)
    for each in skipped:
        report_error(f"{folder / each.name}: {each.reason}")

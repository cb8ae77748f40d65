"""`vqcodec bulk`: archives, on one machine or many."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from vqcodec.cli import options
from vqcodec.cli.extras import needs_extra
from vqcodec.cli.program import note, report_error
from vqcodec.defaults import Effort

if TYPE_CHECKING:
    from vqcodec.bulk.job import Job
    from vqcodec.bulk.targets import Format

__all__ = ["bulk"]

Command = Callable[..., Any]


_source = click.argument("source", metavar="SOURCE")
_target = click.argument("target", metavar="TARGET")
_address = click.option(
    "--address", metavar="ADDRESS", help="A Ray cluster: auto, or ray://HOST:PORT.  [default: this machine]"
)
_workers = click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Workers.  [default: as there are processors]"
)
_cpus = click.option(
    "--cpus-per-worker",
    "cpus",
    type=click.IntRange(1),
    metavar="N",
    default=1,
    show_default=True,
    help="Processors of each worker.",
)
_column = click.option(
    "--column", metavar="NAME", help="Of Parquet tables: the column of bytes.  [default: the first one]"
)
_shard_size = click.option(
    "--shard-size",
    type=click.IntRange(1),
    metavar="N",
    default=1000,
    show_default=True,
    help="Files of a shard or table that is written.",
)
_format = click.option(
    "--format",
    "form",
    type=click.Choice(["files", "webdataset", "parquet"]),
    default="files",
    show_default=True,
    help="A tree of files, WebDataset shards, or Parquet tables.",
)
_verify = click.option("--verify", is_flag=True, help="Read what is there already, and make anew what is damaged.")
_force = click.option("-f", "--force", is_flag=True, help="Make anew what is there already.")


def _shared(command: Command) -> Command:
    """The arguments of all bulk commands."""
    for option in (options.device, _force, _verify, _shard_size, _column, _cpus, _workers, _address, _target, _source):
        command = option(command)
    return command


@click.group(short_help="Archives, on one machine or many.")
def bulk() -> None:
    """Compress, decompress or tokenise archives on Ray Data, on this machine or on a cluster.

    SOURCE is a folder with all below it, a glob or a file, here or at any URL of fsspec (s3://, gs://, http://, ...):
    pictures and sounds, or .vq files; or WebDataset shards (.tar), or Parquet tables with a column of bytes, or of the
    pictures or sounds of Hugging Face. TARGET is a folder.

    What is there already is skipped, so that a run that was stopped goes on. A file that fails stops no other: it is
    listed in _vqcodec/errors.jsonl in TARGET, and the exit code is 1.
    """


@bulk.command(short_help="Compress an archive.")
@_shared
@_format
@options.quality
@click.option("--max-bytes", type=click.IntRange(1), metavar="N", help="The most bytes of a file.")
@click.option("--bpp", type=click.FloatRange(0, min_open=True), metavar="R", help="Of pictures: the most bits a pixel.")
@click.option("--kbps", type=click.FloatRange(0, min_open=True), metavar="R", help="Of sounds: the most kbit a second.")
@options.effort
@options.keep_metadata
@options.model_of_kind
def compress(
    form: Format,
    quality: float,
    max_bytes: int | None,
    bpp: float | None,
    kbps: float | None,
    effort: Effort,
    keep_metadata: bool,
    model: str | None,
    device: str,
    cpus: int,
    **shared: Any,
) -> None:
    """Compress the pictures and sounds of SOURCE to .vq files in TARGET.

    a/x.png becomes a/x.png.vq. In a shard it becomes a sample of x.vq and x.json, in a table a row with path, vq,
    width, height, mode, model, bits, sha256 and error. Files are those of `vqcodec compress`, to the byte.
    """
    options.at_most_one("quality", "max_bytes", "bpp", "kbps")
    with needs_extra("bulk"):
        from vqcodec.bulk.settings import Settings, carried_model
    carried = carried_model(model)
    settings = Settings("compress", carried, quality, max_bytes, bpp, kbps, effort, keep_metadata)
    _run(settings, form, device, cpus, **shared)


@bulk.command(short_help="Decompress an archive.")
@_shared
@_format
@click.option("--suffix", metavar=".SUFFIX", help="The format of pictures or of sounds.  [default: .png and .wav]")
@click.option(
    "-m", "--model", metavar="NAME|PATH", help="The model that wrote the files.  [default: the one that they name]"
)
@click.option("--max-pixels", type=click.IntRange(1), metavar="N", help="Refuse larger pictures.")
def decompress(
    form: Format,
    suffix: str | None,
    model: str | None,
    max_pixels: int | None,
    device: str,
    cpus: int,
    **shared: Any,
) -> None:
    """Decompress the .vq files of SOURCE to pictures and sounds in TARGET.

    a/x.png.vq becomes a/x.png.png. In a shard it becomes a sample of x.png and x.json, in a table a row with path,
    bytes, suffix, width, height, mode, model, sha256 and error.
    """
    from vqcodec.cli.decompress import check_suffix

    with needs_extra("bulk"):
        from vqcodec.bulk.settings import Settings, carried_model
    settings = Settings("decompress", carried_model(model), suffix=check_suffix(suffix), max_pixels=max_pixels)
    _run(settings, form, device, cpus, **shared)


@bulk.command(short_help="Turn an archive into tokens.")
@_shared
@options.quality
@click.option("--size", type=options.PictureSize(), metavar="WxH", help="Scale and crop pictures to this size first.")
@click.option("--code-lengths", is_flag=True, help="Add -log2 p of every index under the prior.")
@options.model_of_kind
def tokens(
    quality: float,
    size: tuple[int, int] | None,
    code_lengths: bool,
    model: str | None,
    device: str,
    cpus: int,
    **shared: Any,
) -> None:
    """Write the codebook indices of the pictures or sounds of SOURCE to Parquet tables in TARGET.

    A row has path, width, height, mode, model, rate_point, planes, rows, columns, indices and error; indices are a list
    for each plane, the most important plane first. With --size all lists have the same length.
    """
    with needs_extra("bulk"):
        from vqcodec.bulk.settings import Settings, carried_model
    settings = Settings("tokens", carried_model(model), quality, size=size, code_lengths=code_lengths)
    _run(settings, "parquet", device, cpus, **shared)


def _run(
    settings: Any,
    form: Format,
    device: str,
    cpus: int,
    source: str,
    target: str,
    address: str | None,
    workers: int | None,
    column: str | None,
    shard_size: int,
    verify: bool,
    force: bool,
) -> None:
    """Run a job, and say what came of it; click.exceptions.Exit with code 1 if something failed."""
    from dataclasses import replace

    with needs_extra("bulk"):
        import fsspec  # noqa: F401  (told before work begins)
        import pyarrow  # noqa: F401
        import ray  # noqa: F401

        from vqcodec.bulk.job import Job
        from vqcodec.bulk.pipeline import Cluster
        from vqcodec.bulk.running import run_job
    settings = replace(settings, device=device, threads=cpus)
    job: Job = Job(settings, source, target, form, column, verify, force)
    cluster = Cluster(address, workers, cpus, device != "cpu", bars=sys.stderr.isatty())
    tell = (lambda _: None) if cluster.bars else (lambda line: click.echo(line, err=True))
    result = run_job(job, cluster, shard_size, tell)
    totals = result.totals
    for text in result.errors:
        report_error(text)
    if totals.failed > len(result.errors):
        note(f"{totals.failed - len(result.errors):,} more failed")
    if totals.failed:
        note(f"all that failed is listed in {target.rstrip('/')}/_vqcodec/errors.jsonl")
    if result.stale:
        note(f"{target}: {result.stale:,} shards or tables are of an earlier source, which had more")
    left_out = f", {result.left_out:,} left out" if result.left_out else ""
    click.echo(totals.summary(result.seconds) + left_out, err=True)
    if totals.failed or totals.failed_before or totals.undone:
        raise click.exceptions.Exit(1)

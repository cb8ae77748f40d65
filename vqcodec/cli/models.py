"""`vqcodec models`: the bundled models."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from vqcodec.cli import options

__all__ = ["models"]


@click.command(short_help="List the bundled models.")
@options.json_output
def models(as_json: bool) -> None:
    """List the models that ship with vqcodec."""
    import vqcodec

    found = vqcodec.models()
    if as_json:
        click.echo(json.dumps([asdict(model) | {"path": str(model.path)} for model in found], indent=2))
        return
    head = ("NAME", "KIND", "MBYTES", "FINGERPRINT", "DESCRIPTION")
    rows = [(m.name, m.modality, f"{m.bytes / 1e6:.1f}", m.fingerprint, m.description) for m in found]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    for row in (head, *rows):
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())

"""`python -m vqcodec` is the command `vqcodec`."""

from __future__ import annotations

from vqcodec.cli import main

__all__: list[str] = []

main(prog_name="vqcodec")

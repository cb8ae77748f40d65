"""Bulk work: archives of pictures and sounds on one machine or many.

`Compressor`, `Decompressor` and `Tokenizer` work on batches in anybody's Ray Data, Dask or Spark pipeline.
`vqcodec bulk` runs them on Ray Data, which is imported only then: see `vqcodec.bulk.pipeline`.
"""

from __future__ import annotations

from vqcodec.bulk.workers import Compressor, Decompressor, Tokenizer

__all__ = ["Compressor", "Decompressor", "Tokenizer"]

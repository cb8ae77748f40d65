"""The columns of Parquet tables."""

from __future__ import annotations

from typing import Any

from vqcodec.bulk.settings import Settings

__all__ = ["schema_of"]


def schema_of(settings: Settings, shape: tuple[int, int, int] | None = None) -> Any:
    """The schema of a table, of pyarrow.

    Args:
        settings: what is done.
        shape: planes, rows and columns of the indices of all items, if these are the same; they are then lists of
            fixed sizes.
    """
    import pyarrow as pa

    names = ("path", "mode", "model", "sha256", "error", "suffix")
    numbers = ("width", "height", "samples", "sample_rate", "channels", "bits")
    kinds = dict.fromkeys(names, pa.string()) | dict.fromkeys(numbers, pa.int64())
    kinds |= {"vq": pa.binary(), "bytes": pa.binary()}
    kinds |= dict.fromkeys(("rate_point", "planes", "rows", "columns"), pa.int32())
    planes, size = (-1, -1) if shape is None else (shape[0], shape[1] * shape[2])
    kinds["indices"] = pa.list_(pa.list_(pa.uint16(), size), planes)
    kinds["code_lengths"] = pa.list_(pa.list_(pa.float32(), size), planes)
    from vqcodec.bulk.workers import columns_of

    return pa.schema([(name, kinds[name]) for name in columns_of(settings)])

"""Workers for batches: dictionaries of columns to dictionaries of columns, in anybody's pipeline.

A worker loads its models once, on first use, and can be pickled. It works row by row: pictures never share a batch of
the encoder, so files do not depend on how rows are grouped. A row that fails has an `error`, and stops nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from numpy.typing import NDArray

from bitstream import InputError
from vqcodec.bulk.coding import Row, attempt, coder_of, failure
from vqcodec.bulk.settings import Settings, Work, carried_model
from vqcodec.defaults import DEFAULT_EFFORT, DEFAULT_QUALITY, Effort

__all__ = ["Compressor", "Decompressor", "Tokenizer", "columns_of"]

Batch = Mapping[str, Sequence[Any] | NDArray[Any]]

_SIZE = ("width", "height", "mode", "model")
_SOUND = ("samples", "sample_rate", "channels")  # which are None for pictures
COLUMNS: dict[Work, tuple[str, ...]] = {
    "compress": ("path", "vq", *_SIZE, "bits", "sha256", "error", *_SOUND),
    "decompress": ("path", "bytes", "suffix", *_SIZE, "sha256", "error", *_SOUND),
    "tokens": ("path", "rate_point", "planes", "rows", "columns", "indices", *_SIZE, "error", *_SOUND),
}


def columns_of(settings: Settings) -> tuple[str, ...]:
    """The columns of results."""
    return COLUMNS[settings.work] + (("code_lengths",) if settings.code_lengths else ())


class _Worker:
    """What all workers share: the columns that they read."""

    def __init__(self, settings: Settings, column: str) -> None:
        self._settings, self._column = settings, column
        self._coder = coder_of(settings)
        self.columns = columns_of(settings)

    def __call__(self, batch: Batch) -> dict[str, list[Any]]:
        """The results of a batch, in its order.

        Args:
            batch: has the column of bytes; or of structs of `bytes` and `path`, as Hugging Face has pictures and
                sounds; or else a column `path` of paths or URLs, which are then read by fsspec.
        """
        rows = [{"path": path, **self._row(path, data)} for path, data in self._items(batch)]
        return {name: [row.get(name) for row in rows] for name in self.columns}

    def _items(self, batch: Batch) -> Iterator[tuple[str | None, Any]]:
        """The path of each row, if it has one, and its bytes, if it has them."""
        if self._column not in batch and "path" not in batch:
            raise InputError(f"a batch has the column {self._column!r} of bytes, or the column 'path'")
        count = len(batch[self._column if self._column in batch else "path"])
        paths, contents = (batch.get(name, [None] * count) for name in ("path", self._column))
        for path, content in zip(paths, contents, strict=True):
            if isinstance(content, Mapping):
                yield content.get("path") if path is None else path, content.get("bytes")
            else:
                yield path, content

    def _row(self, path: str | None, content: Any) -> Row:
        try:
            data = _read(path) if content is None else bytes(content)
        except Exception as error:  # of any file system
            return {"error": failure(error)}
        return attempt(self._coder, data)


def _read(path: str | None) -> bytes:
    """The bytes of a file that is named by a URL or a path."""
    if path is None:
        raise InputError("it has neither bytes nor a path")
    try:
        import fsspec
    except ModuleNotFoundError:
        raise InputError("to read paths needs fsspec: pip install 'vqcodec[bulk]'") from None
    with fsspec.open(str(path), "rb") as file:
        data: bytes = file.read()
        return data


class Compressor(_Worker):
    """Compresses the pictures and sounds of a batch to `.vq` files.

    Its columns are `path`, `vq` (bytes), `width` and `height` in pixels, `mode` ("rgb", "grey", ... or "sound"),
    `model`, `bits`, `sha256` (of `vq`), `error` (None if there is none), and of sounds `samples`, `sample_rate` and
    `channels`.

    Args:
        model: of the kind of the items; by default a bundled one. A model file is read here and carried to where the
            worker goes.
        quality: 1..100.
        max_bytes: the most bytes of a file, instead of a quality.
        effort: of pictures: "normal" and "high" take several times and some thirty times as long as "fast".
        keep_metadata: of pictures: colour profile, EXIF and XMP.
        device: where the networks run.
        column: of the bytes.

    Raises:
        ModelError: the model is not there.
    """

    def __init__(
        self,
        model: str | None = None,
        quality: float = DEFAULT_QUALITY,
        max_bytes: int | None = None,
        effort: Effort = DEFAULT_EFFORT,
        keep_metadata: bool = False,
        device: str = "cpu",
        column: str = "bytes",
    ) -> None:
        carried = carried_model(model)
        settings = Settings("compress", carried, quality, max_bytes, effort=effort, keep_metadata=keep_metadata)
        super().__init__(_on(settings, device), column)


class Decompressor(_Worker):
    """Decompresses the `.vq` files of a batch.

    Its columns are those of `Compressor` with `bytes` (a picture or sound file) and `suffix` in place of `vq` and
    `bits`; `sha256` is that of `bytes`.

    Args:
        model: by default the bundled one that a file names.
        suffix: the format of pictures or of sounds; by default ".png" and ".wav".
        max_pixels: refuse larger pictures.
        device: where the networks run.
        column: of the bytes.

    Raises:
        ModelError: the model is not there.
    """

    def __init__(
        self,
        model: str | None = None,
        suffix: str | None = None,
        max_pixels: int | None = None,
        device: str = "cpu",
        column: str = "vq",
    ) -> None:
        settings = Settings("decompress", carried_model(model), suffix=suffix, max_pixels=max_pixels)
        super().__init__(_on(settings, device), column)


class Tokenizer(_Worker):
    """Turns the pictures or sounds of a batch into codebook indices.

    Its columns are `path`, `rate_point`, `planes`, `rows`, `columns`, `indices`, and those of `Compressor` for size,
    mode, model, error and sounds. `indices` are uint16, a list of `rows * columns` for every plane, planes in order of
    importance. With `code_lengths` there is a column of that name: -log2 p of every index under the prior, in float32.

    Args:
        model: of the kind of the items; by default a bundled one.
        quality: 1..100.
        size: width and height in pixels that pictures are scaled and cropped to.
        code_lengths: whether to add code lengths.
        device: where the networks run.
        column: of the bytes.

    Raises:
        ModelError: the model is not there.
    """

    def __init__(
        self,
        model: str | None = None,
        quality: float = DEFAULT_QUALITY,
        size: tuple[int, int] | None = None,
        code_lengths: bool = False,
        device: str = "cpu",
        column: str = "bytes",
    ) -> None:
        settings = Settings("tokens", carried_model(model), quality, size=size, code_lengths=code_lengths)
        super().__init__(_on(settings, device), column)


def _on(settings: Settings, device: str) -> Settings:
    from dataclasses import replace

    return replace(settings, device=device)

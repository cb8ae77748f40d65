"""Workers of batches, in Ray Data, Dask and what Spark does with partitions."""

from __future__ import annotations

import hashlib
import io
import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.helpers.bulk_files import MODEL, POISON, png
from tests.helpers.commands import VOICE
from tests.helpers.paths import GOLDEN_SOUND_MODEL
from vqcodec import load
from vqcodec.bulk import Compressor, Decompressor, Tokenizer
from vqcodec.codec.loading import for_pictures

FILES = [png(seed, 24 + seed, 16) for seed in range(4)]
NAMES = [f"{number}.png" for number in range(4)]
BATCH: dict[str, Sequence[Any]] = {"path": NAMES, "bytes": FILES}


@pytest.fixture(scope="module")
def expected() -> list[bytes]:
    codec = for_pictures(load(MODEL))
    return [codec.compress(data, quality=40) for data in FILES]


def test_files_are_those_of_the_codec(expected: list[bytes]) -> None:
    rows = Compressor(MODEL, quality=40)(BATCH)
    assert rows["vq"] == expected
    assert rows["path"] == BATCH["path"]
    assert rows["bits"] == [8 * len(data) for data in expected]
    assert rows["sha256"] == [hashlib.sha256(data).hexdigest() for data in expected]
    assert (rows["width"], rows["height"], rows["mode"]) == ([24, 25, 26, 27], [16] * 4, ["rgb"] * 4)
    assert rows["error"] == [None] * 4


def test_a_row_that_fails_stops_nothing(expected: list[bytes]) -> None:
    files = [FILES[0], *POISON.values(), FILES[1]]
    rows = Compressor(MODEL, quality=40)({"bytes": files})
    assert [rows["vq"][0], rows["vq"][-1]] == expected[:2]
    assert rows["vq"][1:-1] == [None] * len(POISON)
    assert all(rows["error"][1:-1])
    assert not any("\n" in error for error in rows["error"][1:-1])


def test_rows_of_hugging_face_and_of_paths(tmp_path: Path, expected: list[bytes]) -> None:
    (tmp_path / "a.png").write_bytes(FILES[0])
    worker = Compressor(MODEL, quality=40, column="image")
    structs = worker({"image": [{"bytes": FILES[0], "path": "a.png"}, {"bytes": None, "path": None}]})
    assert (structs["path"], structs["vq"]) == (["a.png", None], [expected[0], None])
    paths = worker({"path": np.array([f"file://{tmp_path}/a.png", str(tmp_path / "none.png")])})
    assert paths["vq"] == [expected[0], None]
    assert paths["error"] == [None, "No such file or directory"]


def test_there_and_back(expected: list[bytes]) -> None:
    worker = Decompressor(MODEL, suffix=".png")
    rows = worker({"path": ["a.vq", "b.vq"], "vq": [expected[0], b"VQ"]})
    with Image.open(io.BytesIO(rows["bytes"][0])) as picture:
        assert picture.tobytes() == for_pictures(load(MODEL)).decompress(expected[0]).tobytes()
    assert rows["bytes"][1] is None
    assert rows["error"][1]


def test_sounds_take_the_same_way() -> None:
    rows = Compressor(str(GOLDEN_SOUND_MODEL))({"path": ["a.wav"], "bytes": [VOICE]})
    assert (rows["mode"], rows["samples"], rows["channels"], rows["width"]) == (["sound"], [16_000], [1], [None])
    back = Decompressor(str(GOLDEN_SOUND_MODEL))({"vq": rows["vq"]})
    assert (back["suffix"], back["bytes"][0][:4]) == ([".wav"], b"RIFF")
    tokens = Tokenizer(str(GOLDEN_SOUND_MODEL))({"bytes": [VOICE]})
    assert len(tokens["indices"][0]) == tokens["planes"][0]


def test_tokens_are_those_of_the_codec() -> None:
    codec = for_pictures(load(MODEL))
    rows = Tokenizer(MODEL, quality=40, code_lengths=True)(BATCH)
    chosen = codec.settings(40)
    for number, data in enumerate(FILES):
        wanted = codec.encode(data, chosen.lambda_, chosen.rate_point)
        shape = (rows["planes"][number], rows["rows"][number], rows["columns"][number])
        assert np.array_equal(np.reshape(rows["indices"][number], shape), wanted.values)
        assert np.allclose(np.reshape(rows["code_lengths"][number], shape), codec.bits(wanted))
    same = Tokenizer(MODEL, size=(32, 32))(BATCH)
    assert len({len(plane) for indices in same["indices"] for plane in indices}) == 1


def test_workers_can_be_pickled_before_and_after_use(expected: list[bytes]) -> None:
    worker = Compressor(MODEL, quality=40)
    for _ in range(2):
        assert pickle.loads(pickle.dumps(worker))(BATCH)["vq"] == expected
        worker(BATCH)


def test_ray_data(here: None, expected: list[bytes]) -> None:
    import ray

    rows = ray.data.from_items([{"path": name, "bytes": data} for name, data in zip(NAMES, FILES, strict=True)])
    coded = rows.map_batches(
        Compressor,
        fn_constructor_kwargs={"model": MODEL, "quality": 40},
        compute=ray.data.ActorPoolStrategy(size=1),
        batch_size=2,
    )
    assert {row["path"]: row["vq"] for row in coded.take_all()} == dict(zip(NAMES, expected, strict=True))


def test_dask(expected: list[bytes]) -> None:
    from dask import bag

    worker = Compressor(MODEL, quality=40)
    items = bag.from_sequence(zip(NAMES, FILES, strict=True), npartitions=2)
    coded = items.map_partitions(_coded, worker).compute(scheduler="synchronous")
    assert [row["vq"] for row in coded] == expected


def test_partitions_of_spark(expected: list[bytes]) -> None:
    """`mapPartitions` calls a pickled function with an iterator of rows, and takes an iterator."""
    import cloudpickle

    worker = Compressor(MODEL, quality=40)
    function = cloudpickle.loads(cloudpickle.dumps(lambda rows: _coded(rows, worker)))
    assert [row["vq"] for row in function(zip(NAMES, FILES, strict=True))] == expected


def _coded(rows: Iterator[tuple[str, bytes]], worker: Compressor) -> Iterator[dict[str, Any]]:
    """The rows of a partition, coded one by one."""
    for path, data in rows:
        coded = worker({"path": [path], "bytes": [data]})
        yield {name: column[0] for name, column in coded.items()}

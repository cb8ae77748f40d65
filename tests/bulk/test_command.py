"""The command on one machine: sources, targets, second runs, poisoned items."""

from __future__ import annotations

import json
import re
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.helpers.bulk_files import MODEL, POISON, command, png, tar_of
from tests.helpers.commands import VOICE, contents, error_of, run
from tests.helpers.processes import python

pytestmark = pytest.mark.usefixtures("here")


def bulk(*args: object, code: int = 0) -> Result:
    result = run("bulk", *args, "--workers", 2)
    assert result.exit_code == code, result.stderr
    assert "Traceback" not in result.stderr
    return result


def counts(result: Result) -> dict[str, int]:
    """What the summary counts."""
    found = re.findall(r"([\d,]+) (done|skipped|failed before|failed)\b", result.stderr.splitlines()[-1])
    return {what: int(count.replace(",", "")) for count, what in found}


def results(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if not name.startswith("_vqcodec")}


# Trees of files ------------------------------------------------------------------------------------------------------


def test_files_are_those_of_compress(pictures: Path, tmp_path: Path) -> None:
    (pictures / "a.wav").write_bytes(VOICE)
    assert counts(bulk("compress", pictures, tmp_path / "out", "-q", 40)) == {"done": 13}
    assert run("compress", pictures, "-r", "--out-dir", tmp_path / "wanted", "-q", 40).exit_code == 0
    wanted = {name.removesuffix(".vq"): data for name, data in contents(tmp_path / "wanted").items()}
    found = {str(Path(name).with_suffix("").with_suffix("")): data for name, data in results(tmp_path / "out").items()}
    assert found == wanted
    bulk("decompress", tmp_path / "out", tmp_path / "back")
    assert len(results(tmp_path / "back")) == 13


def test_a_second_run_does_the_rest_only(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert counts(bulk("compress", pictures, out, "-m", MODEL)) == {"done": 12}
    before = results(out)
    (out / "0" / "00.png.vq").unlink()
    (pictures / "new.jpg").write_bytes(png(50))
    assert counts(bulk("compress", pictures, out, "-m", MODEL)) == {"done": 2, "skipped": 11}
    assert before.items() <= results(out).items()
    (out / "1" / "01.png.vq").write_bytes(before["1/01.png.vq"][:-1])
    assert counts(bulk("compress", pictures, out, "-m", MODEL)) == {"done": 0, "skipped": 13}
    assert counts(bulk("compress", pictures, out, "-m", MODEL, "--verify")) == {"done": 1, "skipped": 12}
    assert before.items() <= results(out).items()
    assert counts(bulk("compress", pictures, out, "-m", MODEL, "--force")) == {"done": 13}


def test_poisoned_items_stop_nothing(pictures: Path, tmp_path: Path) -> None:
    for name, data in POISON.items():
        (pictures / name).write_bytes(data)
    (pictures / "gone.png").symlink_to("nowhere")
    result = bulk("compress", pictures, tmp_path / "out", "-m", MODEL, code=1)
    assert counts(result) == {"done": 12, "failed": len(POISON) + 1}
    listed = (tmp_path / "out" / "_vqcodec" / "errors.jsonl").read_text().splitlines()
    assert {json.loads(line)["path"] for line in listed} == {*POISON, "gone.png"}
    assert len(results(tmp_path / "out")) == 12
    for name in (*POISON, "gone.png"):
        (pictures / name).unlink()
    (pictures / "new.png").write_bytes(png(70))
    assert counts(bulk("compress", pictures, tmp_path / "out", "-m", MODEL)) == {"done": 1, "skipped": 12}
    assert not (tmp_path / "out" / "_vqcodec" / "errors.jsonl").exists()


def test_globs_and_single_files(pictures: Path, tmp_path: Path) -> None:
    assert counts(bulk("compress", f"{pictures}/*/0[12].png", tmp_path / "a", "-m", MODEL)) == {"done": 2}
    assert set(results(tmp_path / "a")) == {"1/01.png.vq", "2/02.png.vq"}
    assert counts(bulk("compress", f"file://{pictures}/0/00.png", tmp_path / "b", "-m", MODEL)) == {"done": 1}
    assert set(results(tmp_path / "b")) == {"00.png.vq"}


# Shards and tables ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["webdataset", "parquet"])
def test_parts_are_skipped_whole(pictures: Path, tmp_path: Path, form: str) -> None:
    bad = pictures / "0" / "0.png"  # of the first part
    bad.write_bytes(b"")
    options = ("--format", form, "--shard-size", 5, "-m", MODEL)
    out = tmp_path / "out"
    assert counts(bulk("compress", pictures, out, *options, code=1)) == {"done": 12, "failed": 1}
    before = results(out)
    assert len(before) == 3
    assert counts(bulk("compress", pictures, out, *options, code=1)) == {"done": 0, "skipped": 12, "failed before": 1}
    (out / max(before)).write_bytes(b"damaged")
    again = counts(bulk("compress", pictures, out, *options, "--verify", code=1))
    assert again == {"done": 3, "skipped": 9, "failed before": 1}
    assert results(out) == before
    (pictures / "zz.png").write_bytes(png(99))  # the last part, which alone has another content
    assert counts(bulk("compress", pictures, out, *options, code=1))["done"] == 4
    bad.unlink()  # what follows moves
    assert counts(bulk("compress", pictures, out, *options)) == {"done": 13}


def test_shards_there_and_back(tmp_path: Path) -> None:
    members: dict[str, bytes | dict[str, object]] = {}
    for number in range(6):
        members |= {f"d/{number}.png": png(number), f"d/{number}.txt": b"words", f"d/{number}.json": {"label": number}}
    (tmp_path / "in").mkdir()
    tar_of(tmp_path / "in" / "name-000000.tar", members)
    tar_of(tmp_path / "in" / "name-000001.tar", {"e.png": png(7)})
    (tmp_path / "in" / "name-000002.tar").write_bytes((tmp_path / "in" / "name-000000.tar").read_bytes()[:5000])
    result = bulk("compress", tmp_path / "in", tmp_path / "out", "--format", "webdataset", "-m", MODEL, code=1)
    assert counts(result)["failed"] == 1
    with tarfile.open(tmp_path / "out" / "part-000000.tar") as archive:
        names = archive.getnames()
        described = json.load(archive.extractfile(names[1]) or pytest.fail("it is no file"))
    assert names[:4] == [f"name-000000/d/0_png.{suffix}" for suffix in ("vq", "json", "txt", "source.json")]
    assert described["path"] == "name-000000/d/0.png"
    assert (described["width"], described["height"], described["mode"]) == (16, 16, "rgb")
    back = bulk("decompress", tmp_path / "out", tmp_path / "back", "-m", MODEL)
    assert counts(back)["done"] == counts(result)["done"]
    assert counts(bulk("decompress", tmp_path / "out", tmp_path / "back", "-m", MODEL))["done"] == 0
    import webdataset

    samples = list(webdataset.WebDataset(str(tmp_path / "out" / "part-000000.tar"), shardshuffle=False))
    assert len(samples) == 6
    assert {"vq", "json", "txt", "source.json"} <= samples[0].keys()


def test_tables_there_and_back(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    (tmp_path / "in").mkdir()
    rows = [{"image": {"bytes": png(number), "path": f"{number}.png"}, "label": number} for number in range(5)]
    rows.append({"image": {"bytes": None, "path": "none.png"}, "label": 5})
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "in" / "train-00000-of-00001.parquet")
    result = bulk("compress", tmp_path / "in", tmp_path / "out", "--format", "parquet", "-m", MODEL, code=1)
    assert counts(result) == {"done": 5, "failed": 1}
    table = parquet.read_table(tmp_path / "out" / "part-000000.parquet")
    wanted = ["path", "vq", "width", "height", "mode", "model", "bits", "sha256", "error"]
    assert table.schema.names[: len(wanted)] == wanted
    assert table["error"].to_pylist() == [None] * 5 + ["it has no bytes"]
    assert counts(bulk("decompress", tmp_path / "out", tmp_path / "back", "-m", MODEL, code=1))["done"] == 5


# Tokens --------------------------------------------------------------------------------------------------------------


def test_tokens_are_a_data_set(pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    bulk("tokens", pictures, tmp_path / "free", "-m", MODEL, "--code-lengths")
    free = parquet.read_table(tmp_path / "free" / "part-000000.parquet")
    assert pa.types.is_list(free.schema.field("indices").type)
    bulk("tokens", pictures, tmp_path / "fixed", "-m", MODEL, "--size", "32x32", "--shard-size", 5)
    fixed = parquet.read_schema(tmp_path / "fixed" / "part-000000.parquet").field("indices").type
    assert pa.types.is_fixed_size_list(fixed)
    assert pa.types.is_fixed_size_list(fixed.value_type)

    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    from datasets import load_dataset

    for folder in ("free", "fixed"):
        loaded: Any = load_dataset(str(tmp_path / folder), split="train", cache_dir=str(tmp_path / "cache"))
        assert len(loaded) == 12
        row = loaded[0]
        assert len(row["indices"]) == row["planes"]
        assert len(row["indices"][0]) == row["rows"] * row["columns"]


# What goes wrong at once ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("compress", "{0}/none", "{0}/out"), "{0}/none: there is no such file or folder"),
        (("decompress", "{0}/pictures", "{0}/out"), "{0}/pictures: there is nothing to decompress"),
        (("tokens", "{0}/empty", "{0}/out"), "{0}/empty: there is nothing to make tokens of"),
        (("compress", "none://bucket", "{0}/out"), "none://bucket: Protocol not known: none"),
        (("compress", "{0}/pictures", "{0}/out", "-m", "{0}/m"), "no model '{0}/m'"),
        (("compress", "{0}/pictures", "{0}/out", "--address", "localhost:9"), "--address localhost:9: connection"),
    ],
)
@pytest.mark.usefixtures("pictures")
def test_one_line_says_what_is_wrong(tmp_path: Path, args: tuple[str, ...], said: str) -> None:
    (tmp_path / "empty").mkdir()
    result = run("bulk", *(each.format(tmp_path) for each in args))
    assert result.exit_code == 1
    assert error_of(result.stderr).startswith(said.format(tmp_path))
    assert not (tmp_path / "out").exists()


def test_without_ray_a_line_says_what_to_install(pictures: Path, tmp_path: Path) -> None:
    code = "import sys; sys.modules['ray'] = None; from vqcodec.cli import main; main()"
    result = python(code, "bulk", "compress", pictures, tmp_path / "out")
    assert result.returncode == 1
    assert error_of(result.stderr) == "this needs ray, which is not installed: pip install 'vqcodec[bulk]'"


def test_the_help_imports_nothing_of_it() -> None:
    code = "import sys; from vqcodec.cli import main\ntry: main()\nfinally: print(*sys.modules)"
    modules = set(python(code, "bulk", "compress", "--help").stdout.split())
    assert not modules & {"ray", "pyarrow", "fsspec", "numpy", "PIL"}


@pytest.mark.slow
def test_ray_starts_by_itself(pictures: Path, tmp_path: Path) -> None:
    import subprocess

    args = command("compress", pictures, tmp_path / "out", "-m", MODEL)
    result = subprocess.run(args, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("12 done in ")
    assert sys.executable in args

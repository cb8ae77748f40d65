"""Names, plans, progress and summaries, without Ray."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from tests.helpers.bulk_files import png
from vqcodec.bulk.items import Part
from vqcodec.bulk.job import Job
from vqcodec.bulk.names import Record, target_name
from vqcodec.bulk.planning import make_plan
from vqcodec.bulk.progress import Progress
from vqcodec.bulk.reports import Report, Totals
from vqcodec.bulk.settings import Settings
from vqcodec.bulk.storage import Place


def test_names_follow_from_names_alone() -> None:
    assert target_name("a/x.png", "compress") == "a/x.png.vq"
    assert target_name("a/x.png.vq", "decompress", ".jpg") == "a/x.png.jpg"
    record = Record(12, "0123456789abcdef", 3, 1)
    assert Record.of(record.name) == record
    assert Record.of("_vqcodec/errors.jsonl") is None


def test_parts_and_reports_survive_as_text() -> None:
    part = Part(3, "files", ("a", "ü\udc80"), (1, 2), "d")
    assert Part.loads(part.dumps()) == part
    report = Report(3, 1, 2, 3, [("a", "b")], 5, 6)
    assert Report.loads(report.dumps()) == report


def test_a_digest_changes_with_sources_and_settings(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.png").write_bytes(png(number))

    def digests(quality: float = 60) -> list[str]:
        job = Job(Settings("compress", quality=quality), str(tmp_path), str(tmp_path / "out"), "parquet")
        return [part.digest for part in make_plan(job, 2).parts]

    first = digests()
    assert digests() == first
    assert not set(digests(50)) & set(first)
    (tmp_path / "5.png").write_bytes(png(5))
    assert digests()[:2] == first[:2]
    assert digests()[2] != first[2]


@pytest.mark.parametrize("url", ["{}", "file://{}", "memory://bucket"])
def test_places_are_written_whole(tmp_path: Path, url: str) -> None:
    place = pickle.loads(pickle.dumps(Place(url.format(tmp_path))))
    place.write("a/b.vq", b"one")
    place.write("a/b.vq", b"other")
    (tmp_path / "local").write_bytes(b"local")
    place.upload(tmp_path / "local", "c.tar")
    assert (place.read("a/b.vq"), place.read("c.tar")) == (b"other", b"local")
    assert {"a/b.vq": 5, "c.tar": 5}.items() <= place.sizes().items()
    assert place.exists("c.tar")
    place.remove("c.tar")
    place.remove("c.tar")
    assert not place.exists("c.tar")


def test_places_do_not_depend_on_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = pickle.dumps(Place("there"))
    monkeypatch.chdir("/")
    pickle.loads(text).write("a", b"one")
    assert (tmp_path / "there" / "a").read_bytes() == b"one"


def test_a_line_a_minute() -> None:
    now, said = [0.0], list[str]()
    progress = Progress(said.append, 1000, 10, lambda: now[0])
    totals = Totals(done=90, failed=10, read=6_000_000)
    progress.update(totals, 1)
    now[0] = 61.0
    progress.update(totals, 1)
    progress.update(totals, 1)
    assert said == ["100 of 1,000, 1.64 a second, 98.4 kB a second, 9 min left, 10 failed"]
    now[0] = 20_000.0
    Progress(said.append, 0, 10, lambda: now[0]).update(totals, 1)
    assert len(said) == 1


def test_a_summary_counts_everything() -> None:
    totals = Totals(done=2000, skipped=12, failed=20, failed_before=3, read=9_800_000, written=410_000, undone=2)
    assert totals.summary(85) == (
        "2,000 done in 85 s (23.5 a second, 115 kB a second), 9.8 MB to 410 kB, 12 skipped, 20 failed, "
        "3 failed before, 2 parts undone, as their workers died (another run tries again)"
    )

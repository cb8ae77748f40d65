"""docs/RESULTS.md is what its command makes of docs/results, and has figures of the bundled models only."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

import vqcodec

pytest.importorskip("jinja2", reason="needs vqcodec[eval]")

from scripts.figures.results import DOCUMENTS, TEMPLATE, Results

FOLDER = DOCUMENTS / "results"


def test_the_document_is_what_the_command_makes() -> None:
    assert (DOCUMENTS / "RESULTS.md").read_text(encoding="utf-8") == Results(FOLDER).document()


def test_all_models_are_bundled() -> None:
    bundled = {info.name: info.fingerprint for info in vqcodec.models()}
    header, *rows = Results(FOLDER).rows("models")
    assert header == ["model", "version", "fingerprint"]
    assert {model: bundled.get(model) for model, _, _ in rows} == {model: fingerprint for model, _, fingerprint in rows}


def test_all_tables_and_measurements_are_in_the_text() -> None:
    text = (FOLDER / TEMPLATE).read_text(encoding="utf-8")
    tables = set(re.findall(r'(?:table|link)\("(\w+)"', text))
    assert tables == {path.stem for path in FOLDER.glob("*.csv")} - {"models", "measurements"}
    assert all(f'"{name}"' in text for name in Results(FOLDER).measurements)


def test_tables_say_how_they_were_measured() -> None:
    table = Results(FOLDER).table("kodak_psnr", "kodak", columns=["bit/pixel", "photo"], only={"bit/pixel": ["0.25"]})
    *_, row, blank, caption = table.splitlines()
    assert re.fullmatch(r"\| 0\.25 +\| +\d\d\.\d\d \|", row)
    assert not blank
    measurement = Results(FOLDER).measurements["kodak"]
    assert all(part in caption for part in (measurement.version, measurement.commit, measurement.machine))
    assert "kodak_psnr.csv" in caption


def test_a_measurement_of_another_version_is_refused(tmp_path: Path) -> None:
    for name in ("models.csv", "measurements.csv"):
        shutil.copy(FOLDER / name, tmp_path)
    models = (tmp_path / "models.csv").read_text(encoding="utf-8").splitlines()
    (tmp_path / "models.csv").write_text("\n".join([*models[:-1], "speech,99,0"]), encoding="utf-8")
    with pytest.raises(ValueError, match="measured with version"):
        Results(tmp_path)

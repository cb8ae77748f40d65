"""Reports on small folders, a browser, and evaluations without processes of their own."""

from __future__ import annotations

import os
import pickle
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pytest

from tests.helpers.commands import left_out_note
from tests.helpers.made_once import made_once

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from vqcodec.evaluation.shared.jobs import Job


@pytest.fixture(scope="session")
def evaluated(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A folder with `pictures` and the `report` on them."""
    for extra in ("bjontegaard", "jinja2", "matplotlib", "plotly", "pytorch_msssim", "pyvips", "ssimulacra2"):
        pytest.importorskip(extra, reason="needs vqcodec[eval]")
    from tests.helpers.picture_reports import compared, evaluate, make_folder

    def make(root: Path) -> None:
        with one_process():
            result = evaluate(make_folder(root / "pictures"), root / "report", tiny_model, "--codecs", compared())
        assert (result.exit_code, result.stderr) == (0, left_out_note(root / "pictures", 2))
        (root / "stdout").write_text(result.stdout)

    return made_once(tmp_path_factory, "evaluated", make)


@pytest.fixture(scope="session")
def evaluated_sounds(tmp_path_factory: pytest.TempPathFactory, tiny_voice: Path) -> Path:
    """A folder with `sounds` and the `report` on them."""
    for extra in ("bjontegaard", "jinja2", "matplotlib", "pesq", "plotly", "pystoi", "visqol"):
        pytest.importorskip(extra, reason="needs vqcodec[eval]")
    from tests.helpers.sound_reports import evaluate_sounds, make_sounds

    def make(root: Path) -> None:
        with one_process():
            result = evaluate_sounds(make_sounds(root / "sounds"), root / "report", tiny_voice)
        assert result.exit_code == 0, result.stderr
        (root / "stdout").write_text(result.stdout)
        (root / "stderr").write_text(result.stderr)

    return made_once(tmp_path_factory, "evaluated_sounds", make)


class InThisProcess:
    """In place of processes for jobs, which take seconds to start. Jobs and results are pickled, as those do."""

    def __enter__(self) -> InThisProcess:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        pass

    def each(self, jobs: Iterable[Job]) -> Iterator[tuple[Job, Any]]:
        from vqcodec.evaluation.shared import jobs as module

        for job in jobs:
            with warnings.catch_warnings(action="ignore"):
                result = module._run(pickle.loads(pickle.dumps(job)))
            yield job, pickle.loads(pickle.dumps(result))


@contextmanager
def one_process() -> Iterator[None]:
    """Let evaluations work in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vqcodec.evaluation.rd.job_processes", lambda _: InThisProcess())
        yield


@pytest.fixture
def in_this_process() -> Iterator[None]:
    """Let the evaluations of a test work in its process."""
    with one_process():
        yield


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an evaluation fail that measures anything."""

    def refuse(*_: object) -> None:
        raise AssertionError("there is something to measure")

    monkeypatch.setattr("vqcodec.evaluation.shared.jobs._run", refuse)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; where it has to be there, its tests fail without it."""
    if "CI" not in os.environ:
        pytest.importorskip("playwright", reason="needs vqcodec[test]")
    from tests.helpers.pages import chromium

    with chromium() as browser:
        yield browser

"""Scripts begin: each says how it is used."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from bitstream import InputError
from scripts.command_line import run_script
from tests.helpers.paths import ROOT

ROOMS = ("recipes", "benchmarks", "figures", "experiments")
MODULES = [f"scripts.{room}.{path.stem}" for room in ROOMS for path in sorted((ROOT / "scripts" / room).glob("*.py"))]


def imported(name: str) -> ModuleType:
    """The module; the test is skipped if it needs something that is not installed."""
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith(("bitstream", "scripts", "vqcodec")):
            raise
        pytest.skip(f"needs {error.name}")


@pytest.mark.parametrize("name", MODULES)
def test_scripts_say_how_they_are_used(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main = getattr(imported(name), "main", None)
    if main is None:  # others import it
        return
    monkeypatch.setattr(sys, "argv", ["script", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
    assert f"python -m {name} " in capsys.readouterr().out


@pytest.mark.parametrize("error", [InputError("no picture"), FileNotFoundError(2, "No such file", "pictures")])
def test_what_a_user_can_meet_is_one_line(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(sys, "argv", ["/somewhere/script.py"])
    with pytest.raises(SystemExit, match=r"^script\.py: error: "):
        run_script(fails)


def test_trials_keep_the_results_of_earlier_runs(tmp_path: Path) -> None:
    trials = imported("scripts.experiments.trials")
    parser = trials.trials_parser("Trials.", ["a", "b"], steps=7)
    everything = parser.parse_args(["--out", str(tmp_path)])
    assert trials.run_trials(everything, lambda name: {"steps": everything.steps}) == [
        {"trial": "a", "steps": 7},
        {"trial": "b", "steps": 7},
    ]
    again = parser.parse_args(["--out", str(tmp_path), "--trials", "b", "--steps", "9"])
    assert trials.run_trials(again, lambda name: {"steps": again.steps})[2:] == [{"trial": "b", "steps": 9}]
    with pytest.raises(SystemExit):
        parser.parse_args(["--out", str(tmp_path), "--trials", "c"])

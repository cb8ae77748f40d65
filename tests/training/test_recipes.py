"""The settings of bundled models: all of them can be read, and the command line finds them by name."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from bitstream import InputError
from vqcodec.cli import main
from vqcodec.model.bundled import bundled_models
from vqcodec.training.audio import AudioTraining
from vqcodec.training.decoder.stage import DecoderTraining
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.hardware import ANY
from vqcodec.training.image import ImageTraining
from vqcodec.training.prior.fit import PriorTraining
from vqcodec.training.recipes import Part, find_recipe, recipe_names

SETTINGS: dict[Part, type] = {
    "image": ImageTraining,
    "audio": AudioTraining,
    "prior": PriorTraining,
    "decoder": DecoderTraining,
}
RECIPES = [(part, name) for part in SETTINGS for name in recipe_names(part)]
# The command of each part, the module that it calls, and the function there.
COMMANDS: dict[Part, tuple[list[str], str, str]] = {
    "image": (["train", "image", "DIR", "--out", "M"], "image", "train_image"),
    "audio": (["train", "audio", "DIR", "--out", "M"], "audio", "train_audio"),
    "prior": (["fit-prior", "M", "DIR"], "prior.fit", "fit_prior"),
    "decoder": (["fit-decoder", "M", "DIR"], "decoder.fit", "fit_decoder"),
}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize(("part", "name"), RECIPES)
def test_every_recipe_is_a_configuration(part: Part, name: str) -> None:
    assert load_config(find_recipe(part, name), SETTINGS[part]) != SETTINGS[part]()


def test_every_bundled_model_has_its_recipes() -> None:
    kinds = {model.name: model.modality for model in bundled_models()}
    assert set(recipe_names("image")) == {name for name, kind in kinds.items() if kind == "image"} | {"quick"}
    assert set(recipe_names("audio")) == {name for name, kind in kinds.items() if kind == "audio"} | {"quick"}
    assert set(recipe_names("prior")) == set(kinds) | {"quick"}
    assert set(recipe_names("decoder")) <= set(kinds)


@pytest.mark.parametrize(
    ("part", "name", "options"),
    [(part, name, ["--recipe", name]) for part, name in RECIPES]
    + [(part, name, ["--quick"]) for part, name in RECIPES if name == "quick"],
)
def test_commands_take_recipes(monkeypatch: pytest.MonkeyPatch, part: Part, name: str, options: list[str]) -> None:
    calls: list[tuple[object, ...]] = []
    command, module, function = COMMANDS[part]
    training = SimpleNamespace(**{function: lambda *arguments: calls.append(arguments)})
    monkeypatch.setitem(sys.modules, f"vqcodec.training.{module}", training)
    result = run(*command, *options)
    assert (result.exit_code, result.output) == (0, "")
    folder, model, recipe = Path("DIR"), Path("M"), find_recipe(part, name)
    expected = (folder, model, recipe, None) if command[0] == "train" else (model, folder, recipe)
    assert calls == [(*expected, ANY)]


@pytest.mark.parametrize("part", SETTINGS)
def test_help_has_the_names(part: Part) -> None:
    text = "".join(run(*COMMANDS[part][0][:2], "--help").stdout.split())  # lines break within names
    assert all(name in text for name in recipe_names(part))


@pytest.mark.parametrize("name", ["photos", "", "../image/photo", "photo.toml"])
@pytest.mark.parametrize("part", SETTINGS)
def test_unknown_recipes(part: Part, name: str) -> None:
    known = ", ".join(recipe_names(part))
    with pytest.raises(InputError):
        find_recipe(part, name)
    result = run(*COMMANDS[part][0], "--recipe", name)
    assert (result.exit_code, result.output) == (1, f"vqcodec: error: no recipe {name!r} (there are: {known})\n")


@pytest.mark.parametrize("part", SETTINGS)
def test_a_recipe_and_a_file_exclude_each_other(part: Part) -> None:
    result = run(*COMMANDS[part][0], "--recipe", "photo", "--config", "settings.toml")
    assert result.exit_code == 2
    assert "--recipe and --config exclude each other" in result.output

"""Codes of high effort: the gradient that leads to them, and that they are weight it."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import vqcodec.pillow  # noqa: F401 - with it, Pillow writes such files
from bitstream import InputError
from tests.helpers.commands import run, succeed
from tests.helpers.paths import COFFEE
from tests.helpers.pictures import pictures
from vqcodec import ImageCodec, load
from vqcodec.codec.refinement import BEST_LAMBDA, setting_to_refine
from vqcodec.defaults import EFFORTS
from vqcodec.media.pictures.area import Area
from vqcodec.model.quality import Setting
from vqcodec.system.progress import watching

PICTURE = pictures(1, 100, seed=21)[0]
PHOTO = np.asarray(Image.open(COFFEE).convert("RGB"))[100:196, 200:328]


def cost(codec: ImageCodec, pixels: np.ndarray, values: np.ndarray, chosen: Setting) -> float:
    """What is to be small: squared error and bits, in squared widths."""
    indices = codec.encode(pixels, chosen.lambda_, chosen.rate_point)
    indices = codec.indices(values, chosen.rate_point, indices.source)
    error = ((codec.pixels(indices).astype(float) - pixels) ** 2).sum() / 3
    weight = codec.model.config.lambdas[chosen.rate_point] * BEST_LAMBDA
    return float(weight * error + chosen.lambda_ * codec.bits(indices).sum())


@pytest.mark.parametrize("tile", [16, 48, 1024])
def test_errors_and_their_gradient_whatever_the_tiles(tiny_codec: ImageCodec, tile: int) -> None:
    networks, rate = ImageCodec(tiny_codec.model).networks, 1
    networks.tile = tile
    indices = tiny_codec.encode(PICTURE, 0.0, rate).values
    z_q = tiny_codec.model.codebooks.look_up(indices, rate)
    total, gradient = 0.0, np.zeros_like(z_q)
    for i, j, error, part in networks.errors(PICTURE, indices, rate, "squared error"):
        total += error
        gradient[:, i.window(), j.window()] += part
    decoded = networks.decode(indices, rate, Area(0, 0, *PICTURE.shape[1::-1])).astype(float)
    assert total == pytest.approx(((decoded - PICTURE) ** 2).sum() / 3, rel=1e-2)  # decoded pixels are rounded
    whole = ImageCodec(tiny_codec.model).networks
    ((_, _, error, expected),) = whole.errors(PICTURE, indices, rate, "squared error")
    assert total == pytest.approx(error, rel=1e-5)
    np.testing.assert_allclose(gradient, expected, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_callers_may_have_no_use_for_gradients(tiny_codec: ImageCodec, mode: type) -> None:
    with mode():
        assert tiny_codec.compress(PICTURE, effort="high") == tiny_codec.compress(PICTURE, effort="high")


def test_the_gradient_is_that_of_the_error(tiny_codec: ImageCodec) -> None:
    """Against a change of one codeword, which all positions that use it share."""
    networks, rate, plane = ImageCodec(tiny_codec.model).networks, 1, 0
    indices = tiny_codec.encode(PICTURE, 0.0, rate).values
    code = int(np.bincount(indices[plane].ravel()).argmax())
    ((_, _, _, gradient),) = networks.errors(PICTURE, indices, rate, "squared error")
    slope = gradient[:4][:, indices[plane] == code].sum(1)
    step = 0.01 * np.abs(tiny_codec.codebooks(rate)[plane]).mean()
    errors = []
    for sign in (1, -1):
        codewords = tiny_codec.model.codebooks.codewords.copy()
        codewords[rate, plane, code] += sign * step * slope / np.linalg.norm(slope)
        moved = replace(tiny_codec.model, codebooks=replace(tiny_codec.model.codebooks, codewords=codewords))
        errors += [
            error for _, _, error, _ in ImageCodec(moved).networks.errors(PICTURE, indices, rate, "squared error")
        ]
    assert (errors[0] - errors[1]) / (2 * step) == pytest.approx(np.linalg.norm(slope), rel=0.02)


@pytest.mark.parametrize("chosen", [Setting(0, 0.02), Setting(1, 0.0), Setting(1, 0.02), Setting(1, 2.0)])
def test_it_is_never_worse(tiny_codec: ImageCodec, chosen: Setting) -> None:
    latents = tiny_codec.analyse(PICTURE)
    usual, refined = tiny_codec.choose(latents, chosen), tiny_codec.refine(PICTURE, latents, chosen, "high")
    assert cost(tiny_codec, PICTURE, refined, chosen) <= 1.01 * cost(tiny_codec, PICTURE, usual, chosen)


@pytest.mark.parametrize("quality", [30, 60])
def test_the_bundled_model_gains(quality: float) -> None:
    codec = load()
    chosen, latents = codec.settings(quality), codec.analyse(PHOTO)
    found = [
        codec.choose(latents, chosen),
        *(codec.refine(PHOTO, latents.copy(), chosen, effort) for effort in EFFORTS[1:]),
    ]
    fast, normal, high = (cost(codec, PHOTO, indices, chosen) for indices in found)
    assert normal < 0.98 * fast
    assert high < normal


def test_qualities_for_refined_codes_rise_steadily() -> None:
    model = load().model
    settings = [setting_to_refine(model, quality) for quality in np.linspace(1, 100, 200)]
    exchanges = [model.config.lambdas[each.rate_point] / each.lambda_ for each in settings]
    assert np.allclose(np.diff(np.log(exchanges)), np.log(exchanges[-1] / exchanges[0]) / 199)
    rate_points = [each.rate_point for each in settings]
    assert sorted(set(rate_points)) == list(range(9))
    assert rate_points == sorted(rate_points)
    assert all(BEST_LAMBDA / 1.6 < each.lambda_ < 1.6 * BEST_LAMBDA for each in settings)


@pytest.mark.parametrize(
    "table", [[Setting(1, 0.02)], [Setting(0, 0.0), Setting(1, 0.0)], [Setting(0, 1), Setting(1, 9)]]
)
def test_quality_tables_without_a_trend(tiny_codec: ImageCodec, table: list[Setting]) -> None:
    config = replace(tiny_codec.model.config, quality=tuple(table))
    codec = ImageCodec(replace(tiny_codec.model, config=config))
    assert codec.decompress(codec.compress(PICTURE, 40, effort="high")).size == PICTURE.shape[1::-1]


def test_files_of_high_effort(tmp_path: Path) -> None:
    codec, image, file = load(), Image.fromarray(PHOTO), io.BytesIO()
    image.save(tmp_path / "in.png")
    succeed("compress", tmp_path / "in.png", tmp_path / "in.vq", "-q", 40, "--effort", "high")
    data = (tmp_path / "in.vq").read_bytes()
    assert data == codec.compress(image, 40, effort="high") != codec.compress(image, 40)
    assert codec.decompress(data).size == image.size
    image.save(file, "VQ", quality=40, effort="high")
    assert file.getvalue() == data


def test_a_budget_is_of_more_use() -> None:
    codec, budget = load(), 400
    files = [codec.compress(PHOTO, max_bytes=budget, effort=effort) for effort in EFFORTS]
    errors = [((np.asarray(codec.decompress(data)).astype(float) - PHOTO) ** 2).mean() for data in files]
    assert all(len(data) <= budget for data in files)
    assert errors[2] < errors[1] < 0.98 * errors[0]


def test_efforts_that_cannot_be_made(tiny_codec: ImageCodec, tiny_voice: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="normal, high"):
        tiny_codec.compress(PICTURE, effort="heroic")  # type: ignore[arg-type]
    untold = ImageCodec(replace(tiny_codec.model, config=replace(tiny_codec.model.config, lambdas=())))
    with pytest.raises(InputError, match="no lambdas"):
        untold.compress(PICTURE, effort="high")
    assert "heroic" in run("compress", tmp_path / "a.png", "a.vq", "--effort", "heroic").stderr
    result = run("compress", "--effort", "high", "-", "-", "-m", tiny_voice, stdin=b"RIFF\0\0\0\0WAVEfmt ")
    assert "--effort is for pictures" in result.stderr


def test_whoever_watches_sees_the_steps(tiny_codec: ImageCodec) -> None:
    class Bar:
        steps = 0

        def __enter__(self) -> Bar:
            return self

        def __exit__(self, *_: object) -> None: ...

        def update(self, steps: int, /) -> None:
            self.steps += steps

    bar, totals = Bar(), []

    def watch(total: int) -> Bar:
        totals.append(total)
        return bar

    with watching(watch):
        tiny_codec.compress(PICTURE, effort="high")
    assert totals == [bar.steps]

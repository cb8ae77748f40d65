"""The bound log p(x) >= log p(x|z_q) + log p(z_q): of a model whose indices can be counted up, and as a command."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import vqcodec
from tests.helpers.commands import fail, run, succeed
from tests.helpers.enumerable_models import ALPHABETS, all_indices, enumerable_model, probabilities
from tests.helpers.pictures import pictures, same_pixels
from vqcodec import ImageCodec, Indices, InputError, ModelError
from vqcodec.evaluation.pictures.bits_per_dim import find_files, measure_picture_bits, read_pictures
from vqcodec.evaluation.shared.bits import mean_bits
from vqcodec.model.model import Model
from vqcodec.model.quality import Setting
from vqcodec.transform.image.autoencoder import likelihood_parameters

SIZES = [(4, 4), (8, 4), (5, 3)]  # width and height, in pixels: of one position, and of two
WEBP = {"lossless": True, "quality": 100, "method": 6}


@pytest.fixture(scope="module")
def model() -> Model:
    return enumerable_model()


@pytest.fixture(scope="module")
def codec(model: Model) -> ImageCodec:
    return ImageCodec(model)


def picture(width: int, height: int) -> NDArray[np.uint8]:
    pixels: NDArray[np.uint8] = pictures(1, 16, seed=2)[0][:height, :width]
    return pixels


# Probabilities -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES)
def test_the_prior_sums_to_one(codec: ImageCodec, size: tuple[int, int]) -> None:
    every = all_indices(codec, *size)
    positions = every[0].values[0].size
    assert len(every) == math.prod(ALPHABETS) ** positions
    assert probabilities(codec, every).sum() == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("colour", [0, 1, 2])
def test_pixels_given_codes_sum_to_one(codec: ImageCodec, colour: int) -> None:
    """Each sub-pixel over 0..255, whatever the earlier colours are."""
    indices = all_indices(codec, 8, 4)[77]
    x, total = picture(8, 4).copy(), np.zeros((4, 8))
    for value in range(256):
        x[..., colour] = value
        total += np.exp2(-codec.pixel_bits(x, indices)[..., colour].astype(np.float64))
    np.testing.assert_allclose(total, 1, atol=1e-4)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("lambda_", [0.0, 0.1, 10.0])
def test_the_bound_is_one(codec: ImageCodec, size: tuple[int, int], lambda_: float) -> None:
    """-log2 p(x), which sums over all indices, is below the bound that any of them gives."""
    x, every = picture(*size), all_indices(codec, *size)
    bounds = np.array([codec.pixel_bits(x, each).sum(dtype=np.float64) + codec.bits(each).sum() for each in every])
    exact = -np.logaddexp2.reduce(-bounds)  # in float64, as a row: sums in float32 are off by more than indices differ
    assert (bounds >= exact).all()
    row = measure_picture_bits(codec, "x", 0, x, Setting(0, lambda_), lossless=False)
    assert row.bound * x.size == pytest.approx(bounds[every.index(codec.encode(x, lambda_))], rel=1e-6)
    assert row.bound * x.size >= exact * (1 - 1e-12)  # of a quotient, times its divisor


def test_pixel_bits_are_those_of_the_networks(codec: ImageCodec, model: Model) -> None:
    """By hand, from the differences of logistic functions."""
    x, indices = picture(7, 3), all_indices(codec, 7, 3)[10]
    networks = codec.networks
    z_q = model.codebooks.look_up(indices.values, 0)[None]
    location, found = networks.networks.decode_with_likelihood(z_q, 0)
    log_scale, weights = likelihood_parameters(found)
    whole = (location, np.exp(log_scale), weights)
    m, s, w = (part[0].astype(np.float64).transpose(1, 2, 0)[:3, :7] for part in whole)
    m = 255 * (m + 0.5)
    red, green = x[..., 0] - m[..., 0], x[..., 1] - m[..., 1]
    m += np.stack([0 * red, w[..., 0] * red, w[..., 1] * red + w[..., 2] * green], -1)
    upper = np.where(x == 255, 1, 1 / (1 + np.exp(-(x + 0.5 - m) / s)))
    lower = np.where(x == 0, 0, 1 / (1 + np.exp(-(x - 0.5 - m) / s)))
    bits = codec.pixel_bits(x, indices)
    assert (bits.dtype, bits.shape) == (np.dtype(np.float32), x.shape)
    mass = upper - lower
    exact = mass > 1e-6  # below that, it is what rounding leaves of a difference
    assert exact.mean() > 0.5
    np.testing.assert_allclose(bits[exact], -np.log2(mass[exact]), rtol=1e-4)


# Refusals ----------------------------------------------------------------------------------------------------------


def test_a_picture_of_another_size(codec: ImageCodec) -> None:
    with pytest.raises(InputError, match="size"):
        codec.pixel_bits(picture(7, 4), codec.encode(picture(8, 4)))


def test_indices_of_another_model(codec: ImageCodec, tiny_codec: ImageCodec) -> None:
    with pytest.raises(InputError, match="another model"):
        codec.pixel_bits(picture(8, 4), tiny_codec.encode(picture(8, 4)))


def test_files_have_no_use_for_the_likelihood(model: Model) -> None:
    others = {name: array for name, array in model.networks.items() if not name.startswith("likelihood/")}
    cut = replace(model, networks=others | {"likelihood/inner.bias": np.zeros(3, np.float32)})
    for each in (model, cut):
        codec = ImageCodec(each)
        codec.decompress(codec.compress(picture(8, 4)))
        assert "likelihood" not in vars(codec.networks)
    with pytest.raises(ModelError, match="likelihood"):
        codec.pixel_bits(picture(8, 4), codec.encode(picture(8, 4)))


# Figures -----------------------------------------------------------------------------------------------------------


def saved_bits(pixels: NDArray[np.uint8], kind: str, **options: object) -> int:
    """And what is saved is really lossless."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    assert same_pixels(Image.open(file).convert("RGB"), pixels)
    return 8 * len(file.getvalue())


def test_figures_of_a_picture(tiny_codec: ImageCodec) -> None:
    x, chosen = pictures(1, 48, seed=9)[0][:40], tiny_codec.settings(60)
    indices = tiny_codec.encode(x, chosen.lambda_, chosen.rate_point)
    row = measure_picture_bits(tiny_codec, "x", 3, x, chosen, lossless=True)
    assert (row.file, row.picture, row.dims) == ("x", 3, 40 * 48 * 3)
    assert row.pixels * row.dims == pytest.approx(tiny_codec.pixel_bits(x, indices).sum(), rel=1e-5)
    assert row.codes * row.dims == pytest.approx(tiny_codec.bits(indices).sum())
    assert row.bound == pytest.approx(row.pixels + row.codes)
    uniform = sum(9 * math.log2(len(codewords)) for codewords in tiny_codec.codebooks(chosen.rate_point))  # 3 x 3
    assert (row.uniform_bound - row.pixels) * row.dims == pytest.approx(uniform)
    assert row.png * row.dims == pytest.approx(saved_bits(x, "PNG", optimize=True))
    assert row.webp * row.dims == pytest.approx(saved_bits(x, "WEBP", **WEBP))
    assert math.isnan(measure_picture_bits(tiny_codec, "x", 3, x, chosen, lossless=False).png)


def test_means_are_over_dims(tiny_codec: ImageCodec) -> None:
    batch = [pictures(1, size, seed=size)[0] for size in (16, 48)]
    rows = [measure_picture_bits(tiny_codec, "x", 0, x, Setting(1, 0.1), lossless=False) for x in batch]
    bits = [tiny_codec.bits(tiny_codec.encode(x, 0.1, 1)).sum() for x in batch]
    assert mean_bits(rows, ["codes"])["codes"] == pytest.approx(sum(bits) / (3 * 16**2 + 3 * 48**2))


# Files -------------------------------------------------------------------------------------------------------------


@pytest.mark.posix
def test_files_of_a_folder(tmp_path: Path) -> None:
    for name in ("b.png", "a.npy", ".hidden.png", "notes.md"):
        (tmp_path / name).touch()
    (tmp_path / "folder.npy").mkdir()
    (tmp_path / "link.png").symlink_to("nothing")
    assert [path.name for path in find_files(tmp_path)] == ["a.npy", "b.png", "link.png"]
    assert find_files(tmp_path / "notes.md") == [tmp_path / "notes.md"]
    with pytest.raises(InputError, match="no picture"):
        find_files(tmp_path / "folder.npy")


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 8, 8, 3), np.float32),
        np.zeros((8, 8, 3), np.uint8),
        np.zeros((2, 8, 8, 4), np.uint8),
        np.zeros((0, 8, 8, 3), np.uint8),
        np.full(3, None),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_arrays_that_are_no_pictures(array: NDArray[np.generic], tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", array)
    with pytest.raises(InputError, match=r"x\.npy"):
        read_pictures(tmp_path / "x.npy")


@pytest.mark.parametrize("keep", [0, 5, 40, 127, 200])
def test_an_array_that_is_cut_short(keep: int, tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", pictures(2, 8, seed=0))
    (tmp_path / "x.npy").write_bytes((tmp_path / "x.npy").read_bytes()[:keep])
    with pytest.raises(InputError, match="damaged"):
        read_pictures(tmp_path / "x.npy")


# The command -------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `in` with three pictures of their own, and four of equal size in a .npy file."""
    (tmp_path / "in").mkdir()
    for size in (16, 20, 40):
        Image.fromarray(pictures(1, size, seed=size)[0]).save(tmp_path / "in" / f"{size}.png")
    np.save(tmp_path / "in" / "four.npy", pictures(4, 32, seed=1))
    return tmp_path


def cells_of(table: str) -> dict[str, list[str]]:
    lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]
    return {line[0]: line[1:] for line in lines}


def bits_of(codec: ImageCodec, x: NDArray[np.uint8], indices: Indices) -> list[float]:
    uniform = indices.values[0].size * sum(math.log2(size) for size in indices.sizes)
    pixels, codes = codec.pixel_bits(x, indices).sum(), codec.bits(indices).sum()
    return [pixels, codes, pixels + codes, pixels + uniform]


@pytest.mark.parametrize("nearest", [False, True])
def test_the_command_agrees_with_hand_computation(
    folder: Path, tiny_model: Path, tiny_codec: ImageCodec, nearest: bool
) -> None:
    chosen = tiny_codec.settings(30)
    lambda_ = 0.0 if nearest else chosen.lambda_
    batches = {f"{size}.png": pictures(1, size, seed=size) for size in (16, 20, 40)}
    batches["four.npy"] = pictures(4, 32, seed=1)
    totals = {
        name: np.sum([bits_of(tiny_codec, x, tiny_codec.encode(x, lambda_, chosen.rate_point)) for x in batch], axis=0)
        for name, batch in batches.items()
    }
    batches["mean over all dims"] = np.concatenate([batch.ravel() for batch in batches.values()])
    totals["mean over all dims"] = np.sum(list(totals.values()), axis=0)
    options = ("-q", 30, "-m", tiny_model, *(["--nearest"] if nearest else []))
    cells = cells_of(succeed("eval", "bpd", folder / "in", *options).stdout)
    assert cells["file"] == ["pictures", "x given z", "z", "bound", "bound, uniform prior"]
    for name, bits in totals.items():
        assert [float(cell) for cell in cells[name][1:]] == pytest.approx(bits / batches[name].size, abs=6e-4)
    assert [cells[name][0] for name in ("16.png", "four.npy", "mean over all dims")] == ["1", "4", "7"]


def test_lossless_files_and_csv(folder: Path, tiny_model: Path) -> None:
    out = folder / "out.csv"
    cells = cells_of(succeed("eval", "bpd", folder / "in", "-m", tiny_model, "--lossless", "--csv", out).stdout)
    assert cells["file"][-2:] == ["PNG", "lossless WebP"]
    rows = list(csv.DictReader(out.read_text().splitlines()))
    names = ["16.png", "20.png", "40.png", *["four.npy"] * 4]
    assert [(row["file"], row["picture"]) for row in rows] == list(zip(names, "0000123", strict=True))
    x = pictures(1, 20, seed=20)[0]
    assert cells["20.png"][-2:] == [
        f"{bits / x.size:.3f}" for bits in (saved_bits(x, "PNG", optimize=True), saved_bits(x, "WEBP", **WEBP))
    ]
    assert float(rows[1]["bound"]) == pytest.approx(float(cells["20.png"][3]), abs=6e-4)
    dims = np.array([int(row["dims"]) for row in rows])
    bounds = np.array([float(row["bound"]) for row in rows])
    assert float(cells["mean over all dims"][3]) == pytest.approx((bounds * dims).sum() / dims.sum(), abs=6e-4)
    assert "exists already" in fail(folder, "eval", "bpd", folder / "in", "-m", tiny_model, "--csv", out)


def test_one_file_in_place_of_a_folder(folder: Path, tiny_model: Path) -> None:
    whole = cells_of(succeed("eval", "bpd", folder / "in", "-m", tiny_model).stdout)
    alone = cells_of(succeed("eval", "bpd", folder / "in" / "four.npy", "-m", tiny_model).stdout)
    assert alone["four.npy"] == alone["mean over all dims"] == whole["four.npy"]


@pytest.mark.posix
def test_what_cannot_be_read_is_named_and_left_out(folder: Path, tiny_model: Path) -> None:
    whole = succeed("eval", "bpd", folder / "in", "-m", tiny_model).stdout
    (folder / "in" / "broken.png").write_bytes(b"\x89PNG")
    np.save(folder / "in" / "wrong.npy", np.zeros(5))
    (folder / "in" / "link.png").symlink_to("nothing")
    result = run("eval", "bpd", folder / "in", "-m", tiny_model, "--csv", folder / "out.csv")
    assert (result.exit_code, result.stdout) == (1, whole)
    broken, link, wrong, last = result.stderr.splitlines()
    assert "broken.png" in broken
    assert "link.png" in link
    assert "wrong.npy" in wrong
    assert "3 of 7 files" in last
    assert len((folder / "out.csv").read_text().splitlines()) == 8


def test_nothing_that_can_be_read(tmp_path: Path, tiny_model: Path) -> None:
    (tmp_path / "in").mkdir()
    assert "no picture" in fail(tmp_path, "eval", "bpd", tmp_path / "in", "-m", tiny_model)
    assert "no such file" in fail(tmp_path, "eval", "bpd", tmp_path / "nothing", "-m", tiny_model)
    (tmp_path / "in" / "x.png").touch()
    result = run("eval", "bpd", tmp_path / "in", "-m", tiny_model, "--csv", tmp_path / "out.csv")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "none of 1 files" in result.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_model_without_likelihood(model: Model, folder: Path) -> None:
    others = {name: array for name, array in model.networks.items() if not name.startswith("likelihood/")}
    replace(model, networks=others).save(folder / "cut.safetensors")
    assert vqcodec.load(folder / "cut.safetensors").model.fingerprint == model.fingerprint
    assert "likelihood" in fail(folder, "eval", "bpd", folder / "in", "-m", folder / "cut.safetensors")

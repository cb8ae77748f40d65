"""Models that claim, or take, more than their bytes allow: refused before it is allocated, inflated or computed."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from bitstream import Chunks, ColourFormat, ImageSource, ModelError, encode_alpha, pack, unpack
from tests.helpers.codecs import EitherCodec, load_either
from tests.helpers.heavy_models import heavy_codes, heavy_networks, heavy_prior, model_of, zero_prior
from tests.helpers.model_files import arrays_of, metadata_of, rewritten
from tests.helpers.paths import GOLDEN_IMAGE_MODEL
from tests.helpers.pictures import pictures
from tests.helpers.processes import python
from tests.helpers.sounds import voices
from vqcodec import AudioCodec, ImageCodec, load
from vqcodec.model.config import MOST_QUALITIES
from vqcodec.model.file import MAX_HEADER
from vqcodec.model.model import load_model
from vqcodec.transform.audio.config import AutoencoderConfig as SoundConfig
from vqcodec.transform.image.config import AutoencoderConfig

MEGABYTE = 1 << 20

# Memory --------------------------------------------------------------------------------------------------------------


def claiming(source: Path, target: Path, arrays: dict[str, Any], shapes: dict[str, list[int]], **texts: str) -> Path:
    """A copy whose header claims other shapes of packed arrays, and has other texts."""
    metadata = metadata_of(source)
    known = json.loads(metadata["shapes"]) | shapes
    save_file(load_file(source) | arrays, target, metadata | {"shapes": json.dumps(known)} | texts)
    return target


def bombs(tiny: Path, folder: Path) -> list[Path]:
    """Small files that claim much."""
    few, many = np.zeros(31, np.uint8), 1 << 26
    codes: dict[str, NDArray[Any]] = {
        "sizes": np.ones((64, 32), np.int16),
        "codewords": np.zeros((2048, 4), np.float16),
    }
    codes |= {"code_bits": np.zeros(2048, np.float16), "prior/values": few}
    kernel = "decoder/layers.0.first.weight"
    wide = AutoencoderConfig(patch=1, widths=(1,), blocks=(0,), latent_channels=2)
    model_of(wide, zero_prior((1, 1), 2, context=4096)).save(folder / "wide.safetensors")
    alphabet = {"alphabet": "32768"}
    return [
        folder / "wide.safetensors",
        claiming(tiny, folder / "codes.safetensors", codes, {"prior/values": [2048, 4]}, **alphabet),
        claiming(tiny, folder / "values.safetensors", {}, {"prior/values": [many, 4]}),
        claiming(tiny, folder / "kernel.safetensors", {kernel: few}, {kernel: [16, many, 3, 3]}),
        claiming(tiny, folder / "likelihood.safetensors", {"likelihood/x": few}, {"likelihood/x": [many]}),
        claiming(tiny, folder / "weights.safetensors", {}, {"prior/0/causal/0/weight": [32, many]}),
        rewritten(tiny, folder, autoencoder={"widths": [4096, 4096, 4096]}).rename(folder / "widths.safetensors"),
        rewritten(tiny, folder, description="x" * MAX_HEADER).rename(folder / "header.safetensors"),
    ]


LOAD = """
import gc, resource, sys
from pathlib import Path
import vqcodec

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

vqcodec.load(sys.argv[1])
start = peak()
for path in sys.argv[2].split():
    vqcodec.load(path)
    gc.collect()
print(peak() - start)
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + (32 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in sys.argv[3].split():
    try:
        vqcodec.load(path)
    except vqcodec.VqcodecError as error:
        print(type(error).__name__)
"""


@pytest.mark.linux
def test_models_take_no_more_memory_than_their_bytes_allow(tiny_model: Path, tmp_path: Path) -> None:
    """A megabyte takes 200 MB at most, and small files that claim more are refused within 32 MB."""
    made = {make.__name__: make for make in (heavy_codes, heavy_prior, heavy_networks)}
    heavy = [make(tmp_path / f"{name}.safetensors") for name, make in made.items()]
    assert max(path.stat().st_size for path in heavy) < 1.1 * MEGABYTE
    claims = bombs(tiny_model, tmp_path)
    arguments = [GOLDEN_IMAGE_MODEL, " ".join(map(str, heavy)), " ".join(map(str, claims))]
    done = python(LOAD, *arguments)
    peak, *errors = done.stdout.split()
    assert (errors, done.stderr) == (["ModelError"] * len(claims), "")
    assert int(peak) < 200e6


def test_claims_are_refused_before_anything_is_unpacked(
    tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide, *claims = bombs(tiny_model, tmp_path)
    monkeypatch.setattr("vqcodec.model.packed_integers._inflated", None)
    monkeypatch.setattr("vqcodec.model.file.unpack_codes", None)
    for path in claims:
        with pytest.raises(ModelError):
            load_model(path)
    monkeypatch.undo()
    with pytest.raises(ModelError, match="prior takes more work or memory"):
        load_model(wide)


def test_room_for_codes_is_bounded(tmp_path: Path) -> None:
    """The largest alphabet is the only thing that a file says of it."""
    assert load_model(heavy_codes(tmp_path / "a.safetensors")).prior.values.size == 1 << 21
    with pytest.raises(ModelError, match="do not fit"):
        load_model(heavy_codes(tmp_path / "b.safetensors", planes=65))


# Work and memory of a pixel ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "shape",
    [
        {"patch": 64, "widths": (8, 8), "blocks": (0, 0)},  # a stride of 128
        {"patch": 4, "widths": (8, 8, 8), "blocks": (0, 0, 64)},  # sees 512 positions
        {"patch": 1, "widths": (33,), "blocks": (0,)},  # 33 numbers a pixel
        {"patch": 2, "widths": (120,), "blocks": (8,)},  # half a million multiply-adds a pixel
        {"patch": 2, "widths": (4,), "blocks": (0,), "latent_channels": 4096},
    ],
)
def test_networks_that_take_too_much_of_a_pixel(shape: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"work or memory|outside of"):
        AutoencoderConfig(**shape)


def test_networks_that_take_too_much_of_a_sample() -> None:
    SoundConfig()
    with pytest.raises(ValueError, match="work or memory"):
        SoundConfig(window=8, hop=2, widths=(256,), blocks=(0,), decoder_blocks=(0,))


@pytest.mark.parametrize(
    ("planes", "alphabet", "widths"),
    [
        ((1, 1), 2, {"context": 8}),  # held for the whole picture
        ((1,) * 7, 2, {}),
        ((1, 1), 400, {}),  # logits of a slice
        ((1, 1), 2, {"hidden": 64, "depth": 2}),
    ],
)
def test_priors_that_take_too_much_of_a_pixel(
    planes: tuple[int, ...], alphabet: int, widths: dict[str, int], tmp_path: Path
) -> None:
    shape = AutoencoderConfig(patch=1, widths=(1,), blocks=(0,), latent_channels=sum(planes))
    model_of(shape, zero_prior(planes, alphabet, **widths)).save(tmp_path / "a.safetensors")
    with pytest.raises(ModelError, match="prior takes more work or memory"):
        load(tmp_path / "a.safetensors")
    shape = AutoencoderConfig(patch=4, widths=(1,), blocks=(0,), latent_channels=sum(planes))
    model_of(shape, zero_prior(planes, alphabet, **widths)).save(tmp_path / "b.safetensors")
    load(tmp_path / "b.safetensors")  # of sixteen pixels


DECODE = """
import resource, sys
from pathlib import Path
import vqcodec

codec = vqcodec.load(sys.argv[1])
small, *paths = sys.argv[3:]
codec.decompress(Path(small).read_bytes())
pages = int(Path("/proc/self/statm").read_text().split()[0])
most = pages * resource.getpagesize() + 24 * int(sys.argv[2]) + (16 << 20)
resource.setrlimit(resource.RLIMIT_AS, (most, most))
for path in paths:
    print(codec.decompress(Path(path).read_bytes()).mode)
"""


@pytest.mark.linux
def test_pictures_take_no_more_memory_a_pixel(tiny_codec: ImageCodec, tiny_model: Path, tmp_path: Path) -> None:
    """Those of any mode, coded at a smaller size: a small file may be any of them."""
    side, made = 1500, unpack(tiny_codec.compress(pictures(1, 32, seed=1)[0]))
    noise = np.random.default_rng(0).integers(0, 256, (side, side)).astype(np.uint8)
    mask = np.where(noise < 128, np.uint8(0), np.uint8(255)).repeat(2, 0)[:side]
    kinds = [(colour, Chunks()) for colour in ColourFormat]
    kinds += [(ColourFormat.RGB, Chunks(encode_alpha(noise))), (ColourFormat.GREY, Chunks(encode_alpha(mask)))]
    paths = [tmp_path / "small.vq"]
    paths[0].write_bytes(pack(made))
    for number, (colour, chunks) in enumerate(kinds):
        paths.append(tmp_path / f"{number}.vq")
        source = ImageSource(side, side, 32, 32, colour)
        paths[-1].write_bytes(pack(dataclasses.replace(made, source=source, chunks=chunks)))
    done = python(DECODE, tiny_model, side**2, *paths)
    assert (done.stdout.split(), done.stderr) == (["RGB", "L", "1", "P", "I;16", "CMYK", "RGBA", "LA"], "")


# Values --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["encoder/layers.1.bias", "decoder/gain", "decoder/layers.0.first.weight.scale"])
def test_weights_are_finite(tiny_model: Path, tmp_path: Path, name: str, value: float) -> None:
    array = arrays_of(tiny_model)[name]
    array.reshape(-1)[-1] = value
    with pytest.raises(ModelError, match=f"{name} has values that are not finite"):
        load(rewritten(tiny_model, tmp_path, {name: array}))


def compress(codec: EitherCodec) -> bytes:
    """A small picture or sound."""
    if isinstance(codec, AudioCodec):
        return codec.compress(voices(1, 4_000, seed=1), 16_000)
    return codec.compress(pictures(1, 20, seed=1)[0])


@pytest.mark.parametrize("network", ["encoder", "decoder"])
@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_what_networks_give_is_finite(
    tiny_model: Path, tiny_voice: Path, tmp_path: Path, network: str, kind: str
) -> None:
    """Weights that are finite, and whose products are not."""
    model = tiny_model if kind == "picture" else tiny_voice
    data = compress(load_either(model))
    own = {name: array for name, array in arrays_of(model).items() if name.startswith(network)}
    huge = {name: np.full_like(array, 127 if array.dtype == np.int8 else 6e4) for name, array in own.items()}
    codec = load_either(rewritten(model, tmp_path, huge))
    with pytest.raises(ModelError, match="not finite"):
        _ = compress(codec) if network == "encoder" else codec.decompress(data)


@pytest.mark.parametrize("name", ["metric", "code_bits"])
def test_distances_and_lengths_are_not_negative(tiny_model: Path, tmp_path: Path, name: str) -> None:
    array = arrays_of(tiny_model)[name]
    array.reshape(-1)[0] = -1
    with pytest.raises(ModelError, match="below 0"):
        load(rewritten(tiny_model, tmp_path, {name: array}))


@pytest.mark.parametrize(
    "table",
    [
        [(1, 0.1), (0, 0.1)],
        [(0, 0.1), (0, 0.2)],
        [(0, 0.1)] * (MOST_QUALITIES + 1),
        [(0, -0.1)],
        [(0, 1e300)],
        [(0, float("nan"))],
        [(2, 0.1)],
    ],
)
def test_quality_tables_that_no_model_has(tiny_model: Path, tmp_path: Path, table: list[tuple[int, float]]) -> None:
    quality = [{"rate_point": rate, "lambda_": lambda_} for rate, lambda_ in table]
    with pytest.raises(ModelError):
        load(rewritten(tiny_model, tmp_path, quality=quality))


@pytest.mark.parametrize(
    "name", ["x\x1b]0;PWNED\x07\x1b[2J", "prior/\x1b[2J", "encoder/a\nb", "x", "prior/" + "a" * 200]
)
def test_names_that_no_array_has(tiny_model: Path, tmp_path: Path, name: str) -> None:
    """They would reach terminals as they are."""
    path = tmp_path / "a.safetensors"
    save_file(load_file(tiny_model) | {name: np.zeros(1, np.float16)}, path, metadata_of(tiny_model))
    with pytest.raises(ModelError, match="does not belong to a model") as caught:
        load(path)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 200 + len(str(path))


@pytest.mark.parametrize("fingerprint", ["\x1b[2J", "", "0123456789abcdef"])
def test_fingerprints_are_hexadecimal_and_right(tiny_model: Path, tmp_path: Path, fingerprint: str) -> None:
    path = tmp_path / "a.safetensors"
    save_file(load_file(tiny_model), path, metadata_of(tiny_model) | {"fingerprint": fingerprint})
    with pytest.raises(ModelError, match="damaged") as caught:
        load(path)
    assert str(caught.value).isprintable()

"""Model files: what they keep, what their fingerprint covers, and files that are damaged or hostile."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from bitstream import ModelError
from tests.helpers.image_models import SETTINGS
from tests.helpers.image_models import tiny_model as make_tiny_model
from tests.helpers.model_files import NORMATIVE, arrays_of, metadata_of, rewritten, use, with_tmp_path
from tests.helpers.pictures import pictures
from tests.helpers.pixelcnns import bound_model
from tests.helpers.priors import random_indices
from vqcodec import load
from vqcodec.codec.loading import for_pictures
from vqcodec.model import bundled
from vqcodec.model import file as model_file
from vqcodec.model.bundled import bundled_models, find_model
from vqcodec.model.model import Model, load_model
from vqcodec.training.networks.image import Decoder, Encoder
from vqcodec.transform.image.config import AutoencoderConfig

Change = Callable[[NDArray[Any]], NDArray[Any]]

# Keeping -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [make_tiny_model, bound_model])
def test_saving_keeps_everything(make: Callable[[], Model], tmp_path: Path) -> None:
    original = make()
    original.save(tmp_path / "a.safetensors")
    loaded = load_model(tmp_path / "a.safetensors")
    assert loaded.fingerprint == original.fingerprint
    assert loaded.config == original.config
    indices = random_indices(original.prior, 1, 5, 6)
    assert loaded.prior.encode(indices, 1) == original.prior.encode(indices, 1)
    assert (loaded.codebooks.look_up(indices, 1) == original.codebooks.look_up(indices, 1)).all()
    loaded.save(tmp_path / "b.safetensors")
    assert load_file(tmp_path / "a.safetensors").keys() == load_file(tmp_path / "b.safetensors").keys()
    again = load_file(tmp_path / "b.safetensors")
    assert all((array == again[name]).all() for name, array in load_file(tmp_path / "a.safetensors").items())
    assert [path.suffix for path in tmp_path.iterdir()] == [".safetensors"] * 2  # and nothing else


def test_integers_need_not_be_packed(tiny_model: Path, tmp_path: Path) -> None:
    metadata = metadata_of(tiny_model)
    del metadata["shapes"]
    save_file(arrays_of(tiny_model), tmp_path / "plain.safetensors", metadata)
    assert load_model(tmp_path / "plain.safetensors").fingerprint == load_model(tiny_model).fingerprint


def test_without_an_encoder_files_are_read_and_not_written(tiny_model: Path, tmp_path: Path) -> None:
    whole, picture = for_pictures(load(tiny_model)), pictures(1, 20, seed=1)[0]
    data = whole.compress(picture)
    networks = {name: array for name, array in whole.model.networks.items() if not name.startswith("encoder/")}
    replace(whole.model, networks=networks).save(tmp_path / "reader.safetensors")
    reader = for_pictures(load(tmp_path / "reader.safetensors"))
    assert reader.model.fingerprint == whole.model.fingerprint
    assert (np.asarray(reader.decompress(data)) == np.asarray(whole.decompress(data))).all()
    with pytest.raises(ModelError, match="no encoder"):
        reader.compress(picture)


def test_header_tells_the_fingerprint(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundled, "WEIGHTS", tiny_model.parent)
    (info,) = bundled_models()
    assert info.name == "tiny"
    assert info.fingerprint == load_model(tiny_model).fingerprint.hex()
    assert info.bytes == tiny_model.stat().st_size
    assert find_model("tiny") == tiny_model
    assert load("tiny").model.fingerprint.hex() == info.fingerprint


@pytest.mark.parametrize(
    "shape",
    [
        SETTINGS.autoencoder,
        AutoencoderConfig(2, (6,), (0,), 5, 3),
        AutoencoderConfig(linear_path=True),
        AutoencoderConfig(4, (6, 10), (1, 2), 5, 3, decoder_blocks=(0, 1), decoder_widths=(8, 12)),
    ],
)
def test_parameters_are_counted(shape: AutoencoderConfig) -> None:
    with torch.device("meta"):
        assert sum(p.numel() for p in Encoder(shape).parameters()) == shape.encoder_parameters
        assert sum(p.numel() for p in Decoder(shape).parameters()) == shape.decoder_parameters


# The fingerprint ---------------------------------------------------------------------------------------------------


def nudged(array: NDArray[Any]) -> NDArray[Any]:
    """The last value changed by one, towards zero; zero to one."""
    changed = array.copy()
    last = changed.reshape(-1)[-1:]
    last += -np.sign(last).astype(array.dtype) if last[0] else 1
    return changed


def test_fingerprint_covers_the_normative_part_and_nothing_else(tiny_model: Path, tmp_path: Path) -> None:
    arrays, fingerprint = arrays_of(tiny_model), load_model(tiny_model).fingerprint
    hard = {name for name in arrays if name.startswith(NORMATIVE)} - {"sizes"}
    assert len(hard) > 60
    assert len(arrays.keys() - hard) > 40
    for name, array in arrays.items():
        if name != "sizes":
            changed = load_model(rewritten(tiny_model, tmp_path, {name: nudged(array)}))
            assert (changed.fingerprint != fingerprint) == (name in hard), name


def test_fingerprint_covers_the_alphabets() -> None:
    original = make_tiny_model()
    sizes = original.codebooks.sizes.copy()
    sizes[1, 2] -= 1
    changed = replace(original, codebooks=replace(original.codebooks, sizes=sizes))
    assert changed.fingerprint != original.fingerprint


def test_fingerprint_covers_the_streams(tiny_model: Path, tmp_path: Path) -> None:
    changed = load_model(rewritten(tiny_model, tmp_path, prior={"layers": [2, 1]}))
    assert changed.fingerprint != load_model(tiny_model).fingerprint


def test_fingerprint_covers_the_stride() -> None:
    original = make_tiny_model()
    assert isinstance(original.config.autoencoder, AutoencoderConfig)
    shape = replace(original.config.autoencoder, patch=8)
    assert replace(original, config=replace(original.config, autoencoder=shape)).fingerprint != original.fingerprint


def test_fingerprint_ignores_descriptions_and_versions(tiny_model: Path, tmp_path: Path) -> None:
    changed = load_model(rewritten(tiny_model, tmp_path, description="another", decoder_version=7))
    assert changed.config.decoder_version == 7
    assert changed.fingerprint == load_model(tiny_model).fingerprint


# Damaged files -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x00" * 8,
        b"\xff" * 64,
        (2**63).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (20_000).to_bytes(8, "little") + b"[" * 20_000,
        pickle.dumps({"codewords": [1.0]}),
        b"PK\x03\x04" + bytes(100),
    ],
    ids=lambda data: data[:8].hex(),
)
def test_files_that_are_no_models(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.safetensors: .*not a model file"):
        load(path)


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    torch.save({"codewords": torch.zeros(3)}, tmp_path / "model.pt")
    with pytest.raises(ModelError, match="damaged, or not a model"):
        load(tmp_path / "model.pt")


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for name in (tmp_path / "none", tmp_path, "no-such-model", "", "a\0b"):
        with pytest.raises(ModelError, match="no model"):
            load(name)
        with pytest.raises(ModelError, match="no model"):
            load_model(Path(name))


def test_devices_that_are_not_there(tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="cannot be used on 'abacus'"):
        load(tiny_model, "abacus")


def test_files_too_large(tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "MAX_BYTES", tiny_model.stat().st_size - 1)
    with pytest.raises(ModelError, match="larger than a model may be"):
        load(tiny_model)


@with_tmp_path
@given(st.floats(0, 1, exclude_max=True))
def test_truncations(tiny_model: Path, tmp_path: Path, share: float) -> None:
    data = tiny_model.read_bytes()
    path = tmp_path / "cut.safetensors"
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(ModelError, match="damaged"):
        load(path)


@with_tmp_path
@given(st.floats(0, 1, exclude_max=True), st.booleans(), st.binary(min_size=1, max_size=3))
def test_damage_anywhere(tiny_model: Path, tmp_path: Path, where: float, in_header: bool, new: bytes) -> None:
    """A model error, or a model that can be used; weights have no checksum."""
    data = bytearray(tiny_model.read_bytes())
    end = 8 + int.from_bytes(data[:8], "little") if in_header else len(data)
    at = int(where * end)
    data[at : at + len(new)] = new
    path = tmp_path / "damaged.safetensors"
    path.write_bytes(data)
    try:
        codec = load(path)
    except ModelError:
        return
    use(codec)

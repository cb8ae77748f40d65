"""Models of sound beside those of pictures: their configuration, their files, and what the fingerprint covers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from bitstream import AudioSource, FingerprintError, ImageSource, InputError, ModelError, pack, unpack
from tests.helpers.model_files import metadata_of, rewritten
from tests.helpers.wavenets import plain_wavenet
from vqcodec import AudioCodec, ImageCodec, load
from vqcodec.codec.loading import for_pictures
from vqcodec.model import bundled
from vqcodec.model.bundled import bundled_models
from vqcodec.model.config import ModelConfig, from_json, to_json
from vqcodec.model.model import Model, load_model
from vqcodec.model.quality import Setting
from vqcodec.prior.config import WaveNetConfig
from vqcodec.prior.wavenet import WaveNet
from vqcodec.training.networks.audio import Decoder, Encoder
from vqcodec.transform.audio.config import AutoencoderConfig
from vqcodec.transform.codebooks import Codebooks

SHAPE = AutoencoderConfig(
    window=32, hop=8, widths=(4, 6), blocks=(0, 1), decoder_blocks=(1, 0), latent_channels=9, rate_points=2
)
PRIOR = WaveNetConfig(planes=(1, 2), streams=(1, 1), hidden=4, dilations=(1, 2))
SIZES = np.array([[5, 2, 1], [3, 4, 5]])
DIMENSION = 3


def sound_model() -> Model:
    """All of it random."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    networks = {
        f"{name}/{key}": value.numpy()
        for name, network in (("encoder", Encoder(SHAPE)), ("decoder", Decoder(SHAPE)))
        for key, value in network.state_dict().items()
    }
    taken = np.arange(SIZES.max()) < SIZES[..., None]
    codewords = rng.normal(size=(*taken.shape, DIMENSION)).astype(np.float16).astype(np.float32)
    codebooks = Codebooks(
        codewords=np.where(taken[..., None], codewords, 0),
        sizes=SIZES,
        metric=np.ones((*SIZES.shape, DIMENSION), np.float32),
        code_bits=np.where(taken, np.float32(2), 0),
    )
    config = ModelConfig(SHAPE, PRIOR, (Setting(0, 0.1), Setting(1, 0.1)), "for tests", modality="audio")
    prior = plain_wavenet(PRIOR.planes, PRIOR.streams, SIZES, PRIOR.dilations, PRIOR.hidden)
    return Model(config, codebooks, prior, networks)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "sound.safetensors"
    sound_model().save(path)
    return path


def config_of(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(metadata_of(path)["config"])
    return found


# Files -------------------------------------------------------------------------------------------------------------


def test_saving_keeps_everything(sound: Path, tmp_path: Path) -> None:
    original, loaded = sound_model(), load_model(sound)
    assert loaded.config == original.config
    assert loaded.fingerprint == original.fingerprint
    rng = np.random.default_rng(1)
    indices = rng.integers(0, SIZES[1][:, None, None], (3, 2, 20)).astype(np.int32)
    streams = loaded.prior.encode(indices, 1)
    assert streams == original.prior.encode(indices, 1)
    assert (loaded.prior.decode(streams, 1, 2, 20) == indices).all()
    loaded.save(tmp_path / "again.safetensors")
    again = load_file(tmp_path / "again.safetensors")
    assert again.keys() == load_file(sound).keys()
    assert all((array == again[name]).all() for name, array in load_file(sound).items())


def test_the_header_tells_the_modality(sound: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path, modality in ((sound, "audio"), (tiny_model, "image")):
        monkeypatch.setattr(bundled, "WEIGHTS", path.parent)
        (info,) = bundled_models()
        assert (info.modality, info.fingerprint) == (modality, load_model(path).fingerprint.hex())


def test_models_of_pictures_do_not_name_their_modality(sound: Path, tiny_model: Path) -> None:
    """As files had none before there was another."""
    assert "modality" not in config_of(tiny_model)
    assert config_of(sound)["modality"] == "audio"


@pytest.mark.parametrize("modality", ["image", "video", "", None, 0, [], ["audio"], {}])
def test_modalities_that_a_model_does_not_have(sound: Path, tmp_path: Path, modality: object) -> None:
    with pytest.raises(ModelError, match=r"not a model|not the configuration of a model"):
        load_model(rewritten(sound, tmp_path, modality=modality))


def test_a_model_of_pictures_does_not_become_one_of_sound(tiny_model: Path, tmp_path: Path) -> None:
    assert load_model(rewritten(tiny_model, tmp_path, modality="image")).config == load_model(tiny_model).config
    with pytest.raises(ModelError, match=r"not a model|not the configuration of a model"):
        load_model(rewritten(tiny_model, tmp_path, modality="audio"))


@pytest.mark.parametrize(
    "config",
    [
        *({"autoencoder": {"sample_rate": value}} for value in (0, 999, 1_000_001, "x", None)),
        *({"autoencoder": {"widths": value}} for value in ([4], [4, 7], [4096, 4096], [10**30] * 2)),
        *({"autoencoder": {"latent_channels": value}} for value in (8, 10, 0)),
        {"autoencoder": {"rates": 3}},
        {"autoencoder": {"patch": 4}},
        {"prior": {"planes": [2, 1]}},
        {"prior": {"context": 4}},
    ],
    ids=str,
)
def test_configurations_that_no_model_has(sound: Path, tmp_path: Path, config: dict[str, Any]) -> None:
    with pytest.raises(ModelError):
        load_model(rewritten(sound, tmp_path, **config))


# Configurations ----------------------------------------------------------------------------------------------------


def test_json_keeps_configurations(tiny_model: Path) -> None:
    for config in (sound_model().config, load_model(tiny_model).config):
        assert from_json(to_json(config)) == config


@pytest.mark.parametrize(
    "change", [{"modality": "image"}, {"modality": "video"}, {"quality": ()}, {"decoder_version": -1}], ids=str
)
def test_configurations_that_are_none(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"a model|the model"):
        replace(sound_model().config, **change)


def test_all_parts_are_of_one_modality(tiny_model: Path) -> None:
    picture, sound = load_model(tiny_model).config, sound_model().config
    for mixed in ({"autoencoder": picture.autoencoder}, {"prior": picture.prior}):
        with pytest.raises(ValueError, match="of the modality of the model"):
            replace(sound, **mixed)


# The fingerprint ---------------------------------------------------------------------------------------------------


def with_shape(**change: Any) -> Callable[[Model], Model]:
    return lambda old: replace(old, config=replace(old.config, autoencoder=replace(old.config.autoencoder, **change)))


def with_prior(**change: Any) -> Callable[[Model], Model]:
    return lambda old: replace(old, config=replace(old.config, prior=replace(old.config.prior, **change)))


def with_dilations(old: Model) -> Model:
    prior = old.prior
    assert isinstance(prior, WaveNet)
    changed = WaveNet(
        prior.slices, PRIOR.planes, PRIOR.streams, (1, 3), prior.values.astype(np.int8), prior.sizes, prior.tables
    )
    return replace(old, prior=changed)


@pytest.mark.parametrize(
    "change",
    [
        with_shape(sample_rate=8000),
        with_shape(widths=(4, 6, 6), blocks=(0, 1, 0), decoder_blocks=(1, 0, 0)),
        with_prior(streams=(2,)),
        with_prior(planes=(2, 1)),
        with_dilations,
    ],
    ids=["sample rate", "stride", "streams", "planes", "dilations"],
)
def test_fingerprint_covers(change: Callable[[Model], Model]) -> None:
    original = sound_model()
    assert change(original).fingerprint != original.fingerprint


def test_fingerprint_ignores_the_soft_half() -> None:
    original = sound_model()
    changed = with_shape(widths=(8, 6), decoder_blocks=(4, 4))(original)
    changed = replace(changed, config=replace(changed.config, description="another", decoder_version=7), networks={})
    assert changed.fingerprint == original.fingerprint


# Codecs ------------------------------------------------------------------------------------------------------------


def test_a_model_makes_the_codec_of_its_modality(sound: Path, tiny_model: Path) -> None:
    picture = load(tiny_model)
    assert for_pictures(picture) is picture
    codec = load(sound)
    assert isinstance(codec, AudioCodec)
    assert codec.model.config.modality == "audio"
    with pytest.raises(ModelError, match="for sound, not for pictures"):
        for_pictures(codec)


def test_codecs_refuse_models_of_another_modality(sound: Path, tiny_model: Path) -> None:
    with pytest.raises(ModelError, match="for sound, not for pictures"):
        ImageCodec(load_model(sound))
    with pytest.raises(ModelError, match="not for sound"):
        AudioCodec(load_model(tiny_model))


def test_indices_and_files_of_another_modality(sound: Path, tiny_model: Path) -> None:
    """Of a codec's own model, were it not for what they say they are of."""
    picture, recording = ImageSource(64, 96), AudioSource(64, 16_000, 1)
    for path, own, other, text in (
        (tiny_model, picture, recording, "the file holds sound, the model is for pictures"),
        (sound, recording, picture, "the file holds a picture, the model is for sound"),
    ):
        codec = load(path)
        volume = np.zeros((len(codec.codebooks(0)), *codec.shape_of(own)), np.int32)
        data = codec.write(codec.indices(volume, 0, own))
        with pytest.raises(FingerprintError, match=text):
            codec.read(pack(replace(unpack(data), source=other)))
        for use in (codec.bits, codec.write):
            with pytest.raises(InputError, match="another model"):
                use(codec.indices(volume, 0, other))

"""`vqcodec fit-decoder`: train the decoder of a finished model further, on the codes of its files.

Encoder, codebooks and prior do not change, so every file of the model is read as before, and looks better. In the
earlier stages, codes were chosen without the prior, at two or three lambdas, and encoder and codebooks were trained,
too. Here all the time goes into the decoder, which may also become deeper.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

from bitstream import InputError, ModelError
from vqcodec.codec.loading import codec_of, for_pictures
from vqcodec.model.model import Model, load_model
from vqcodec.training.data.originals import split
from vqcodec.training.data.pictures import PictureCache
from vqcodec.training.decoder.stage import CodedPiece, DecoderFitting, DecoderTraining, coded_pieces
from vqcodec.training.engine.config import load_config
from vqcodec.training.engine.folder import add_entry, work_folder
from vqcodec.training.engine.hardware import ANY, Hardware
from vqcodec.training.engine.identity import identity_of, model_digest
from vqcodec.training.engine.loop import train
from vqcodec.training.engine.machine import Machine, launch
from vqcodec.training.engine.run import Run
from vqcodec.training.networks.image import Decoder, LikelihoodHead
from vqcodec.training.stages.deepening import deepened
from vqcodec.transform.image.config import AutoencoderConfig
from vqcodec.transform.torch_networks import arrays_of, state_of

__all__ = ["fit_decoder"]


def fit_decoder(model: Path, folder: Path, config: Path | None = None, hardware: Hardware = ANY) -> None:
    """Train the decoder of the model file `model`, in place, on the pictures of `folder`.

    Raises:
        ModelError: the model cannot be read, or is for sound, or the checkpoint is of other settings or data.
        InputError: the configuration or the pictures cannot be used.
    """
    settings = load_config(config, DecoderTraining)
    launch(partial(_fit, settings, model, folder), hardware)


def _fit(settings: DecoderTraining, path: Path, folder: Path, machine: Machine) -> None:
    model = load_model(path)
    codec = for_pictures(codec_of(model))
    if not model.config.lambdas:
        raise InputError("the model does not tell its lambdas, which weigh its rate points")
    run = Run(machine, work_folder(path), settings.seed)
    run.seed_networks("decoder")
    decoder, likelihood, shape = _networks(model, codec.shape, settings.blocks)
    with machine.first_on_each_host():
        cache = PictureCache(folder, run.folder / "cache")
    held_out, others = split(len(cache), settings.held_out, settings.seed)

    def pieces(numbers: list[int], qualities: int) -> list[CodedPiece]:
        rng = run.fixed_draws("pieces", qualities, 0).shared
        return machine.from_first(lambda: coded_pieces(codec, [cache.pictures[n] for n in numbers], qualities, rng))

    training, test = pieces(others or held_out, settings.draws), pieces(held_out, 1)
    if not training or not test:
        raise InputError(f"the pictures of {folder} are smaller than {codec.stride} pixels")
    stage = DecoderFitting(decoder, likelihood, model, training, test, settings, run)
    before = machine.from_first(stage.evaluate)
    train(stage, run, identity_of(settings, data=cache.digest, model=model_digest(model)))
    if machine.is_first:
        _save(model, decoder, likelihood, shape, path)
        figures = {"before": before["fidelity"], "after": stage.evaluate()["fidelity"]}
        add_entry(run.folder, {"stage": "decoder", "held_out_fidelity": figures})
        for checkpoint in run.folder.glob("decoder*.safetensors"):
            checkpoint.unlink()  # they are of a model that is no more


def _save(model: Model, decoder: Decoder, likelihood: LikelihoodHead, shape: AutoencoderConfig, path: Path) -> None:
    """Write the model with another decoder."""
    encoder = {name: array for name, array in model.networks.items() if name.startswith("encoder/")}
    networks = encoder | arrays_of("decoder", decoder) | arrays_of("likelihood", likelihood)
    tuned = replace(model.config, autoencoder=shape, decoder_version=model.config.decoder_version + 1)
    replace(model, config=tuned, networks=networks).save(path)


def _networks(
    model: Model, before: AutoencoderConfig, blocks: tuple[int, ...]
) -> tuple[Decoder, LikelihoodHead, AutoencoderConfig]:
    """Decoder and likelihood of the model, the decoder with so many `blocks`; and the shape that has them."""
    try:
        shape = replace(before, decoder_blocks=blocks or before.decoder_blocks)
        decoder, likelihood = Decoder(shape), LikelihoodHead(shape)
        decoder.load_state_dict(deepened(state_of(model.networks, "decoder"), decoder))
    except ValueError as error:
        raise InputError(f"blocks: {error}") from None
    try:
        likelihood.load_state_dict(state_of(model.networks, "likelihood"))
    except RuntimeError:
        raise ModelError("the model does not say how likely pixels are: its likelihood does not fit") from None
    return decoder, likelihood, shape

"""From a file and its model to indices."""

from __future__ import annotations

import zlib

from tests.second_decoder.byte_reader import require
from tests.second_decoder.container import Container, Sound
from tests.second_decoder.integer_layers import Integers
from tests.second_decoder.model_file import ModelFile
from tests.second_decoder.picture_prior import decode_picture
from tests.second_decoder.sound_prior import decode_sound

__all__ = ["decode_indices"]


def decode_indices(container: Container, model: ModelFile) -> Integers:
    """Indices `[planes, rows, columns]` of the streams that are complete; raises FormatError.

    Rows and columns are those of a picture's positions; for sound they are rows and frames.
    """
    source, rate_point = container.source, container.rate_point
    require(container.fingerprint == model.fingerprint(), "the model is another one")
    require(isinstance(source, Sound) == model.is_audio, "the model is of the other modality")
    require(rate_point < len(model.sizes), "the model does not have this rate point")
    require(container.stream_count == len(model.streams), "the model has another number of streams")
    streams = [stream.data for stream in container.streams]
    if isinstance(source, Sound):
        indices = decode_sound(model, rate_point, streams, source)
    else:
        indices = decode_picture(model, rate_point, streams, source.coded_height, source.coded_width)
    for number, stream in enumerate(container.streams):
        crc = zlib.crc32(indices[model.planes(number)].astype("<u2").tobytes())
        require(crc == stream.indices_crc, "the indices are not those that were written")
    return indices

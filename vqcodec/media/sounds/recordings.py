"""Sound files <-> float32 samples. The differences between formats end here."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from bitstream import Limits
from bitstream.errors import InputError
from vqcodec.media.sounds.arrays import peak
from vqcodec.media.sounds.kinds import SUFFIX, is_sound
from vqcodec.media.sounds.opening import open_sound
from vqcodec.media.sounds.repair import ogg_chain
from vqcodec.media.sounds.resampling import check_sample_rate
from vqcodec.media.sounds.sndfile import MAX_CHANNELS, SequentialSound, WatchedFile
from vqcodec.system.files import read_file

__all__ = [
    "Recording",
    "RecordingReader",
    "RecordingWriter",
    "is_sound_name",
    "read_recording",
    "write_recording",
    "written_format",
]

_ENDLESS = 2**62  # from this many samples on, a file does not say how many it has
_BLOCK = 2**14  # samples a channel that are read or written at once: many more overflow the stack of Vorbis' encoder
# Vorbis and Opus order 3 to 8 channels in another way than WAV, FLAC and we do, and libsndfile leaves them so. Where
# the channels of WAV are in theirs: Vorbis I specification, 4.3.9, and RFC 7845, 5.1.1.2.
_VORBIS_ORDER = {3: [0, 2, 1], 5: [0, 2, 1, 3, 4], 6: [0, 2, 1, 5, 3, 4]}
_VORBIS_ORDER |= {7: [0, 2, 1, 6, 5, 3, 4], 8: [0, 2, 1, 7, 5, 6, 3, 4]}
_MAX_VALUES = Limits().max_samples  # of a whole recording in memory: more are not decompressed unasked either


@dataclass(frozen=True)
class _Format:
    """How libsndfile writes a format. Beyond the limits it would write broken files, or crash in Vorbis."""

    name: str
    subtype: str = "PCM_16"
    max_rate: int = 2**31 - 1
    max_channels: int = MAX_CHANNELS
    max_bytes: int = 2**63 - 1  # of samples of 16 bits
    compression: float | None = None


_WAV = _Format("WAV", max_bytes=2**32 - 2**12)  # less what surrounds the samples
_AIFF = _Format("AIFF", max_bytes=2**31 - 2**12)
_VORBIS = _Format("OGG", "VORBIS", max_rate=200_000, max_channels=255, compression=0.2)  # of 0..1: its quality 8
_FLAC = _Format("FLAC", max_rate=655_350, max_channels=8)
_WRITTEN = {".wav": _WAV, ".flac": _FLAC, ".ogg": _VORBIS, ".oga": _VORBIS, ".aiff": _AIFF, ".aif": _AIFF}


@dataclass(frozen=True)
class Recording:
    """A sound that was read.

    Attributes:
        samples: float32 `[C, N]`, at least one, channels in the order of WAV; full scale is -1..1, which files of
            floats may exceed.
        sample_rate: samples a second, one of `resampling.SAMPLE_RATES`.
        notes: what was lost or changed, a line each.
    """

    samples: NDArray[np.float32]
    sample_rate: int
    notes: tuple[str, ...] = ()


class RecordingReader:
    """A sound file that is read once, from start to end, in bounded memory; a context manager.

    Attributes:
        sample_rate: samples a second, one of `resampling.SAMPLE_RATES`.
        channels: 1..1024.
        samples: how many samples a channel the file announces, 0 if it does not say. Fewer may follow if it is damaged,
            or an MP3 file without a header, where this is an estimate. Never more are read.
    """

    def __init__(self, source: bytes | str | os.PathLike[str]) -> None:
        """Open a sound from the bytes of a file, or from its path.

        Raises:
            InputError: the data are not a sound, or have a sample rate that is not one of `resampling.SAMPLE_RATES`; or
                too much comes of a pipe or device.
            OSError: the file cannot be read at all.
        """
        self._about = "" if isinstance(source, bytes) else f"{os.fspath(source)}: "
        self._peak = 0.0
        with ExitStack() as stack:
            file = stack.enter_context(_opened(source))
            size = file.seek(0, os.SEEK_END)
            with self._naming():
                if not size:
                    raise InputError("the sound is empty: it has no bytes")
                self._links = ogg_chain(file, size)
                opened = open_sound(file, size)
                self._file, self._bytes, self._sound = opened.file, opened.size, stack.enter_context(opened.sound)
                self._notes = list(opened.notes)
                check_sample_rate(self._sound.samplerate)
            self.sample_rate: int = self._sound.samplerate
            self.channels: int = self._sound.channels
            self.samples: int = self._sound.frames if self._sound.frames < _ENDLESS else 0
            self._closing = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.close()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was lost or changed, a line each; complete when all blocks were read."""
        loud = f"its samples go up to {self._peak:.3g}, beyond full scale: they are clipped at 1"
        return (*self._notes, loud) if self._peak > 1 else tuple(self._notes)

    def blocks(self, size: int = _BLOCK) -> Iterator[NDArray[np.float32]]:
        """The samples, in blocks of float32 `[C, n]`, n in 1..`size`. Where they are cut does not change them.

        Channels are in the order of WAV.

        Raises:
            InputError: the file is damaged, or has no samples, or some that are not numbers.
            OSError: it cannot be read.
        """
        count = 0
        order = _order(self._sound.subtype, self.channels)
        while True:
            with self._naming():
                with self._file.errors("the sound is damaged"):
                    block = self._sound.read(size, "float32", always_2d=True)
                if not block.size:
                    break
                self._peak = max(self._peak, peak(block))
            count += len(block)
            yield np.ascontiguousarray(block[:, order].T)
        if not count:
            raise InputError(f"{self._about}the sound has no samples")
        self._note_end(count)

    def _note_end(self, count: int) -> None:
        if count < self.samples:
            self._notes.append(f"it ends after {count} of the {self.samples} samples that it promises")
        used = f"only its first {count / self.sample_rate:.1f} s are used"
        if self._links > 1:
            self._notes.append(f"{used}: it has {self._links} streams, one after the other")
        # libsndfile reads as much of a headless MP3 as it estimates. A tag is short.
        left = self._bytes - self._file.tell()
        if self._sound.format == "MP3" and left > self._bytes // 20:
            self._notes.append(f"{used}: {left} of {self._bytes} bytes are left")

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """Let errors name the file."""
        try:
            yield
        except InputError as error:
            raise InputError(f"{self._about}{error}") from None


class RecordingWriter:
    """A sound file that is written block by block. It is a context manager: the file is complete when it exits."""

    def __init__(self, file: BinaryIO, suffix: str, sample_rate: int, channels: int, samples: int) -> None:
        """Begin a file in the format that `suffix` (".wav", ...) stands for.

        Args:
            file: empty, open for writing, and seekable.
            sample_rate, channels: of the blocks.
            samples: how many a channel will be written, at most. A WAV file beyond 4 GiB becomes RF64.

        Raises:
            InputError: sounds are not written in that format, or not with this rate, these channels or this length.
            OSError: the file cannot be written.
        """
        self._kind = kind = _format_for(suffix, sample_rate, channels, samples)
        self._order = np.argsort(_order(kind.subtype, channels))
        self._file = WatchedFile(file)
        with self._errors():
            self._sound = SequentialSound(
                self._file,
                "w",
                sample_rate,
                channels,
                kind.subtype,
                format=kind.name,
                compression_level=kind.compression,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        # After an error, errors of closing the file do not matter.
        with self._errors() if kind is None else suppress(Exception):
            self._sound.close()

    def write(self, block: NDArray[np.float32]) -> None:
        """Write float32 `[C, n]`, channels in the order of WAV; what exceeds -1..1 is clipped.

        Raises:
            InputError: the format cannot hold this sound.
            OSError: the file cannot be written.
        """
        for start in range(0, block.shape[1], _BLOCK):
            piece = np.clip(block[self._order, start : start + _BLOCK].T, -1, 1)
            with self._errors():
                self._sound.write(np.ascontiguousarray(piece, np.float32))

    def _errors(self) -> AbstractContextManager[None]:
        return self._file.errors(f"the sound cannot be written as {self._kind.name}")


def read_recording(source: bytes | str | os.PathLike[str]) -> Recording:
    """Read a whole sound from the bytes of a file, or from its path.

    Raises:
        InputError: as for `RecordingReader`, or the sound is too long for memory.
        OSError: the file cannot be read at all.
    """
    with RecordingReader(source) as reader:
        blocks, values = [], 0
        for block in reader.blocks():
            blocks.append(block)
            values += block.size
            if values > _MAX_VALUES:  # a small file can hold hours of silence
                raise InputError(f"{reader._about}the sound is too long: it has more than {_MAX_VALUES} samples")
        return Recording(np.concatenate(blocks, axis=1), reader.sample_rate, reader.notes)


def write_recording(samples: NDArray[np.float32], sample_rate: int, file: BinaryIO, suffix: str) -> None:
    """Write float32 `[C, N]` at `sample_rate` Hz to `file`, as `RecordingWriter` does.

    Raises:
        InputError: sounds are not written in that format, or not with this rate, these channels or this length.
        OSError: the file cannot be written.
    """
    with RecordingWriter(file, suffix, sample_rate, *samples.shape) as writer:
        writer.write(samples)


def is_sound_name(name: str) -> bool:
    """Whether the suffix of `name` is that of a usual sound format that libsndfile reads."""
    return SUFFIX.fullmatch(Path(name).suffix.lower()) is not None


def written_format(name: str) -> str:
    """Return the suffix of `name`, as `write_recording` takes it.

    Raises:
        InputError: sounds are not written in that format.
    """
    suffix = Path(name).suffix.lower()
    if suffix not in _WRITTEN:
        found = f"not as {suffix!r}" if suffix else f"and {name!r} has no suffix"
        raise InputError(f"sounds are written as {', '.join(_WRITTEN)}, {found}")
    return suffix


def _opened(source: bytes | str | os.PathLike[str]) -> BinaryIO:
    """The bytes of a sound as a file that can seek."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    return Path(source).open("rb") if Path(source).is_file() else io.BytesIO(read_file(source, is_sound))


def _format_for(suffix: str, sample_rate: int, channels: int, samples: int) -> _Format:
    """The format for a sound; InputError if it cannot hold one like this."""
    kind, size = _WRITTEN[written_format(f"sound{suffix}")], 2 * samples * channels
    if kind is _WAV and size > kind.max_bytes:
        kind = _Format("RF64")
    for what, value, most in (
        ("samples a second", sample_rate, kind.max_rate),
        ("channels", channels, kind.max_channels),
        ("bytes of samples", size, kind.max_bytes),
    ):
        if value > most:
            raise InputError(f"a sound of {value} {what} cannot be written as {suffix}, which has at most {most}")
    return kind


def _order(subtype: str, channels: int) -> list[int]:
    """Where the channels of WAV are in what libsndfile reads or writes of a subtype."""
    same = list(range(channels))
    return _VORBIS_ORDER.get(channels, same) if subtype in ("VORBIS", "OPUS") else same

"""Encoders of picture formats that Pillow reads: its own, and those of libvips, which have more options."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np
import PIL
from PIL import AvifImagePlugin, Image, features

from vqcodec.evaluation.shared.jobs import work_on_one_thread

with suppress(ImportError):  # without it there is no JPEG XL
    from pillow_jxl import JpegXLImagePlugin

with suppress(ImportError):  # without it there is no MozJPEG
    import pyvips

__all__ = ["JXL_PLUGIN", "Encoder", "PillowEncoder", "VipsEncoder", "encode_on_one_thread"]

JXL_PLUGIN = "pillow-jxl-plugin"
VIPS_BINARY = "pyvips-binary"  # libvips, whose JPEG encoder is MozJPEG


@dataclass(frozen=True)
class PillowEncoder:
    """An encoder of Pillow.

    Attributes:
        format: the name of the format in Pillow.
        library: what writes the files, by its name in `PIL.features` or on PyPI.
    """

    format: str
    library: str

    @property
    def available(self) -> bool:
        """Whether this Pillow writes and reads the format."""
        Image.init()
        return self.format in Image.SAVE

    @property
    def remedy(self) -> str:
        """How to make it available."""
        return f"pip install {JXL_PLUGIN}" if self.library == JXL_PLUGIN else "this Pillow was built without it"

    @property
    def version(self) -> str:
        """Names and versions of the software."""
        library = metadata.version(JXL_PLUGIN) if self.library == JXL_PLUGIN else features.version(self.library)
        return f"Pillow {PIL.__version__} with {self.library} {library}"

    def encode(self, image: Image.Image, quality: int, options: Mapping[str, Any]) -> bytes:
        """The bytes of a whole file of an RGB picture, headers included.

        Raises:
            OSError, ValueError: the picture cannot be coded.
        """
        file = io.BytesIO()
        image.save(file, self.format, quality=quality, **options)
        return file.getvalue()


@dataclass(frozen=True)
class VipsEncoder:
    """An encoder of libvips.

    Attributes:
        format: the name of the format in Pillow, which decodes the files.
    """

    format: str

    @property
    def available(self) -> bool:
        """Whether pyvips is there, and the libvips that was built with MozJPEG."""
        return find_spec("pyvips") is not None and find_spec("_libvips") is not None

    @property
    def remedy(self) -> str:
        """How to make it available."""
        return f"pip install pyvips {VIPS_BINARY}"

    @property
    def version(self) -> str:
        """Name and version of the software."""
        return f"{VIPS_BINARY} {metadata.version(VIPS_BINARY)}"

    def encode(self, image: Image.Image, quality: int, options: Mapping[str, Any]) -> bytes:
        """The bytes of a whole file of an RGB picture, headers included.

        Raises:
            OSError: the picture cannot be coded.
        """
        pixels = pyvips.Image.new_from_array(np.asarray(image))
        try:
            return bytes(pixels.write_to_buffer(f".{self.format.lower()}", Q=quality, **options))
        except pyvips.Error as error:
            raise OSError(" ".join(str(error).split())) from None


Encoder = PillowEncoder | VipsEncoder


def encode_on_one_thread() -> None:
    """Prepare a process: one thread, also where encoders have no option for it."""
    work_on_one_thread()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    with suppress(NameError):
        JpegXLImagePlugin.DECODE_THREADS = 0
    with suppress(NameError):
        pyvips.concurrency_set(1)

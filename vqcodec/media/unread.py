"""Kinds of files among pictures and sounds that vqcodec does not read."""

from __future__ import annotations

from pathlib import Path

__all__ = ["is_picture_head", "unread_kind"]

_SUFFIXES = {
    "a HEIC picture, which is read once pillow-heif is installed (pip install pillow-heif)": (
        "heic heics heif heifs hif"
    ),
    "an AVIF picture, which Pillow reads from version 11.3 on": "avif avifs",
    "a JPEG XL picture, which djxl turns into PNG": "jxl",
    "the raw data of a camera, which darktable or RawTherapee develops": (
        "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mrw nef nrw orf pef raf raw rw2 rwl sr2 srf srw x3f"
    ),
    "a drawing, which Inkscape turns into PNG": "ai cdr emf eps ps svg svgz wmf",
    "a document, of which pdftoppm makes pictures": "pdf",
    "the file of a paint program, which can export PNG": "afphoto clip kra psb psd xcf",
    "a sound that libsndfile does not read: ffmpeg turns it into WAV or FLAC": (
        "3ga aac ac3 adts amr ape awb dff dsf dts eac3 m4a m4b m4p m4r mka mpc opus ra spx tak tta weba wma wv"
    ),
    "notes for a synthesizer, which FluidSynth plays into a WAV file": "mid midi",
    "a video: ffmpeg takes the sound or pictures out of it": (
        "3g2 3gp asf avi divx f4v flv m2ts m2v m4v mkv mov mp4 mpeg mpg mts mxf ogm ogv qt rm rmvb vob webm wmv"
    ),
}
_KINDS = {f".{suffix}": kind for kind, suffixes in _SUFFIXES.items() for suffix in suffixes.split()}


def unread_kind(name: str) -> str | None:
    """The kind of an unread picture, sound or video, by the name of its file, and what reads it; None for other names.

    Some of these are read if a package is installed: ask `is_picture_name` and `is_sound_name` first.
    """
    return _KINDS.get(Path(name).suffix.lower())


def is_picture_head(head: bytes) -> bool:
    """Whether a file may be a picture that Pillow knows by its magic, given its first 16 bytes or more."""
    from PIL import Image

    Image.init()
    whole = head.ljust(16, b"\0")  # less is too little for some of the tests
    found = [accepts(whole) for _, accepts in Image.OPEN.values() if accepts]
    return any(each and not isinstance(each, str) for each in found)  # a text says why it is not read

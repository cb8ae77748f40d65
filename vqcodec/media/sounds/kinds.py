"""Kinds of sound files, by their first bytes and by their names."""

from __future__ import annotations

import re

__all__ = ["HEAD", "SUFFIX", "is_sound", "unread_kind"]

# The suffixes of files that libsndfile reads, but for those that other kinds of files have, too.
SUFFIX = re.compile(
    r"\.(8svx|aif[cf]?|aiff|au|avr|caf|fap|flac|htk|ircam|mp[123]|nist|og[ag]|opus|paf|pvf|rf64|sds|sf|snd|sph|svx|voc"
    r"|w64|wave?|wve|xi)"
)
HEAD = 24  # bytes that tell what a file is

# WAV, FLAC, Ogg, AIFF, Amiga, Sun, Core Audio, Wave64; NIST SPHERE, VOC, IRCAM, PAF, AVR, PVF, Psion, FastTracker;
# MPEG layers II and III, behind a tag or bare. libsndfile knows more kinds, which have no magic.
_READ = re.compile(
    rb"RIFF....WAVE|RIFX....WAVE|RF64....WAVE|fLaC|OggS|FORM....(AIF[FC]|8SVX|16SV)|\.snd|dns\.|caff"
    rb"|riff\x2e\x91\xcf\x11|NIST_1A\n|Creative Voice File|[\1-\4]\0?\xa3\x64|\x64\xa3[\1-\4]\0| paf|fap |2BIT|PVF1\n"
    rb"|ALawSoundFile|Extended Instrument:"
    rb"|ID3|\xff[\xe2\xe3\xf2-\xf5\xfa-\xfd]",
    re.DOTALL,
)

# Kinds that libsndfile does not read, so that an error can name them. MPEG-4 has pictures, too.
_PICTURES = b"avif|avis|hei[cmsx]|hev[cmsx]|mif1|msf1|crx |jp2 |jpx |jpm "
_UNREAD = {
    "MPEG-4 (AAC or ALAC sound, or a film)": re.compile(b"....ftyp(?!" + _PICTURES + b")", re.DOTALL),
    "AAC": re.compile(rb"\xff[\xf0\xf1\xf8\xf9]|ADIF"),
    "AMR": re.compile(rb"#!AMR"),
    "Windows Media": re.compile(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    "Matroska or WebM": re.compile(rb"\x1a\x45\xdf\xa3"),
    "AVI, which is a film": re.compile(rb"RIFF....AVI ", re.DOTALL),
    "Dolby Digital": re.compile(rb"\x0b\x77"),
    "WavPack": re.compile(rb"wvpk"),
    "Monkey's Audio": re.compile(rb"MAC "),
    "Musepack": re.compile(rb"MPCK|MP\+"),
    "True Audio": re.compile(rb"TTA[12]"),
    "DSD": re.compile(rb"DSD |FRM8"),
    "MIDI, which has notes and no sound": re.compile(rb"MThd"),
}


def is_sound(head: bytes) -> bool:
    """Whether a file is known to hold sound, given its first HEAD bytes, or all if it has fewer.

    Some sounds cannot be recognised like this, and some that are recognised cannot be read.
    """
    return _READ.match(head) is not None or unread_kind(head) is not None


def unread_kind(head: bytes) -> str | None:
    """The kind of a sound that libsndfile does not read; None for other files."""
    return next((kind for kind, pattern in _UNREAD.items() if pattern.match(head)), None)

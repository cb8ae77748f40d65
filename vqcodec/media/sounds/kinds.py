"""Which kinds of sound there are, by the first bytes of a file and by its name."""

from __future__ import annotations

import re

__all__ = ["HEAD", "SUFFIX", "is_sound", "unread_kind"]

# Of the files of those kinds that libsndfile reads, as far as they are not those of something else, too.
SUFFIX = re.compile(
    r"\.(8svx|aif[cf]?|aiff|au|avr|caf|fap|flac|htk|ircam|mp[123]|nist|og[ag]|opus|paf|pvf|rf64|sds|sf|snd|sph|svx|voc"
    r"|w64|wave?|wve|xi)"
)
HEAD = 24  # bytes that tell what a file is

# WAV, FLAC, Ogg, AIFF, Amiga, Sun, Core Audio, Wave64; NIST SPHERE, VOC, IRCAM, PAF, AVR, PVF, Psion, FastTracker;
# MPEG layers II and III, behind a tag or bare. libsndfile knows more of them, which have no beginning of their own.
_READ = re.compile(
    rb"RIFF....WAVE|RIFX....WAVE|RF64....WAVE|fLaC|OggS|FORM....(AIF[FC]|8SVX|16SV)|\.snd|dns\.|caff"
    rb"|riff\x2e\x91\xcf\x11|NIST_1A\n|Creative Voice File|[\1-\4]\0?\xa3\x64|\x64\xa3[\1-\4]\0| paf|fap |2BIT|PVF1\n"
    rb"|ALawSoundFile|Extended Instrument:"
    rb"|ID3|\xff[\xe2\xe3\xf2-\xf5\xfa-\xfd]",
    re.DOTALL,
)

# What libsndfile does not read: its owner is helped by an error that says what it is. MPEG-4 has pictures, too.
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
    """Whether a file that begins with these HEAD bytes, or fewer if it has no more, is known to hold sound.

    Not every sound can be known by them, and not every one that is known can be read.
    """
    return _READ.match(head) is not None or unread_kind(head) is not None


def unread_kind(head: bytes) -> str | None:
    """What such a file is, if it is a sound that libsndfile does not read."""
    return next((kind for kind, pattern in _UNREAD.items() if pattern.match(head)), None)

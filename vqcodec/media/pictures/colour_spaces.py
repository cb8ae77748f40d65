"""Colour spaces that a file gives by numbers -> ICC profiles, so that all colours but sRGB take one path.

The numbers are gamma and chromaticities (PNG), or the code points of ITU-T H.273 (PNG, AVIF, HEIC).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ADOBE_RGB", "SRGB", "Chromaticities", "ColourSpace", "coded_space", "gamma_curve"]

Chromaticities = tuple[float, float, float, float, float, float, float, float]  # x and y of white, red, green, blue


@dataclass(frozen=True)
class Parametric:
    """Light of a value x in 0..1: `(a x + b)**g` from d on, `c x` below: type 3 of ICC.1:2022, 10.18."""

    g: float
    a: float = 1
    b: float = 0
    c: float = 0
    d: float = 0

    def tag(self) -> bytes:
        """The curve as the content of a profile's tag."""
        return b"para\0\0\0\0\0\3\0\0" + _fixed(self.g, self.a, self.b, self.c, self.d)


@dataclass(frozen=True)
class Table:
    """Light of values that are equally spaced in 0..1, clipped to 0..1."""

    light: tuple[float, ...]

    def tag(self) -> bytes:
        """The curve as the content of a profile's tag."""
        levels = [round(min(max(light, 0), 1) * 65535) for light in self.light]
        return b"curv\0\0\0\0" + struct.pack(f">I{len(levels)}H", len(levels), *levels)


Curve = Parametric | Table


@dataclass(frozen=True)
class ColourSpace:
    """Three primaries, a white, and one curve for all channels."""

    name: str
    chromaticities: Chromaticities
    curve: Curve

    def profile(self, grey: bool) -> bytes:
        """The ICC profile, version 4, of pictures of one channel or of three.

        Raises:
            ValueError: the chromaticities span no space, or are too large for a profile.
        """
        tags = {
            b"desc": _text(self.name),
            b"cprt": _text("CC0"),
            b"wtpt": _xyz(_D50),
            b"chad": _matrix_tag(_to_d50(self)),
        }
        if grey:
            tags[b"kTRC"] = self.curve.tag()
        else:
            for name, column in zip(b"rgb", _primaries(self).T, strict=True):
                tags[bytes((name,)) + b"XYZ"] = _xyz(column)
                tags[bytes((name,)) + b"TRC"] = self.curve.tag()
        return _profile(b"GRAY" if grey else b"RGB ", tags)


# The profile -------------------------------------------------------------------------------------------------------

_D50 = np.array((0.9642, 1.0, 0.8249))  # the white of all profiles
# Cone responses of Lam's thesis (1985), which ICC.1:2022 takes for adaptation to D50: "Bradford".
_BRADFORD = np.array(((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296)))


def _tristimulus(x: float, y: float) -> NDArray[np.float64]:
    """XYZ of a chromaticity, at Y = 1."""
    if not 0 < y <= 1 or not 0 <= x <= 1:
        raise ValueError(f"no colour has the chromaticity ({x}, {y})")
    return np.array((x / y, 1, (1 - x - y) / y))


def _to_d50(space: ColourSpace) -> NDArray[np.float64]:
    """The matrix from XYZ under the white of the space to XYZ under D50."""
    response = _BRADFORD @ _tristimulus(*space.chromaticities[:2])
    if (response <= 0).any():
        raise ValueError("its white is not a colour")
    scale = np.diag((_BRADFORD @ _D50) / response)
    return np.asarray(np.linalg.inv(_BRADFORD) @ scale @ _BRADFORD)


def _primaries(space: ColourSpace) -> NDArray[np.float64]:
    """XYZ of red, green and blue, as columns, under D50."""
    white, *others = zip(space.chromaticities[::2], space.chromaticities[1::2], strict=True)
    # Blue of a space that has any colour may have y = 0.
    shape = np.array([(x, y, 1 - x - y) for x, y in others]).T
    if abs(np.linalg.det(shape)) < 1e-4:
        raise ValueError("its primaries span no space")
    weights = np.linalg.solve(shape, _tristimulus(*white))
    return np.asarray(_to_d50(space) @ (shape * weights))


def _profile(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """The bytes of a display profile with the given tags."""
    start = 128 + 4 + 12 * len(tags)
    table, content, places = struct.pack(">I", len(tags)), b"", {}
    for name, data in tags.items():
        if data not in places:  # equal tags share their content
            places[data] = start + len(content)
            content += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", places[data], len(data))
    head = struct.pack(">I4sI4s4s4s", start + len(content), bytes(4), 0x04400000, b"mntr", space, b"XYZ ")
    head += bytes(12) + b"acsp" + bytes(28) + _fixed(*_D50)
    return head.ljust(128, b"\0") + table + content


def _fixed(*values: float) -> bytes:
    """Numbers as s15Fixed16; ValueError if they are too large."""
    try:
        return struct.pack(f">{len(values)}i", *(round(value * 65536) for value in values))
    except (struct.error, OverflowError):
        raise ValueError("its numbers are too large for a profile") from None


def _xyz(values: NDArray[np.float64]) -> bytes:
    return b"XYZ \0\0\0\0" + _fixed(*values)


def _matrix_tag(matrix: NDArray[np.float64]) -> bytes:
    return b"sf32\0\0\0\0" + _fixed(*matrix.ravel())


def _text(text: str) -> bytes:
    data = text.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II2s2sII", 1, 12, b"en", b"US", len(data), 28) + data


# Curves and spaces -------------------------------------------------------------------------------------------------

_ENTRIES = 4096  # of a curve that no parameters describe
_WHITE = 203  # cd/m2 of what is white on paper, in pictures of high dynamic range: ITU-R BT.2408, table 1
_HLG_PEAK = 1000  # cd/m2 of the display that ITU-R BT.2408 takes for HLG


def gamma_curve(gamma: float) -> Curve:
    """The curve of values that are light to the power `gamma`; ValueError if the power is out of range."""
    if not 0.1 <= gamma <= 10:
        raise ValueError(f"gamma {gamma} is out of range")
    return Parametric(1 / gamma)


def _pq() -> Curve:
    """ITU-R BT.2100, table 4; what is brighter than paper is clipped."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    root = np.linspace(0, 1, _ENTRIES) ** (1 / m2)
    return Table(tuple(10_000 / _WHITE * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)))


def _hlg() -> Curve:
    """ITU-R BT.2100, table 5, with its gamma of 1.2 for each channel; what is brighter than paper is clipped."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    value = np.linspace(0, 1, _ENTRIES)
    scene = np.where(value <= 0.5, value**2 / 3, (np.exp((value - c) / a) + b) / 12)
    return Table(tuple(_HLG_PEAK / _WHITE * scene**1.2))


def _chromaticities(white: tuple[float, float], *primaries: float) -> Chromaticities:
    wx, wy = white
    rx, ry, gx, gy, bx, by = primaries
    return wx, wy, rx, ry, gx, gy, bx, by


SRGB_CURVE = Parametric(2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
# The opto-electronic curve of ITU-R BT.709 and its relatives, backwards, as H.273 has it.
_BT709_CURVE = Parametric(1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)

_D65, _C, _DCI = (0.3127, 0.329), (0.31, 0.316), (0.314, 0.351)
_BT709 = _chromaticities(_D65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
_SMPTE_C = _chromaticities(_D65, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07)
_PRIMARIES = {  # H.273, table 2
    1: _BT709,
    4: _chromaticities(_C, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08),
    5: _chromaticities(_D65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: _SMPTE_C,
    7: _SMPTE_C,
    8: _chromaticities(_C, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049),
    9: _chromaticities(_D65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046),
    11: _chromaticities(_DCI, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    12: _chromaticities(_D65, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06),
    22: _chromaticities(_D65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077),
}
_UNSPECIFIED, _PQ, _HLG = 2, 16, 18
_SRGB_CODES = (1, 13)
_CURVES: dict[int, Curve] = {  # H.273, table 3
    1: _BT709_CURVE,
    4: Parametric(2.2),
    5: Parametric(2.8),
    6: _BT709_CURVE,
    7: Parametric(1 / 0.45, 1 / 1.1115, 0.1115 / 1.1115, 1 / 4, 0.0912),
    8: Parametric(1),
    13: SRGB_CURVE,
    14: _BT709_CURVE,
    15: _BT709_CURVE,
    17: Parametric(2.6, (52.37 / 48) ** (1 / 2.6)),
}

SRGB = ColourSpace("sRGB", _BT709, SRGB_CURVE)
ADOBE_RGB = ColourSpace(
    "Adobe RGB (1998)", _chromaticities(_D65, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06), Parametric(563 / 256)
)


def coded_space(primaries: int, transfer: int, notes: list[str]) -> ColourSpace | None:
    """The colour space of code points of H.273; None, and in most cases a note, if it is not known."""
    if (primaries, transfer) == _SRGB_CODES:
        return SRGB
    high = transfer in (_PQ, _HLG)
    curve = (_pq() if transfer == _PQ else _hlg()) if high else _CURVES.get(transfer)
    if curve is None or primaries not in _PRIMARIES:
        if (primaries, transfer) != (_UNSPECIFIED, _UNSPECIFIED):
            notes.append(f"its colour space is not known: code points {primaries} and {transfer}")
        return None
    if high:
        notes.append("its high dynamic range is not kept: what is brighter than white is clipped")
    return ColourSpace(f"code points {primaries} and {transfer}", _PRIMARIES[primaries], curve)

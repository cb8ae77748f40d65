"""Pictures coded at a smaller scale: below the rates of the model, fewer pixels are better than coarser ones.

See Bruckstein, Elad and Kimmel, 'Down-scaling for better transform compression', 2003. The scales are 2^(-k/2), k = 0,
1, 2, ... The scale of a large picture is searched on an excerpt of it, which bounds time and memory.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from bitstream import Chunks, ImageSource
from vqcodec.codec.indices import Indices
from vqcodec.codec.pixels import PixelCodec
from vqcodec.codec.rate_control import SizeCurve, SizedFile, largest_file
from vqcodec.defaults import DEFAULT_EFFORT, Effort
from vqcodec.media.pictures.excerpt import excerpt
from vqcodec.media.pictures.modes import Prepared
from vqcodec.media.pictures.resizing import resized
from vqcodec.model.quality import Setting, quality_of
from vqcodec.transform.image.distortion import picture_distortion

__all__ = ["best_scaled_file", "likely_setting"]

Pixels = NDArray[np.uint8]
Latents = NDArray[np.float32]

# Qualities: from NOT_BELOW on, no smaller scale was found to be better; at the best scale, the quality is about USUAL.
NOT_BELOW = 50.0
USUAL = 35.0
GUESSED_ON = 1 << 18  # pixels on which the scale is guessed first
KEPT = 2  # scales whose latents are kept: a search goes from one to its neighbour


def best_scaled_file(codec: PixelCodec, picture: Prepared, budget: int, effort: Effort = DEFAULT_EFFORT) -> SizedFile:
    """The file within a budget with the least distortion, at any scale; if none fits, the smallest.

    Args:
        codec: to code the picture with.
        picture: at its own size.
        budget: the most bytes that the file may have.
        effort: for the file.
    """
    whole = _Scales(codec, picture, budget, effort)
    return whole.file(_search(whole)[1])


def likely_setting(codec: PixelCodec, picture: Prepared, budget: int) -> Setting:
    """About the setting that the file within a budget has."""
    searched, number = _search(_Scales(codec, picture, budget))
    return searched.setting(number)


@dataclass(frozen=True)
class _Scale:
    """A picture at one scale.

    Attributes:
        source: its size and its coded size.
        curve: the sizes of its files.
    """

    source: ImageSource
    curve: SizeCurve


class _Scales:
    """A picture at every scale, and the search for the best scale. Each scale is made on first use.

    Args:
        codec, picture, budget, effort: see `best_scaled_file`.
    """

    def __init__(self, codec: PixelCodec, picture: Prepared, budget: int, effort: Effort = DEFAULT_EFFORT) -> None:
        self.codec, self.picture, self.budget, self.effort = codec, picture, budget, effort
        self._scales: dict[int, _Scale] = {}
        self._latents: dict[int, Latents] = {}
        self._errors: dict[tuple[int, int], float] = {}
        # The last scale, at which there is a single latent position.
        self.last = max(0, math.ceil(2 * math.log2(max(picture.pixels.shape[:2]) / codec.stride)))

    def file(self, number: int) -> SizedFile:
        """The file within the budget at a scale, or else at the next one at which one fits; or else the smallest."""
        found = self._file(number)
        while len(found.data) > self.budget and number < self.last:  # sizes are estimates until there is a file
            number += 1
            found = self._file(number)
        return found

    def _file(self, number: int) -> SizedFile:
        """The file within the budget at a scale; if none fits, the smallest."""
        choose = self._indices if self.effort == "fast" else self._refined
        curve, rate_point = self._at(number).curve, self._rate_point(number)
        found = largest_file(curve, rate_point, lambda chosen: self.codec.write(choose(number, chosen)), self.budget)
        return replace(found, is_finest=found.is_finest and number == 0)

    def best(self, guess: int) -> int:
        """The best scale, searched from a guess; the last one if nothing fits."""
        number = min(guess, self.last)
        while number < self.last and self._error(number) == math.inf:
            number += 1
        if number == 0 and self._quality() >= NOT_BELOW:
            return 0
        for step in (1, -1):
            start = number
            while 0 <= number + step <= self.last and self._error(number + step) < self._error(number):
                number += step
            if number != start:
                break
        return number

    def guess(self) -> int:
        """A guess at the best scale: the one at which the usual quality fits the budget."""
        height, width, _ = self.picture.pixels.shape
        number = min(self.last, max(0, math.ceil(math.log2(width * height / GUESSED_ON))))
        usual = self._at(number).curve.size(self.codec.settings(USUAL))
        return min(max(number + round(math.log2(usual / self.budget)), 0), self.last)

    def _quality(self) -> float:
        """The lowest quality that may be best at the original size; 0 if nothing fits."""
        curve = self._at(0).curve
        chosen = curve.fit(curve.rate_points(self.budget)[0], self.budget)
        return 0.0 if chosen is None else quality_of(self.codec.model.config.quality, chosen)

    def setting(self, number: int) -> Setting:
        """The setting of the file within the budget at a scale; the coarsest one if none fits."""
        curve = self._at(number).curve
        return curve.fit(self._rate_point(number), self.budget) or curve.coarsest

    def _rate_point(self, number: int) -> int:
        """The best rate point at a scale."""
        rate_points = self._at(number).curve.rate_points(self.budget)
        if len(rate_points) == 1:
            return rate_points[0]
        return min(rate_points, key=lambda rate_point: self._error_at(number, rate_point))

    def _error(self, number: int) -> float:
        return self._error_at(number, self._rate_point(number))

    def _error_at(self, number: int, rate_point: int) -> float:
        """Distortion of the picture within the budget; infinite if nothing fits."""
        key = number, rate_point
        if key not in self._errors:
            scale = self._at(number)
            chosen = scale.curve.fit(rate_point, self.budget)
            if chosen is None:
                return math.inf
            decoded = self.codec.pixels(self._indices(number, chosen))
            distortion = self.codec.model.config.distortion
            self._errors[key] = picture_distortion(distortion, self.picture.pixels, decoded)
        return self._errors[key]

    def _at(self, number: int) -> _Scale:
        """The picture at 2^(-number/2), 0 <= `number` <= `last`."""
        if number not in self._scales:
            width, height = self.picture.source.width, self.picture.source.height
            coded_width, coded_height = (max(1, round(extent * 2 ** (-number / 2))) for extent in (width, height))
            source = replace(self.picture.source, coded_width=coded_width, coded_height=coded_height)
            latents = self._analysed(number, source)
            self._scales[number] = _Scale(source, self.codec.size_curve(latents, source, self.picture.chunks))
        return self._scales[number]

    def _analysed(self, number: int, source: ImageSource) -> Latents:
        """z_e `[P, D, h, w]` at a scale. Only those of KEPT scales are kept: they are large if the picture is."""
        if number not in self._latents:
            if len(self._latents) == KEPT:
                del self._latents[max(self._latents, key=lambda kept: abs(kept - number))]
            self._latents[number] = self.codec.analyse(self._pixels(source))
        return self._latents[number]

    def _pixels(self, source: ImageSource) -> Pixels:
        return resized(self.picture.pixels, source.coded_width, source.coded_height)

    def _indices(self, number: int, chosen: Setting) -> Indices:
        source = self._at(number).source
        return self.codec.quantize(self._analysed(number, source), chosen, source, self.picture.chunks)

    def _refined(self, number: int, chosen: Setting) -> Indices:
        """As `_indices`, with an effort above "fast"."""
        source = self._at(number).source
        latents = self._analysed(number, source)
        del self._latents[number]  # refinement overwrites them, and a copy would be large if the picture is
        values = self.codec.refine(self._pixels(source), latents, chosen, self.effort)
        return self.codec.indices(values, chosen.rate_point, source, self.picture.chunks)


def _search(whole: _Scales) -> tuple[_Scales, int]:
    """The best scale, and what it was searched on: the whole picture, or an excerpt with its share of the budget."""
    pixels, chunks, guess = whole.picture.pixels, whole.picture.chunks, whole.guess()
    part, searched = excerpt(pixels), whole
    # An excerpt of few pixels says little about scales at which the whole picture has few.
    if part.size < pixels.size / 2**guess:
        source, left = ImageSource(part.shape[1], part.shape[0]), whole.budget - sum(map(len, chunks.present))
        budget = max(1, round(left * part.size / pixels.size))
        searched = _Scales(whole.codec, Prepared(part, source, Chunks()), budget)
    return searched, searched.best(guess)

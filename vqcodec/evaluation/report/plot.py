"""Curves as a picture: quality over rate, a labelled line for each family of codecs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import NullLocator

from vqcodec.evaluation.report.wording import RateScale, Wording
from vqcodec.evaluation.shared.curves import Curve, Metric, to_decibels
from vqcodec.evaluation.shared.results import Results

__all__ = ["COLOURS", "PUBLISHED_COLOURS", "colours", "write_plots"]

COLOURS = {
    "vqcodec": "#c2255c",
    "jpeg": "#868e96",
    "mozjpeg": "#343a40",
    "webp": "#2b8a3e",
    "avif": "#1971c2",
    "avif6": "#4dabf7",
    "jxl": "#e8590c",
    "opus": "#1971c2",
}
PUBLISHED_COLOURS = ("#7048e8", "#0c8599", "#a8741a", "#5c6b3c", "#9c36b5", "#495057")
ONE_TICKS = (0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998, 0.999)
# Of labels at the ends of curves: the least distance of two, and the width of a letter, as shares of a plot.
LABEL_GAP, LABEL_WIDTH = 0.045, 0.018


def colours(results: Results) -> dict[str, str]:
    """A colour for every curve."""
    published = {
        each.name: PUBLISHED_COLOURS[index % len(PUBLISHED_COLOURS)] for index, each in enumerate(results.published)
    }
    return COLOURS | published


def write_plots(results: Results, wording: Wording, folder: Path) -> None:
    """Write `curves.png` and `curves.svg`: the metrics that are drawn, over the rate."""
    drawn = wording.drawn
    figure = Figure(figsize=(6 * len(drawn), 5.4), layout="constrained")
    for axes, metric in zip(figure.subplots(1, len(drawn)), drawn, strict=True):
        _panel(axes, metric, results, wording.rate)
    heading = f"Mean over {len(results.originals) - len(results.unscored)} {wording.many}"
    figure.suptitle(heading, x=0.01, ha="left", fontsize="medium", color="#495057")
    figure.savefig(folder / "curves.png", dpi=160)
    # Without its date and random names, the same results are the same file.
    with matplotlib.rc_context({"svg.hashsalt": "vqcodec"}):
        figure.savefig(folder / "curves.svg", metadata={"Date": None})


def _panel(axes: Axes, metric: Metric, results: Results, scale: RateScale) -> None:
    """Draw one metric: the measured curves, and within their range of rates the published ones."""
    measured, published = results.curves[metric.name], results.published_curves[metric.name]
    rates = [rate for curve in measured.values() for rate in curve.rates]
    limits = (min(rates) / 1.08, max(rates) * 1.08) if rates else (0.05, 1.0)
    axes.set_title(metric.label, loc="left")
    axes.set_xscale("log")
    axes.set_xlim(limits)
    _set_axes(axes, metric, scale, measured | published, limits)
    ends = {}
    for name, curve in (measured | published).items():
        shown = [each for each in zip(curve.rates, curve.values, strict=True) if limits[0] <= each[0] <= limits[1]]
        if shown:
            style = {"linestyle": (0, (4, 2)), "marker": ""} if name in published else {"marker": "o"}
            mine = name == results.first
            width, size = (2.4, 4) if mine else (1.4, 2.5)
            axes.plot(
                *zip(*shown, strict=True), color=colours(results)[name], linewidth=width, markersize=size, **style
            )
            ends[name] = shown[-1]
    _label_ends(axes, ends, results)


def _set_axes(
    axes: Axes, metric: Metric, scale: RateScale, known: Mapping[str, Curve], limits: tuple[float, float]
) -> None:
    """Set the axes for these limits of the rate, and for the values within them."""
    axes.set_xticks(*_labelled(scale.ticks, limits))
    axes.set_xlabel(scale.unit)
    axes.grid(color="#e9ecef")
    axes.spines[["top", "right"]].set_visible(False)
    if metric.ends_at_one:
        # Equal steps are equal ratios of what is missing to 1. So the axis is widest near 1, where the codecs differ.
        axes.set_yscale("function", functions=(to_decibels, lambda y: 1 - 10 ** (-np.asarray(y) / 10)))
        pairs = [pair for curve in known.values() for pair in zip(curve.rates, curve.values, strict=True)]
        values = [value for rate, value in pairs if limits[0] <= rate <= limits[1]] or [0.8, 0.98]
        axes.set_ylim(1 - 1.15 * (1 - min(values)), 1 - (1 - max(values)) / 1.15)
        axes.set_yticks(*_labelled(ONE_TICKS, axes.get_ylim()))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_minor_locator(NullLocator())


def _labelled(ticks: Sequence[float], limits: tuple[float, float]) -> tuple[list[float], list[str]]:
    shown = [tick for tick in ticks if limits[0] <= tick <= limits[1]]
    return shown, [f"{tick:g}" for tick in shown]


def _label_ends(axes: Axes, ends: Mapping[str, tuple[float, float]], results: Results) -> None:
    """Write the name of every curve at its end."""
    axes.autoscale_view()  # else the limits are not known before the figure is drawn
    to_axes = axes.transData + axes.transAxes.inverted()
    points = {name: tuple(to_axes.transform(end)) for name, end in ends.items()}
    lengths = {name: LABEL_WIDTH * len(results.labels[name]) for name in ends}
    for name, (x, y) in _apart(points, lengths).items():
        axes.annotate(
            results.labels[name],
            (x, y),
            xycoords="axes fraction",
            xytext=(7, 0),
            textcoords="offset points",
            va="center",
            color=colours(results)[name],
            weight="bold" if name == results.first else "normal",
            fontsize="medium" if name in COLOURS else "small",
            path_effects=[withStroke(linewidth=3, foreground="white")],
            annotation_clip=False,
        )


def _apart(points: Mapping[str, tuple[float, float]], lengths: Mapping[str, float]) -> dict[str, tuple[float, float]]:
    """Places for labels that start at these points: from the top down, each below those that are in its way."""
    placed: dict[str, tuple[float, float]] = {}
    for name, (x, y) in sorted(points.items(), key=lambda item: -item[1][1]):
        in_reach = [
            level
            for other, (start, level) in placed.items()
            if start < x + lengths[name] and x < start + lengths[other]
        ]
        for level in sorted(in_reach, reverse=True):
            if abs(y - level) < LABEL_GAP:
                y = level - LABEL_GAP
        placed[name] = (x, y)
    return placed

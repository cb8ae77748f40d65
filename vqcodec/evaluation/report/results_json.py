"""All results as JSON."""

from __future__ import annotations

import json
import math
import platform
from dataclasses import asdict
from importlib import metadata
from typing import Any

import vqcodec
from vqcodec.evaluation.report.wording import Wording
from vqcodec.evaluation.shared.results import Results

__all__ = ["finite", "results_json"]


def results_json(results: Results, wording: Wording) -> str:
    """Everything that was measured; null stands for what is not a finite number."""
    modality = results.modality
    content = {
        "versions": _versions(modality.packages),
        "folder": results.folder,
        "codecs": [_as_dict(each, "coder", "media_type") for each in results.codecs],
        wording.many: [_as_dict(each, "path") for each in results.originals],
        "skipped": [asdict(each) for each in results.skipped],
        "notes": results.notes,
        "means": [asdict(mean) for mean in results.means],
        "curves": {name: {k: asdict(v) for k, v in known.items()} for name, known in results.curves.items()},
        "published": [asdict(each) for each in results.published],
        "bjontegaard": [
            {modality.field: each.name or None, "codec": results.first, "against": each.against}
            | {"metric": each.metric.name}
            | asdict(each.delta)
            for each in results.comparisons
        ],
        "points": [_as_dict(point) for point in results.points],
    }
    return json.dumps(finite(content), indent=1, allow_nan=False) + "\n"


def finite(value: Any) -> Any:
    """The value, with None for numbers that JSON does not have."""
    if isinstance(value, dict):
        return {key: finite(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [finite(each) for each in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _as_dict(each: Any, *without: str) -> dict[str, Any]:
    return {key: value for key, value in asdict(each).items() if key not in without}


def _versions(packages: tuple[str, ...]) -> dict[str, str]:
    """Of vqcodec, of Python, and of the packages that are installed."""
    found = {"vqcodec": vqcodec.__version__, "python": platform.python_version()}
    for name in packages:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found

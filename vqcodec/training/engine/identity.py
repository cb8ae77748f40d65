"""What the weights of a checkpoint depend on: settings, data, start and the mathematics of their stage.

A run goes on only from weights that it would have reached by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from vqcodec.model.model import Model

__all__ = ["Identity", "difference", "identity_of", "model_digest"]

DIGEST = 64  # hexadecimal digits; the first of them are shown

# Names, such as "noise.steps", and values as JSON has them.
Identity = dict[str, Any]


def identity_of(settings: Any, leave_out: tuple[str, ...] = (), **others: object) -> Identity:
    """The identity of all fields of a configuration, but for some, and of what else matters, by its name."""
    fields = {name: value for name, value in asdict(settings).items() if name not in leave_out}
    return dict(_flat("", fields | others))


def model_digest(model: Model) -> str:
    """A digest of all that a model is. Its file has no fixed order."""
    digest = hashlib.sha256(f"{model.config} {model.fingerprint!r}".encode())
    for name, array in sorted(model.networks.items()):
        digest.update(f"{name} {array.shape} {array.dtype}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def difference(before: Identity, now: Identity) -> str:
    """The first thing that is not the same in two identities; empty if all is."""
    for name in now | before:
        if before.get(name) != now.get(name):
            return f"{name} was {_shown(before.get(name))} and is {_shown(now.get(name))} now"
    return ""


def _flat(prefix: str, value: object) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [pair for name, each in value.items() for pair in _flat(f"{prefix}.{name}" if prefix else name, each)]
    return [(prefix, list(value) if isinstance(value, tuple) else value)]


def _shown(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    if isinstance(value, str) and len(value) == DIGEST:
        return value[:8]
    return "not set" if value in (None, "") else str(value)

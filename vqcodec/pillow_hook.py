"""Pillow learns of `.vq` files as soon as it is there, and is not imported for that.

Pillow has no entry points: `PIL.Image.init` imports the modules of a list, all of them Pillow's own, and a format of
anybody else has to register itself, which needs `PIL.Image`. So who imports vqcodec first and Pillow later finds this
waiting for it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["teach_pillow"]

PILLOW = "PIL.Image"


def teach_pillow() -> None:
    """Register `.vq` files with Pillow: now, or once it is imported."""
    if PILLOW in sys.modules:
        _register()
    elif not any(isinstance(finder, _Waiting) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Waiting())


class _Waiting:
    """Finds Pillow where it is, and has it followed by its plug-in; see `importlib.abc.MetaPathFinder`."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """What the other finders find, if it is Pillow."""
        if name != PILLOW:
            return None
        specs = (each.find_spec(name, path, target) for each in sys.meta_path if each is not self)
        spec = next(filter(None, specs), None)
        if spec is not None and spec.loader is not None:
            spec.loader.exec_module = partial(self._execute, spec.loader.exec_module)  # type: ignore[method-assign]
        return spec

    def _execute(self, execute: Callable[[ModuleType], None], module: ModuleType) -> None:
        execute(module)
        sys.meta_path.remove(self)
        _register()


def _register() -> None:
    import vqcodec.pillow.plugin

    assert vqcodec.pillow.plugin

"""A process that cannot import PyTorch and what else only extras bring: it runs the tests of `tests/plain`.

Usage: python -m tests.helpers.without_torch FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pytest

from tests.helpers.paths import ROOT

ABSENT = {"lightning_fabric", "onnx", "pytorch_msssim", "scipy", "tensorboardX", "torch"}


class Absent(MetaPathFinder):
    """Finds nothing of them."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.split(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


sys.meta_path.insert(0, Absent())  # in processes that this one starts for work, too
if __name__ == "__main__":
    plain = ROOT / "tests" / "plain"
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest", "--confcutdir", plain]
    sys.exit(pytest.main([*map(str, options), f"--basetemp={sys.argv[1]}", str(plain)]))

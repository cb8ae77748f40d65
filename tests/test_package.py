"""The pages of the site that are made from docstrings have all of the public names."""

from __future__ import annotations

import re
from types import ModuleType

import bitstream
import vqcodec
import vqcodec.bulk
from tests.helpers.paths import ROOT


def documented(module: ModuleType) -> set[str]:
    """The names of a module that its page has."""
    page = (ROOT / "site" / "api" / f"{module.__name__}.md").read_text()
    return set(re.findall(rf"^::: {module.__name__}\.(\w+)$", page, re.MULTILINE))


def test_all_public_names_are_on_their_page() -> None:
    of_bitstream = {name for name in vqcodec.__all__ if getattr(vqcodec, name) is getattr(bitstream, name, None)}
    assert documented(bitstream) == set(bitstream.__all__)
    assert documented(vqcodec.bulk) == set(vqcodec.bulk.__all__)
    assert documented(vqcodec) == set(vqcodec.__all__) - of_bitstream

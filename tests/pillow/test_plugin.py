"""The plugin is registered by one import, which is light."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from bitstream import header
from tests.helpers.processes import python
from vqcodec import pillow as pillow_plugin


def test_our_files_begin_as_the_plugin_expects() -> None:
    assert pillow_plugin.MAGIC == header.MAGIC
    assert Image.ID.count("VQ") == 1


SCRIPT = """
import sys
import vqcodec
finders = len(sys.meta_path)
assert not {"PIL", "numpy", "torch", "constriction"} & {*sys.modules}
%s
assert not {"numpy", "torch"} & {*sys.modules}
image = Image.open(sys.argv[1])
assert "torch" not in sys.modules
print(image.format, image.mode, *image.size, Image.registered_extensions()[".vq"], len(sys.meta_path) - finders)
"""


@pytest.mark.parametrize(
    "imports", ["from PIL import Image; import vqcodec.pillow", "import vqcodec.pillow; from PIL import Image"]
)
def test_one_import_registers_and_is_light(file: Path, imports: str) -> None:
    done = python(SCRIPT % imports, file)
    assert done.stderr == ""
    assert done.stdout.split() == ["VQ", "RGB", *map(str, Image.open(file).size), "VQ", "0"]


def test_importing_vqcodec_leaves_pillow_alone() -> None:
    code = "import vqcodec; from PIL import Image; Image.init(); assert 'VQ' not in Image.OPEN"
    assert python(code).returncode == 0

"""Build the source distribution and the wheel, install each in a fresh environment, and use it out of the tree.

    python scripts/check_dist.py [DIST]

Both are left in DIST (default: dist). The wheel is built from the source distribution. Needs `vqcodec[dev]`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
MOST_BYTES = 33_000_000  # of the wheel
MOST_INSTALLED = 200_000_000  # on disk, with all that it needs, and without its models


def build(folder: Path) -> tuple[Path, Path]:
    """The source distribution and the wheel of the tree, made in `folder`, which is emptied before."""
    shutil.rmtree(folder, ignore_errors=True)
    _run(sys.executable, "-m", "build", "--outdir", folder, ROOT)
    (source,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return source, wheel


def check_size(wheel: Path) -> None:
    """Refuse a wheel that is too large."""
    size = wheel.stat().st_size
    print(f"check_dist.py: {wheel.name} has {size / 1e6:.1f} MB", flush=True)
    if size > MOST_BYTES:
        raise SystemExit(f"check_dist.py: error: that is more than {MOST_BYTES / 1e6:g} MB")


def check_kernel(wheel: Path) -> None:
    """Refuse a wheel without the compiled kernel, which setuptools leaves out if it cannot be built."""
    with zipfile.ZipFile(wheel) as archive:
        if not any(Path(name).name.startswith("_kernel.") and not name.endswith(".pyi") for name in archive.namelist()):
            raise SystemExit(f"check_dist.py: error: {wheel.name} has no kernel")


def check_use(distribution: Path) -> None:
    """Install it in a fresh environment, and compress and decompress a picture with it."""
    print(f"check_dist.py: trying {distribution.name}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        environment, picture = Path(folder, "environment"), Path(folder, "coffee.png")
        venv.create(environment, with_pip=True)
        programs = environment / ("Scripts" if os.name == "nt" else "bin")
        shutil.copy(ROOT / "examples" / "coffee.png", picture)
        before = _bytes(environment)
        _run(programs / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", distribution)
        (weights,) = environment.rglob("vqcodec/weights")
        _check_installed(_bytes(environment) - before - _bytes(weights))

        said = _run(programs / "vqcodec", "--version", cwd=folder, stdout=subprocess.PIPE).stdout.strip()
        version = distribution.name.removesuffix(".tar.gz").split("-")[1]
        if said != f"vqcodec {version}":
            raise SystemExit(f"check_dist.py: error: {distribution.name} says that it is {said!r}")
        _run(programs / "vqcodec", "compress", picture, "coffee.vq", cwd=folder)
        _run(programs / "vqcodec", "decompress", "coffee.vq", "back.png", cwd=folder)
        _run(programs / "vqcodec", "info", "coffee.vq", cwd=folder)


def _check_installed(size: int) -> None:
    print(f"check_dist.py: with what it needs, it takes {size / 1e6:.1f} MB without its models", flush=True)
    if size > MOST_INSTALLED:
        raise SystemExit(f"check_dist.py: error: that is more than {MOST_INSTALLED / 1e6:g} MB")


def _bytes(folder: Path) -> int:
    """Of all files in a folder."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def _run(*command: str | Path, cwd: str | Path = ROOT, stdout: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command that must succeed, without what this process's environment would let it import."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    try:
        return subprocess.run(command, cwd=cwd, stdout=stdout, env=environment, check=True, text=True)
    except subprocess.CalledProcessError as error:
        program = " ".join(map(str, command))
        raise SystemExit(f"check_dist.py: error: `{program}` exits with {error.returncode}") from error


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dist", type=Path, nargs="?", default=ROOT / "dist", metavar="DIST")
    source, wheel = build(parser.parse_args().dist.absolute())
    check_size(wheel)
    check_kernel(wheel)
    check_use(wheel)
    check_use(source)


if __name__ == "__main__":
    main()

"""The exact kernel, which setuptools builds where there is a compiler; the rest is in pyproject.toml."""

import os
from pathlib import Path

from setuptools import Extension, setup

KERNEL = Path("vqcodec/prior/kernel")

setup(
    ext_modules=[
        Extension(
            "vqcodec.prior.kernel._kernel",
            sources=[str(KERNEL / "binding.c"), *sorted(map(str, (KERNEL / "core").glob("*.c")))],
            depends=sorted(map(str, (KERNEL / "core").glob("*.h"))),
            extra_compile_args=["/std:c11"] if os.name == "nt" else ["-std=c11", "-O3"],
            py_limited_api=True,
            optional=True,  # without it, numpy and constriction do the same
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)

"""A process that codes with the kernels that its environment asks for.

It prints a line of JSON: what it computed, as hashes, and the kernels of OpenBLAS that it had.
"""

from __future__ import annotations

import hashlib
import json

from threadpoolctl import threadpool_info

from tests.helpers.every_prior import prior_named, tables_of
from tests.helpers.priors import random_indices

__all__ = ["results"]

NAMES = ("pixelcnn-bound", "wavenet-bound", "wavenet-plain")


def results() -> dict[str, str]:
    """Hashes of code lengths, of all tables and of streams."""
    found: dict[str, str] = {}
    for name in NAMES:
        prior = prior_named(name)
        for rate_point in (0, 1):
            indices = random_indices(prior, rate_point, 2, 30)
            streams = prior.encode(indices, rate_point)
            assert (prior.decode(streams, rate_point, 2, 30) == indices).all()
            parts = {
                "bits": prior.bits(indices, rate_point).tobytes(),
                "tables": b"".join(table.tobytes() for table in tables_of(prior, indices, rate_point).values()),
                "streams": b"".join(streams),
            }
            found |= {f"{key} of {name} at {rate_point}": hashlib.sha256(parts[key]).hexdigest() for key in parts}
    return found


if __name__ == "__main__":
    kernels = [info["architecture"] for info in threadpool_info() if info["internal_api"] == "openblas"]
    print(json.dumps([results(), kernels]))

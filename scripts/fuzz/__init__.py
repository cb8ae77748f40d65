"""Fuzzing: changed files are read, and what comes of them is held against independent oracles.

    python -m scripts.fuzz containers --count 1000000   the layout of `.vq` files, and their chunks
    python -m scripts.fuzz decodes --seconds 600        all of the way to pixels and samples, with small models
    python -m scripts.fuzz models --count 3000          model files, and a short use of what loads
    python -m scripts.fuzz.guided containers --corpus FOLDER   the same, guided by coverage
    python -m scripts.fuzz.mutants                      does it find bugs that are planted?

A target has seeds, mutations and a judge, which tries one input. It holds the code against the second decoder (`text`),
which was written from docs/FORMAT.md alone, and so against checksums, the ends of streams, limits and exactness; and
what is read must be written to the same bytes. `loop` bounds memory and time. What is found is kept as a file.
"""

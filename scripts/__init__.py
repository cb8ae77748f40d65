"""What is not installed: how bundled models are made, measured and attacked, and the figures of the documents.

Run its modules in the root of a clone, as `python -m scripts.benchmarks.speed --help`.
"""

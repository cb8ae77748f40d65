"""Bundled models from end to end: a shell script for each, what it needs of data, and how a training stands.

The settings are in `vqcodec/training/recipes`, where `--recipe NAME` of the training commands finds them.
"""

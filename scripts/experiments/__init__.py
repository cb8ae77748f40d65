"""Trials behind the choices that docs/runs tells of: short trainings, and ways to choose codes.

`trials` is the frame of those that train several candidates and compare them.
"""

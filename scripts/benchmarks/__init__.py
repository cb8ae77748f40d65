"""Time, memory, and flat colours: what `vqcodec eval` does not measure.

All share `paired` (the same work in several ways, in turn) and `process_cost` (time and peak memory of processes). That
is a frame of our own, as asv and pytest-benchmark neither run two commits in turn nor measure whole processes.
"""

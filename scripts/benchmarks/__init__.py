"""Time, memory, and flat colours: what `vqcodec eval` does not measure."""

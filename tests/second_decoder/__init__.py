"""What docs/FORMAT.md says, written a second time: a decoder of `.vq` files to indices, alpha and metadata.

It was written from that text alone and is meant to be read beside it. It uses the standard library and numpy, all
arithmetic is in integers of Python and int64, and nothing of `vqcodec` or `bitstream` is imported.
"""

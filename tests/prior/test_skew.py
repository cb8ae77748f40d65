"""Slices that lag behind each other: every frame once, in an order that decoding can follow, and what is remembered."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from vqcodec.prior.skew import LAG, SPARE, TAPS, DelayLine, FrameWindows, Skew

LENGTHS = st.lists(st.integers(1, 9) | st.integers(1, 90), min_size=1, max_size=30)


@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 50))
def test_every_slice_passes_every_frame_once(slices: int, frames: int, most: int) -> None:
    skew = Skew(slices, frames)
    blocks = list(skew.blocks(most))
    assert [step for block in blocks for step in block] == list(range(frames + LAG * (slices - 1)))
    assert max(map(len, blocks)) <= most
    for number in range(slices):
        assert [frame for block in blocks for frame in skew.frames_of(number, block)] == list(range(frames))
    for step in range(blocks[-1].stop):
        expected = [number for number in range(slices) if 0 <= step - LAG * number < frames]
        assert list(skew.active(step)) == expected


def test_what_a_slice_sees_was_decoded_in_earlier_steps() -> None:
    """A slice sees its own frames up to the last, and those of the slice just before it up to the last tap."""
    own_now, before_now = 10, 10 + LAG
    assert tuple(range(TAPS[0], LAG)) == TAPS
    assert own_now + TAPS[-1] < before_now


@given(st.integers(1, 3), st.integers(1, 150), LENGTHS)
def test_a_delay_line_gives_back_what_it_got(slices: int, delay: int, lengths: list[int]) -> None:
    rows = np.random.default_rng(0).normal(size=(slices, sum(lengths), 2)).astype(np.float32)
    line = DelayLine(slices, 2, delay, max(lengths))
    ends = np.cumsum(lengths)
    parts = [line.push(rows[:, end - n : end]).copy() for n, end in zip(lengths, ends, strict=True)]
    padded = np.concatenate([np.zeros((slices, delay, 2), np.float32), rows], 1)
    assert (np.concatenate(parts, 1) == padded[:, : rows.shape[1]]).all()


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 2), LENGTHS)
def test_windows_are_cut_from_the_frames(slices: int, channels: int, lengths: list[int]) -> None:
    """Of frames that are written before they are read, as those of known indices are."""
    rng = np.random.default_rng(0)
    steps, planes = sum(lengths), np.arange(3)
    frames = rng.normal(size=(steps, 3, channels, 2)).astype(np.float32)
    windows, got, first = FrameWindows(slices, channels, 3, 2, max(lengths)), [], 0
    for count in lengths:
        block = range(first, first + count)
        windows.open(block)
        windows.write(np.arange(first, first + count)[:, None], planes, frames[block.start : block.stop])
        got.append(windows.read(block).copy())
        first += count
    flat = frames.transpose(0, 2, 1, 3).reshape(steps, channels, 6)
    before = LAG * (slices - 1) - TAPS[0]
    padded = np.concatenate([np.zeros((before, channels, 6)), flat, np.zeros((1, channels, 6))])
    rows = np.concatenate(got, 1).reshape(slices, steps, channels, len(TAPS), 6)
    written = np.cumsum(lengths).repeat(lengths)  # of the frame after the last of a block nothing is known yet
    for number in range(slices):
        for tap, offset in enumerate(TAPS):
            at = np.arange(steps) - LAG * number + offset
            expected = np.where((at < written)[:, None, None], padded[at + before], 0)
            assert (rows[number, :, :, tap] == expected).all()


def test_windows_see_what_was_written_into_the_past() -> None:
    """As decoding does: each slice at its own frame, after the windows of the step were read."""
    slices, steps = 3, 2 * SPARE + 30
    windows = FrameWindows(slices, 1, slices, 1, 1)
    for step in range(steps):
        windows.open(range(step, step + 1))
        seen = windows.read(range(step, step + 1)).reshape(slices, len(TAPS), slices)
        for number in range(slices):
            frame = step - LAG * number
            known = {(at, plane): at + 1 + 1000 * plane for plane in range(slices) for at in range(step - LAG * plane)}
            expected = [[known.get((frame + tap, plane), 0) for plane in range(slices)] for tap in TAPS]
            assert seen[number].tolist() == expected
        active = [number for number in range(slices) if step >= LAG * number]
        frames = step - LAG * np.array(active)
        windows.write(frames, np.array(active), (frames + 1 + 1000 * np.array(active))[:, None, None])

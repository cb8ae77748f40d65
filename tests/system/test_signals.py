"""Signals that come while a library is loaded are handled afterwards."""

from __future__ import annotations

import signal
import threading

import pytest

from vqcodec.system.signals import signals_later


def test_a_signal_is_handled_after_the_block() -> None:
    done = []

    def block() -> None:
        with signals_later():
            signal.raise_signal(signal.SIGINT)
            done.append("the rest of the block")

    with pytest.raises(KeyboardInterrupt):
        block()
    assert done
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_error_of_the_block_comes_first() -> None:
    with pytest.raises(ImportError), signals_later():
        raise ImportError
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_other_threads_leave_handlers_alone() -> None:
    seen = []

    def work() -> None:
        with signals_later():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]

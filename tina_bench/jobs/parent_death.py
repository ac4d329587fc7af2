"""Processes that end with the one that started them, so that none is left to be paid for."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(number: signal.Signals, parent: int | None = None) -> None:
    """Have the kernel send this process a signal when its parent ends, however it ends (Linux).

    `parent` is the process that should be the parent: if it has ended before this call,
    this process ends at once.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if parent is not None and os.getppid() != parent:
        os._exit(1)

"""Children that the kernel ends with their parent, even after a kill -9."""

import ctypes
import os
import signal
from collections.abc import Callable

PR_SET_PDEATHSIG = 1


def dies_with(parent: int) -> Callable[[], None]:
    """A function that a child runs before its program (`preexec_fn`), so that it ends with process `parent`.

    The kernel forgets this when the child drops its rights by itself. It watches the thread that started
    the child, so start children from the main thread.
    """
    libc = ctypes.CDLL(None)

    def tie() -> None:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return tie

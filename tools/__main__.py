"""`boardwalk`, and `python -m tools`: Ctrl-C ends it without a word while its parts are loaded.

Nothing has begun then that must be ended in order, so the kernel may end the process. A handler of Python
would raise KeyboardInterrupt in the middle of an import, and show its traceback.
"""

import signal


def main() -> None:
    """The entry point of the distribution."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else it is ignored, as after nohup
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tools import cli

    cli.main()


if __name__ == "__main__":
    main()

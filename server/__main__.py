"""`python -m server [--config FILE]`: the edge server until SIGTERM or Ctrl-C."""

import argparse
import asyncio
import sys
from pathlib import Path

from server.errors import BoardwalkError
from server.serving import announce, find, log_to_stderr, serve


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m server", description=__doc__)
    parser.add_argument("--config", type=Path, help="boardwalk.toml of this edge")
    options = parser.parse_args()
    log_to_stderr()
    try:
        asyncio.run(serve(find(options.config), announce))
    except BoardwalkError as error:
        print(f"boardwalk: {error.sentence}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

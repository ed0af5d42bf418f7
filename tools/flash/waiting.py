"""Waits until the edge has committed the first event of a board that was flashed."""

import time

from server.errors import BoardwalkError
from tools.flash.edge import TargetEdge
from tools.flash.line import Line

PATIENCE_S = 60.0  # at most without anything new from the board
POLL_S = 0.2
SHOWN_LINES = 3
SHOWN_LETTERS = 100


def wait_for_start(line: Line, edge: TargetEdge, name: str, after: int, boot: int) -> float:
    """Seconds until the edge had a `device.started` of a later boot than `boot`, behind row `after`.

    Raises BoardwalkError, which tells what was seen meanwhile.
    """
    begun = time.monotonic()
    end, newest, heard, away = begun + PATIENCE_S, after, b"", ""
    while time.monotonic() < end:
        heard = (heard + line.listen(POLL_S))[-4096:]
        try:
            event = edge.newest(name)
            if event is not None and event["id"] > newest:  # older events come first, and may be many
                newest, end = event["id"], time.monotonic() + PATIENCE_S
            started = edge.newest(name, kind="device.started") if newest > after else None
            away = ""
        except BoardwalkError as error:
            away = error.sentence  # an edge that is being restarted comes back
            continue
        if started is not None and started["id"] > after and started["boot"] > boot:
            return time.monotonic() - begun
    if away:
        raise BoardwalkError(f"{name} is flashed, but its first event was not seen: {away}")
    raise BoardwalkError(
        f"{name} is flashed, but {edge.place} has no event of its start after {PATIENCE_S:.0f} s; "
        f"{_known(line, heard)}, and run the same command again."
    )


def _known(line: Line, heard: bytes) -> str:
    """A sentence about what the board did instead, and what to do about it."""
    if said := _shown(heard):
        return f"the board said: {said}. Mend that (Wi-Fi, --host, --port, --ca)"
    if not line.is_open:
        return f"its port {line.port} is gone. Plug the board in again"
    return "the board printed nothing after its reset. Press its reset button, or unplug it for a moment"


def _shown(heard: bytes) -> str:
    lines = [line.strip() for line in heard.decode(errors="replace").splitlines() if line.strip()]
    return " | ".join(line[:SHOWN_LETTERS] for line in lines[-SHOWN_LINES:])

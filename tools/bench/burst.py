"""How much memory a burst of single messages takes at its worst, beside what the edge held before it."""

import time
from pathlib import Path

from tools.bench import messages, site

COUNT = 50_000
REST_S = 1.0


def run() -> tuple[float, float]:
    """MB that a new edge's memory grew by, and MB before."""
    burst = messages.json("shop", COUNT, 1)
    with messages.fresh() as bench:
        time.sleep(REST_S)
        before = site.memory(bench.edge.pid)
        Path(f"/proc/{bench.edge.pid}/clear_refs").write_text("5")  # the peak from now on
        bench.committed(burst, COUNT)
        return site.memory(bench.edge.pid, "VmHWM") - before, before

"""The memory that a burst of single messages takes at its peak, beside the edge's memory before it.

The store knows the customers: the memory for a new one is in the figures of the footprint.
"""

import time
from pathlib import Path

from tools.bench import bulk, messages, site

COUNT = 50_000
ROWS = 200_000  # of the store
REST_S = 1.0


def run() -> tuple[float, float]:
    """MB by which the memory of an edge that has just started grew, and MB before."""
    burst = messages.json("shop", COUNT, 1)
    with bulk.copy(ROWS) as folder, messages.over(folder) as bench:
        time.sleep(REST_S)
        before = site.memory(bench.edge.pid)
        Path(f"/proc/{bench.edge.pid}/clear_refs").write_text("5")  # the peak from now on
        bench.committed(burst, COUNT)
        return site.memory(bench.edge.pid, "VmHWM") - before, before

"""Runs first and chooses the firmware's slot; copied to the root of the board.

There is one slot so far, so that this file needs no change of place when a second one comes.
"""

import gc
import sys

# Collect early and often: it keeps the heap in large pieces, which TLS and imports need.
gc.threshold(16384)
sys.path.insert(0, "/slot_a")

"""Runs first and chooses the firmware's slot; copied to the root of the board.

There is one slot so far, so that this file needs no change of place when a second one comes.
"""

import gc
import sys

# Collect early and often: it keeps what is free in large pieces, which frames, TLS and imports need. With
# 4096 a `pico` that sells and answers commands without a pause runs out of them.
gc.threshold(2048)
sys.path.insert(0, "/slot_a")

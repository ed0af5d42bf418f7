"""Runs first and chooses the firmware's slot; copied to the root of the board.

There is one slot so far; this file can stay in its place when a second one comes.
"""

import gc
import sys

# Collect often: it keeps free memory in large pieces, which frames, TLS, files and imports need. With 16384 a
# `pico` could not find 2 KB for a frame among 13 KB; with 2048, collecting is half of a board's work.
gc.threshold(4096)
sys.path.insert(0, "/slot_a")

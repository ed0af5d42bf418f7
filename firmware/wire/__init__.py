"""BW-1, the contract between boards and the edge; the same files run on MicroPython and CPython."""

"""The questions of machines to an edge: alive, ready, metrics."""

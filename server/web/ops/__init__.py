"""What machines ask an edge: alive, ready, metrics."""

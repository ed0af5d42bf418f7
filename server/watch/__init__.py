"""What watches over the edge: health, metrics, logs."""

"""What an open page is told: the ring of commits, tiles, and their streams."""

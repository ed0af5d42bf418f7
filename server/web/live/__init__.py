"""News for open pages: the ring of commits, the tiles, and their streams."""

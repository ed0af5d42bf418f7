"""Live rankings: heaps over buckets of days. Pure."""

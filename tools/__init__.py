"""The command `boardwalk` and what developers use."""

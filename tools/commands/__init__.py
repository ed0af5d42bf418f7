"""The command boardwalk: one file per group of commands."""

"""The HTTP interface for programs: one file a noun, each with the table of its endpoints."""

"""The command `boardwalk`, and the tools of developers."""

"""Sphinx, for `make docs`."""

project = "Boardwalk"
author = "The Boardwalk authors"
extensions = ["myst_parser"]
html_theme = "furo"
exclude_patterns = ["_build"]
myst_heading_anchors = 3

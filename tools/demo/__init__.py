"""The demo: a shop on this machine, with an audit at its end."""

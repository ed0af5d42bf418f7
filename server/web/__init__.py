"""The staff dashboard and the HTTP interface."""

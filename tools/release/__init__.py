"""The files of a firmware release."""

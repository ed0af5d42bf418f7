"""Starts the application; copied to the root of the board."""

from firmware.app import main

main("/")

"""Tests of the web floor: a real server on loopback over a real store."""

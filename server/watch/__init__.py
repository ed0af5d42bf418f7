"""Watches over the edge and its devices: health, rates, silence."""

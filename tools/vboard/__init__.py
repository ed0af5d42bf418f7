"""Virtual boards: the firmware on real MicroPython, with a flash that survives power cuts."""

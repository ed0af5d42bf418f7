"""A debounced button."""

import asyncio

POLL_S = 0.02  # between two readings; a level counts when two in a row agree


class Button:
    """Calls `pressed` each time that a pin goes to its active level and stays there.

    read: gives the pin's level, 0 or 1.
    """

    def __init__(self, read, active: int, pressed):
        self._read = read
        self._active = active
        self._pressed = pressed
        self._seen = self._steady = read()

    async def run(self) -> None:
        """Watch the pin for ever."""
        while True:
            await asyncio.sleep(POLL_S)
            self.poll()

    def poll(self) -> None:
        """Read the pin once."""
        level = self._read()
        if level == self._seen and level != self._steady:
            self._steady = level
            if level == self._active:
                self._pressed()
        self._seen = level

    def wake(self) -> None:
        """Do nothing: a button does not wait for a flush."""

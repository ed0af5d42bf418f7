"""The error of a wrong message."""


class WireError(ValueError):
    """A message that breaks BW-1.

    reason: one short phrase, safe to show; it names the part that is wrong and what is allowed.
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason

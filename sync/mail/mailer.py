"""The seam to the services that take letters."""

from typing import Protocol

from sync.mail.letter import Letter


class Mailer(Protocol):
    """A service that takes letters. Calls block, so they are made on threads."""

    def send(self, letter: Letter) -> str:
        """Send once, without a retry; the message's id.

        Raises CloudError (accepted: None when it is not known whether the letter was taken), Throttled,
        Unreachable.
        """

"""The seam to whoever takes letters."""

from typing import Protocol

from sync.mail.letter import Letter


class Mailer(Protocol):
    """Where letters go. Calls block; they are made on threads."""

    def send(self, letter: Letter) -> str:
        """Send once, without any retry; the message's id. Raises CloudError (accepted: None when
        nobody can know whether it was taken), Throttled, Unreachable."""

"""Everything that can go wrong on the edge and that a person should read.

BoardwalkError
+-- SettingsError      a key, a line, a variable
+-- StartError         the edge cannot start: port, folder, lock, broker
|   +-- StoreLocked
|   +-- StoreDamaged
+-- EdgeBroken         a part of a running edge broke
+-- StoreFull          no room for a commit
+-- BadInput           a field of a request is wrong
+-- NotFound           a name is not known
+-- Conflict           a name is taken, or a state forbids it
+-- Refused            the caller is known, but not allowed
+-- CloudError         AWS answered, or did not
    +-- Throttled      it asked for fewer requests
    +-- Unreachable    there was no way to it
"""


class BoardwalkError(Exception):
    """One sentence for a person, with its cause and its cure."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class SettingsError(BoardwalkError):
    """A setting that cannot be used. place: file and line, or the variable."""

    def __init__(self, place: str, sentence: str) -> None:
        super().__init__(f"{place}: {sentence}")
        self.place = place


class StartError(BoardwalkError):
    """The edge cannot start; nothing was changed."""


class StoreLocked(StartError):
    """Another process holds the store. folder: the data folder."""

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"Another Boardwalk uses the data in {folder}; stop it, or give this one another "
            "folder with [edge] data."
        )
        self.folder = folder


class StoreDamaged(StartError):
    """SQLite says that the file is not whole."""


class EdgeBroken(BoardwalkError):
    """A part broke that the edge needs; the edge has stopped, and nothing is lost."""


class StoreFull(BoardwalkError):
    """A commit failed because the disk is full or broken; nothing of it was kept."""


class BadInput(BoardwalkError):
    """A request that cannot be taken. field: the name of the wrong one, or "" for the whole request."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class NotFound(BoardwalkError):
    """A name that is not known here."""


class Conflict(BoardwalkError):
    """A name that is taken, or a state that does not allow the request."""


class Refused(BoardwalkError):
    """The caller is known, but may not do this."""


class CloudError(BoardwalkError):
    """A call to AWS failed.

    accepted: False when AWS surely did not take it, None when that is not known. code: the error code of
    AWS, as `ResourceNotFoundException`; "" when AWS did not answer. halts: whether nothing else can go now
    either.
    """

    halts = False

    def __init__(self, sentence: str, accepted: bool | None = False, code: str = "") -> None:
        super().__init__(sentence)
        self.accepted = accepted
        self.code = code


class AccountFault(CloudError):
    """AWS takes nothing, or not this, before the account is set right: its keys, its rights, the clock.

    Nothing is wrong with what was sent; try again for as long as it takes.
    """

    def __init__(self, sentence: str, code: str = "", halts: bool = True) -> None:
        super().__init__(sentence, accepted=False, code=code)
        self.halts = halts


class Throttled(CloudError):
    """AWS asked for fewer requests; nothing was taken, try again later."""

    halts = True


class Unreachable(CloudError):
    """The request did not leave, as there is no internet; try again for as long as it takes."""

    halts = True

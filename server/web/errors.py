"""The problems with which a request can be answered: RFC 9457 problem details.

BoardwalkError (server.errors)
+-- BadInput, NotFound, Conflict, Refused, StoreFull, CloudError    from the floors below, see KIND_OF
+-- WebError
    +-- SignInNeeded     401
    +-- TooLarge         413
    +-- WrongMediaType   415
    +-- WrongEncoding    415
    +-- KeyReused        422
    +-- TooMany          429
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from server.errors import BadInput, BoardwalkError, CloudError, Conflict, NotFound, Refused, StoreFull


@dataclass(frozen=True)
class ProblemKind:
    """A kind of problem: its `type` is /problems/<name>, which never changes.

    status: of HTTP. title: the same for each problem of the kind. meaning: the sentence for a problem that
    has no sentence about the request itself.
    """

    status: int
    title: str
    meaning: str


KINDS = {
    "bad-input": ProblemKind(
        422, "Input that cannot be taken", "A field has a wrong value; `field` names it."
    ),
    "sign-in-needed": ProblemKind(
        401, "Sign in first", "No token and no session, or one that is worth nothing."
    ),
    "refused": ProblemKind(403, "Not allowed", "The caller is known, but may not do this."),
    "not-found": ProblemKind(404, "Not found", "Nobody knows this name or address here."),
    "method": ProblemKind(405, "Not possible here", "This address does not know the method; see `Allow`."),
    "conflict": ProblemKind(409, "Conflict", "The name is taken, or the state does not allow it."),
    "too-large": ProblemKind(
        413, "Too large", "A body has at most 1 MiB, also when unpacked, and 1,000 events."
    ),
    "media-type": ProblemKind(415, "Not JSON", "Bodies are application/json."),
    "content-encoding": ProblemKind(
        415, "Not gzip", "A body is sent as it is, or with Content-Encoding: gzip."
    ),
    "key-reused": ProblemKind(
        422,
        "A key used twice",
        "Another body came under this Idempotency-Key in the last 24 h; nothing of this one was taken.",
    ),
    "nothing-taken": ProblemKind(
        422, "Nothing was taken", "Each event was refused; `rejected` has the reasons."
    ),
    "too-many": ProblemKind(429, "Too many requests", "Come back after `Retry-After` seconds."),
    "internal": ProblemKind(500, "A fault of ours", "It is in the log under the request's id."),
    "cloud": ProblemKind(503, "The cloud is not reached", "What only the table knows cannot be told now."),
    "store-full": ProblemKind(
        507, "No room", "The disk takes nothing more; nothing of the request was kept."
    ),
}


class WebError(BoardwalkError):
    """A request that is refused before anything is done for it. kind: one of KINDS."""

    kind: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(KINDS[self.kind].meaning)

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer, beside the problem."""
        return {}


class SignInNeeded(WebError):
    """The request has no token and no session, or a worthless one."""

    kind = "sign-in-needed"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class TooLarge(WebError):
    """A body or a list that is larger than the limit."""

    kind = "too-large"


class WrongMediaType(WebError):
    """A body of a type that is not taken here."""

    kind = "media-type"


class WrongEncoding(WebError):
    """A Content-Encoding that is not gzip."""

    kind = "content-encoding"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Accept-Encoding": "gzip"}


class KeyReused(WebError):
    """Another body came under the same Idempotency-Key before."""

    kind = "key-reused"


class TooMany(WebError):
    """More than a limit allows. retry_after_s: when to come back, seconds from now."""

    kind = "too-many"

    def __init__(self, retry_after_s: int) -> None:
        super().__init__()
        self.retry_after_s = retry_after_s

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Retry-After": str(self.retry_after_s)}


KIND_OF: Mapping[type[BoardwalkError], str] = {
    BadInput: "bad-input",
    Refused: "refused",
    NotFound: "not-found",
    Conflict: "conflict",
    StoreFull: "store-full",
    CloudError: "cloud",
}


def kind_of(error: Exception) -> str:
    """The name of the kind of problem that an exception is; `internal` for unexpected ones."""
    if isinstance(error, WebError):
        return error.kind
    return next((name for kind, name in KIND_OF.items() if isinstance(error, kind)), "internal")

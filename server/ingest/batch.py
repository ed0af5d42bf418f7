"""The content of one transaction: rows, cursors, mails, rejects, and the answers that follow."""

from dataclasses import dataclass, field
from typing import NamedTuple

from server.folds.entrances import Entering
from server.folds.folds import RankingPlan, Scores
from server.folds.names import Fresh
from server.folds.totals import Totals
from server.ingest.arrival import AckDue, Outcome, Posting
from server.ingest.cursor import Cursor
from server.rules.evaluate import Counts
from server.rules.rule import Match
from server.settings import Rule
from server.store.events import LogRow
from server.store.idempotency import KeptAnswer
from server.store.rejects import Reject
from server.store.repeated_ids import RunChange


class KindPlan(NamedTuple):
    """What is done with events of a kind. number: of its name in the log. plan: for rankings.

    rules: the rules on it; None when each event has to be checked by a `where`, or for a key that enters.
    """

    number: int
    plan: RankingPlan
    rules: list[Rule] | None


@dataclass
class Batch:
    """Built inside the transaction; taken over by the folds only after COMMIT returned.

    fresh: the names that it adds. next_id: the id of the next row. rows: of the log. scores, totals, counts:
    what they add to the folds. entering: the leaders of rankings after them, None while no rule asks for
    them. cursors: the ones that move, by (device, epoch). matches: mails that are due. rejects: what was
    refused. conflicts: ids of devices that sent another event under a committed number. seen: marks of
    posted ids. change: what keeping these marks changed, None before that. answers: by (device, epoch), what
    boards are told after the commit. posted: postings with their outcome. kept: answers to posts with an
    Idempotency-Key, by (source, key).
    """

    fresh: Fresh
    next_id: int
    now: int  # ms since 1970 UTC
    rows: list[LogRow] = field(default_factory=list)
    kinds: dict[str, KindPlan] = field(default_factory=dict)  # by name: the kinds of its events
    scores: Scores = field(default_factory=dict)
    totals: Totals = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)
    entering: Entering | None = None
    cursors: dict[tuple[int, int], Cursor] = field(default_factory=dict)
    matches: list[Match] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    conflicts: set[int] = field(default_factory=set)
    seen: dict[bytes, None] = field(default_factory=dict)
    change: RunChange | None = None
    answers: dict[tuple[str, int], AckDue] = field(default_factory=dict)
    posted: list[tuple[Posting, Outcome]] = field(default_factory=list)
    kept: dict[tuple[str, bytes], KeptAnswer] = field(default_factory=dict)

    def answer(self, answer: AckDue) -> None:
        """Keep the newest answer to a board's epoch; an earlier error is kept in it."""
        key = (answer.device, answer.epoch)
        before = self.answers.get(key)
        if before is not None and before.err and not answer.err:
            answer = AckDue(answer.device, answer.epoch, answer.acked, answer.want, before.err)
        self.answers[key] = answer

"""A post that comes again under its Idempotency-Key gets its first answer again, and changes nothing."""

from server.ingest.arrival import Outcome, Posting
from server.ingest.batch import Batch
from server.store import idempotency
from server.store.connection import Connection
from server.store.idempotency import KeptAnswer


def recall(connection: Connection, batch: Batch, posting: Posting, posted: Outcome) -> bool:
    """Whether an earlier post of its key settles a post, also one of the same transaction."""
    once = posting.once
    if once is None:
        return False
    kept = batch.kept.get((posting.source, once.key)) or idempotency.find(
        connection, posting.source, once.key, posting.received_at
    )
    if kept is None:
        return False
    if kept.body == once.body:
        posted.answer = kept.answer
    else:
        posted.key_reused = True
    return True


def keep(batch: Batch, posting: Posting, posted: Outcome) -> None:
    """Keep the answer to a post under a new key, in the transaction of its events."""
    once = posting.once
    if once is not None:
        posted.answer = once.render(posted)
        kept = KeptAnswer(posting.source, once.key, once.body, posted.answer, posting.received_at)
        batch.kept[(posting.source, once.key)] = kept

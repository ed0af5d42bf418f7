"""The one writer of the log: takes what has arrived, commits it, and tells about it only then."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from loguru import logger

from server.errors import StoreFull
from server.ingest.acks import Acks
from server.ingest.arrival import Arrival, Once, Outcome, Posting, UpArrival
from server.ingest.arrival_queue import ArrivalQueue
from server.ingest.batch import Batch
from server.ingest.commit import Commit
from server.ingest.intake import INTERNAL, Intake
from server.store import rejects
from server.store.database import Database, touch
from server.store.rejects import Reject
from server.to_the_end import to_the_end

MAX_BATCH = 500  # arrivals; frames carry tens of events each
MAX_EVENTS = 2000  # of one commit
EVENT_BYTES = 45  # of a typical order in a frame
MAX_OF_ONE = 256  # arrivals of one device; a board has 8 frames under way, and sends dropped ones again
MAX_WEIGHT = 32 << 20  # bytes; beyond that the frames of all devices are dropped
CROWD_BYTES = 4 << 20
RETRY_S = 1.0
Committed = Callable[[Commit], None]


class Consumer:
    """Group commit without a timer: the arrivals during one commit are the next one.

    listeners: called with each commit that has events. conflicts: called with the name of a device that sent
    another event under a committed number. refused: called with the rejects of each commit that has some.
    full: a sentence why the last commit was refused, else None.
    """

    def __init__(self, database: Database, intake: Intake, acks: Acks) -> None:
        self._database = database
        self._intake = intake
        self._acks = acks
        self._waiting = ArrivalQueue()
        self._wake = asyncio.Event()
        self.listeners: list[Committed] = []
        self.conflicts: list[Callable[[str], None]] = []
        self.refused: list[Callable[[Sequence[Reject]], None]] = []
        self.full: str | None = None

    @property
    def waiting(self) -> int:
        """Arrivals that no commit has taken yet."""
        return len(self._waiting)

    @property
    def crowded(self) -> bool:
        """Whether senders that can wait should wait, because more arrivals would fill up memory."""
        return self._waiting.weight > CROWD_BYTES

    def put(self, arrival: Arrival) -> None:
        """Let an arrival wait for the next commit. Frames beyond the limits are dropped without a receipt."""
        if isinstance(arrival, UpArrival) and (
            self._waiting.of(arrival.device) >= MAX_OF_ONE or self._waiting.weight > MAX_WEIGHT
        ):
            return
        self._waiting.put(arrival)
        self._wake.set()

    async def post(self, source: str, events: list[object], now: int, once: Once | None = None) -> Outcome:
        """Commit events of the `json` shape, under an Idempotency-Key `once`.

        Raises StoreFull when the disk refuses.
        """
        if self.full:
            raise StoreFull(self.full)
        done: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        posting = Posting(source, events, now, lambda posted: _resolve(done, posted), True, once)
        self.put(posting)
        while not done.done():
            await asyncio.wait([done], timeout=RETRY_S)
            if not done.done() and self.full and posting in self._waiting:
                self._waiting.remove(posting)
                raise StoreFull(self.full)
        return done.result()

    async def run(self) -> None:
        """Commit until cancelled; a commit that is under way is taken over first."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting or self.full:
                await to_the_end(self.commit(self.take()) if self._waiting else self._probe())
                if self.full:
                    await asyncio.sleep(RETRY_S)

    async def drain(self) -> None:
        """Commit what is waiting, until a disk refuses."""
        while self._waiting and not self.full:
            await self.commit(self.take())

    async def _probe(self) -> None:
        """Find out whether there is room again; without arrivals no commit would find out."""
        with suppress(StoreFull):
            await self._database.write(touch)
            self.full = None

    def take(self) -> list[Arrival]:
        taken: list[Arrival] = []
        events = 0
        while self._waiting and len(taken) < MAX_BATCH and events < MAX_EVENTS:
            arrival = self._waiting.take()
            events += _about(arrival)
            taken.append(arrival)
        return taken

    async def commit(self, arrivals: list[Arrival], behind: Sequence[Arrival] = ()) -> bool:
        """Whether the disk took them. behind: taken with them; they wait again too when the disk refuses."""
        try:
            batch = await self._database.write(self._intake.work, arrivals)
        except StoreFull as error:
            return self._refused([*arrivals, *behind], error)
        except Exception:
            logger.exception("a batch of {} arrivals failed", len(arrivals))
            return await (self._apart(arrivals) if len(arrivals) > 1 else self._give_up(arrivals[0], behind))
        self.full = None
        self._committed(batch)
        return True

    def _committed(self, batch: Batch) -> None:
        self._intake.adopt(batch)
        self._acks.send(batch.answers.values())
        for posting, posted in batch.posted:
            posting.settle(posted)
        if batch.rows:
            commit = Commit(batch.rows, self._intake.names)
            for listener in self.listeners:
                listener(commit)
        self._tell_refused(batch.rejects)
        for device in batch.conflicts:
            name = self._intake.names.names["device"][device]
            logger.warning("{}: another event under a committed number: cloned or restored?", name)
            for alarm in self.conflicts:
                alarm(name)

    def _tell_refused(self, found: Sequence[Reject]) -> None:
        for tell in self.refused if found else ():
            tell(found)

    def _refused(self, arrivals: list[Arrival], error: StoreFull) -> bool:
        """Tell boards to back off and send again; let postings wait here, unacknowledged."""
        logger.error(error.sentence)
        self.full = error.sentence
        answers = [self._intake.committed(up) for up in arrivals if isinstance(up, UpArrival)]
        self._acks.send({(one.device, one.epoch): one for one in answers}.values(), window=0)
        self._waiting.back(arrival for arrival in arrivals if isinstance(arrival, Posting))
        return False

    async def _apart(self, arrivals: list[Arrival]) -> bool:
        """Commit arrivals one by one: one of them broke the batch by a fault of ours, the others are fine."""
        for index, one in enumerate(arrivals):
            if not await self.commit([one], arrivals[index + 1 :]):
                return False
        return True

    async def _give_up(self, arrival: Arrival, behind: Sequence[Arrival]) -> bool:
        """Keep the arrival that shows a fault of ours as a reject, and tell its sender."""
        try:
            broken = [self._intake.broken(arrival)]
            await self._database.write(rejects.insert, broken)
        except StoreFull as error:
            return self._refused([arrival, *behind], error)
        self._tell_refused(broken)
        if isinstance(arrival, UpArrival):
            self._acks.send([self._intake.committed(arrival, INTERNAL)])
        else:
            indexes = range(len(arrival.objects))
            arrival.settle(Outcome(rejected=[(index, INTERNAL) for index in indexes]))
        return True


def _about(arrival: Arrival) -> int:
    """How many events an arrival brings; a frame is judged by its size, as it is not unpacked yet."""
    if isinstance(arrival, Posting):
        return len(arrival.objects)
    return 1 + len(arrival.payload) // EVENT_BYTES


def _resolve(done: "asyncio.Future[Outcome]", posted: Outcome) -> None:
    if not done.done():
        done.set_result(posted)

"""The cloud side of one edge: the workers that its settings ask for, and their state."""

import asyncio
from collections.abc import Callable, Coroutine

import msgspec
from loguru import logger

from server.calendar import Days
from server.folds.folds import noun_of
from server.settings import Settings
from server.store import chunks
from server.store import generation as generations
from server.store.database import Database
from server.store.mail import Mails
from server.watch.cloud_status import CloudStatus
from sync.mail.letter import Letters, check_letters
from sync.mail.mailbox import Mailbox
from sync.mail.mailer import Mailer
from sync.mail.postman import Postman
from sync.table.all_sites import AllSites, Merged
from sync.table.scores import ScoreWriter
from sync.table.uploader import Uploader
from sync.token_bucket import TokenBucket

STATUS_S = 1.0
SCORES_SHARE = 0.1  # of the write units; events go first
LOCAL_PER_S = 1000.0
AGAIN_S = 5.0
Work = Callable[[], Coroutine[object, object, None]]


class CloudService:
    """Makes uploader and postman, and keeps their state.

    busy: whether events wait for a commit. broken: by worker, a sentence about the fault of ours that it is
    recovering from. Raises SettingsError for a rule whose letter does not exist.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Callable[[], int],
        busy: Callable[[], bool] = lambda: False,
    ) -> None:
        self._busy = busy
        self._settings = settings
        self._letters = Letters(settings.mail.sender, settings.edge.site, settings.zone)
        check_letters(settings, self._letters)
        self._database = database
        self._clock = clock
        self._uploader: Uploader | None = None
        self._scores: ScoreWriter | None = None
        self._postman: Postman | None = None
        self._all_sites: AllSites | None = None
        self.broken: dict[str, str] = {}
        self._status = CloudStatus(settings.cloud.mode, write_units=settings.cloud.write_units)

    def workers(self) -> list[tuple[str, Coroutine[object, object, None]]]:
        """(name, work) of everything to run; call this once, on the event loop. Raises StartError.

        A fault in a worker ends neither the worker nor the edge, because the site needs no cloud.
        """
        work: list[tuple[str, Work]] = [("cloud status", self._watch)]
        cloud = self._settings.cloud
        if cloud.mode == "aws":
            from sync.table.dynamo import Dynamo  # boto3 takes 15 MB, which a site without a cloud saves

            table, site = Dynamo(cloud), self._settings.edge.site
            for_scores = cloud.write_units * SCORES_SHARE
            bucket = TokenBucket(cloud.write_units - for_scores, cloud.write_units)
            uploader = Uploader(self._database, table, site, bucket, self._busy)
            self._uploader = uploader
            rankings = {one.name: noun_of(one.key) for one in self._settings.ranking}
            scores = self._scores = ScoreWriter(
                self._database, table, site, rankings, TokenBucket(for_scores, max(1.0, for_scores))
            )
            days = Days(self._settings.zone)
            self._all_sites = AllSites(table, lambda: days.day(self._clock()))
            work.append(("scores", lambda: scores.run(self._clock)))
            work.append(("sealer", lambda: uploader.run_sealer(self._clock, cloud.seal_after_s * 1000)))
            work.append(("sender", lambda: uploader.run_sender(self._clock)))
        if self._settings.mail.mode != "off":
            postman = self._postman = self._make_postman()
            work.append(("postman", lambda: self._post(postman)))
        return [(name, self.again(one, name)) for name, one in work]

    def status(self) -> CloudStatus:
        """The state of the uploader, at most a second old."""
        return self._status

    async def merged(self, ranking: str, window: str) -> Merged | None:
        """A ranking over all sites; None without a cloud. Raises CloudError."""
        return await self._all_sites.merged(ranking, window) if self._all_sites is not None else None

    def upload_error(self) -> str | None:
        """A sentence why the table is not reached, None when it is."""
        told = [one.error for one in (self._uploader, self._scores) if one is not None and one.error]
        broken = [self.broken[name] for name in ("sealer", "sender", "scores") if name in self.broken]
        return next(iter([*told, *broken]), None)

    def mail_error(self) -> str | None:
        """A sentence why the last mail did not go out, None when it did."""
        told = self._postman.error if self._postman is not None else None
        return told or self.broken.get("postman")

    def _make_postman(self) -> Postman:
        mail = self._settings.mail
        mailer: Mailer
        if mail.mode == "ses":
            from sync.mail.ses import Ses  # boto3, as above

            mailer, per_second = Ses(mail, self._settings.cloud), float(mail.per_second)
        else:
            mailer, per_second = Mailbox(self._database, asyncio.get_running_loop()), LOCAL_PER_S
        return Postman(Mails(self._database), mailer, self._letters, TokenBucket(per_second, per_second))

    async def _post(self, postman: Postman) -> None:
        generation = await self._database.read(generations.current)
        await postman.run(self._clock, generation)

    async def again(self, work: Work, name: str) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                self.broken[name] = f"{name}: a fault of ours ({error!r}); it is tried again."
                logger.exception("{} broke and begins again", name)
            await asyncio.sleep(AGAIN_S)
            self.broken.pop(name, None)

    async def _watch(self) -> None:
        while True:
            backlog = await self._database.read(chunks.backlog)
            sealed = await self._database.read(chunks.unsent_events)
            uploader = self._uploader
            self._status = msgspec.structs.replace(
                self._status, waiting=backlog.waiting + sealed, chunks=backlog.unsent,
                oldest_at=backlog.oldest_at, last_sent_at=backlog.last_sent_at, error=self.upload_error(),
                units_per_s=round(uploader.units_per_s(), 2) if uploader is not None else 0.0,
            )  # fmt: skip
            await asyncio.sleep(STATUS_S)

"""The state of an edge in memory, from its store: made once at a start, with or without broker, cloud and
web."""

from dataclasses import dataclass

from loguru import logger

from server.calendar import Days
from server.clock import milliseconds
from server.devices.registrar import Registrar
from server.folds.entrances import Entrances
from server.folds.folds import Folds
from server.folds.log_time import EdgeClock
from server.folds.names import Names
from server.folds.presence import Presence
from server.folds.recovery import Replay
from server.folds.standings import Standings
from server.ingest.intake import Intake
from server.rules.evaluate import Evaluator
from server.rules.rule import Addresses
from server.settings import Settings
from server.store import checkpoints, generation
from server.store.connection import Connection
from server.store.database import Database


@dataclass
class Core:
    """What is committed, in memory: the same with a broker, a cloud and a web, or without them.

    database: the open store. names: the names that the log keeps as integers. folds: rankings, rule
    counters and totals. standings: how rankings stood at full hours. intake: brings arrivals into the log.
    presence: the devices as last heard of. registrar: adds, renews and revokes devices. generation: the
    id of this life of the store. checkpointed: id of the last event of the checkpoint that this began with.
    """

    database: Database
    names: Names
    folds: Folds
    standings: Standings
    intake: Intake
    presence: Presence
    registrar: Registrar
    generation: str
    checkpointed: int


async def open_core(settings: Settings, database: Database) -> Core:
    """Recover everything from the store."""
    days = Days(settings.zone)
    evaluator = Evaluator(settings.rule, Addresses.known(settings.mail), days.offset)

    def recover(connection: Connection) -> tuple[Names, Folds, Standings, Intake, int]:
        if generation.went_back(connection, database.folder):
            logger.warning("the store was set back; boards send again what they still hold, mails are held")
            generation.renew(connection, milliseconds())
        names = Names(connection)
        folds, checkpointed = Folds(settings.ranking, names, days), checkpoints.through(connection)
        Replay(connection, names, folds).run(settings, evaluator)
        standings = Standings(folds, names, days)
        standings.load(connection)
        epoch = int(generation.current(connection)[:8], 16) or 1
        entrances = Entrances(settings.rule, folds, names)
        intake = Intake(names, folds, evaluator, entrances, epoch)
        intake.load(connection)
        return names, folds, standings, intake, checkpointed

    names, folds, standings, intake, checkpointed = await database.write(recover)
    clock = EdgeClock(intake.time, lambda: milliseconds())
    await standings.look(clock(), database)
    presence = Presence()
    await presence.load(database, clock())
    registrar = Registrar(database, names, presence, milliseconds)
    born = await database.read(generation.current)
    return Core(database, names, folds, standings, intake, presence, registrar, born, checkpointed)

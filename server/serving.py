"""Running an edge: its settings, its log, its life until it is told to stop."""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from loguru import logger

from server import garbage_collector
from server.app import Edge, running
from server.clock import milliseconds
from server.errors import EdgeBroken
from server.people.sign_in import SignIn
from server.settings import Settings, load
from server.settings.broker_address import broker_address

DEFAULT = Path("boardwalk.toml")
FORMAT = "<dim>{time:HH:mm:ss.SSS}</dim> <level>{level: <7}</level> {message}"


def find(config: Path | None) -> Settings:
    """The settings of `config`, else of ./boardwalk.toml if there is one, else the defaults."""
    return load(config or (DEFAULT if DEFAULT.exists() else None), os.environ)


async def serve(settings: Settings, started: Callable[[Edge], object]) -> None:
    """Run an edge until it is told to stop; `started` is called when it works.

    Raises StartError, and EdgeBroken when a part broke that the edge needs.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings) as edge:
        garbage_collector.settle()
        waiting = started(edge)
        if asyncio.iscoroutine(waiting):
            await waiting
        ends = [asyncio.create_task(event.wait()) for event in (stop, edge.broken)]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
        logger.info("stopping")
        if edge.broken.is_set():
            raise EdgeBroken("A part of the edge broke, see above; start it again.")


def log_to_stderr(level: str = "INFO") -> None:
    """One line per event of the server's life; colours only on a terminal."""
    logger.remove()
    logger.add(sys.stderr, format=FORMAT, level=level, diagnose=False)  # values in tracebacks may be secrets


async def announce(edge: Edge) -> None:
    """Tell where the dashboard is and, while nobody is registered, how to sign in."""
    url = edge.settings.http.public_url or f"http://{edge.settings.http.listen}"
    way = broker_address(edge.settings.mqtt)
    broker = edge.broker.name if edge.broker else f"{way.host}:{way.port}"  # its url has a secret in it
    logger.info("site {} is open: dashboard {}, MQTT by {}", edge.settings.edge.site, url, broker)
    link = await SignIn(edge.core.database, milliseconds).first_link()
    if link:
        logger.info("nobody can sign in yet; open this once, within a day: {}/welcome/{}", url, link)

"""Follows a board's log over MQTT, through restarts of the board, broken links and stopped edges."""

import asyncio
import json

import aiohttp
import click

from firmware.wire import reading
from firmware.wire.errors import WireError
from server.errors import BoardwalkError
from tools.commands.device import command, facts, one
from tools.edge_client import EdgeClient
from tools.output import Json

POLL_S = 1.0
AWAY = "the edge does not answer"


class Follower:
    """Prints the lines of one device's log as they come: for people, or one JSON object per line."""

    def __init__(self, edge: EdgeClient, name: str, as_json: bool) -> None:
        self._edge = edge
        self._name = name
        self._as_json = as_json
        self._boot: int | None = None  # the start whose lines are shown; numbers begin anew with each
        self._last = 0  # the number of the last line that was shown
        self._news = ""  # what was told of the device last

    async def run(self) -> None:
        """Follow for ever. Raises BoardwalkError for a device that is not known, or is revoked."""
        while True:
            try:
                more = await self._look()
            except (aiohttp.ClientError, OSError):
                more = False
                self._tell(AWAY, "away")
            if not more:
                await asyncio.sleep(POLL_S)

    async def _look(self) -> bool:
        """Show new lines; whether there may be more at once."""
        seen = await one(self._edge, self._name)
        if seen["revoked_at"] is not None:
            raise BoardwalkError(f"{self._name} is revoked, so nothing comes from it any more.")
        if not seen["online"]:
            if not self._news:
                self._head(seen["state"])
            self._tell(f"{self._name} is offline", "offline")
            return False
        try:
            return await self._ask()
        except BoardwalkError as error:  # it has just gone, or does not know the time yet
            self._tell(error.sentence.rstrip("."), "silent")
            return False

    async def _ask(self) -> bool:
        told = await command(self._edge, self._name, "log", {"after": self._last})
        try:
            log = reading.log(told)
        except WireError as error:
            raise BoardwalkError(f"{self._name} answers what is no log ({error.reason})") from error
        if log.boot != self._boot:
            await self._begin(log.boot)
            return True
        self._tell(f"{self._name} is online", "online")
        if log.first > self._last + 1:
            self._lost(log.first - self._last - 1)
        for number, (uptime_ms, level, text) in enumerate(log.lines, log.first):
            self._line(number, uptime_ms, level, text)
        self._last = max(self._last, log.first + len(log.lines) - 1)
        return bool(log.lines) and self._last < log.last

    async def _begin(self, boot: int) -> None:
        """Go on with another start of the board: its facts, and its lines from the first."""
        state = await command(self._edge, self._name, "status", {})
        if self._boot is not None:
            self._tell(f"{self._name} has started anew", "started")
        self._head(state)
        self._boot, self._last = boot, 0

    # --- what is printed

    def _head(self, state: Json) -> None:
        if self._as_json:
            self._object(event="facts", **state)
            return
        click.echo(self._name)
        for word, text in facts(state):
            click.echo(f"  {word:<9}{text}")

    def _tell(self, text: str, event: str) -> None:
        if self._news == event:
            return
        is_first, self._news = not self._news, event
        if self._as_json:
            self._object(event=event, text=text)
        elif not (is_first and event == "online"):
            click.echo(f"-- {text} --")

    def _lost(self, count: int) -> None:
        if self._as_json:
            self._object(event="lost", lines=count)
        else:
            click.echo(f"... {count} {'line' if count == 1 else 'lines'} lost")

    def _line(self, number: int, uptime_ms: int, level: str, text: str) -> None:
        if self._as_json:
            self._object(event="line", number=number, uptime_ms=uptime_ms, level=level, text=text)
        else:
            click.echo(f"{uptime_ms / 1000:10.3f}  {level:<7}  {text}")

    def _object(self, **facts: object) -> None:
        click.echo(json.dumps({"device": self._name, **facts}))

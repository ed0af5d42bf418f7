"""Keeps the outbox drained: connection, window, acks, state and commands."""

import asyncio
import gc

from firmware import mqtt, send_window
from firmware.transient import module
from firmware.troubles import CODES, OF_LINK
from firmware.wire import ack, frame, state, topics
from firmware.wire.errors import WireError

HEARTBEAT_S = 30
BACKOFF_MS = 500
BACKOFF_MOST_MS = 30_000
WIFI_POLL_S = 0.5
REJOIN_POLLS = 10
SLOW_POLLS = 40  # polls without a network before that is a trouble


class Link:
    """One board's way to its edge, up or down.

    owner: has `facts()` for the state message, `heard_time(ms)`, `command(payload)`, which gives the
    answer or None, `log` and `troubles`.
    online: whether the broker has accepted us.
    """

    def __init__(self, board, settings, box, owner):
        self._board = board
        self._settings = settings
        self._box = box
        self._owner = owner
        self._log = owner.log
        self._troubles = owner.troubles
        self._window = send_window.SendWindow(board.random)
        self._wake = asyncio.Event()
        self._over = None  # set when this session has ended
        self._client = None
        self._backoff_ms = BACKOFF_MS
        self._tls = None
        self.online = False

    def wake(self) -> None:
        """Look for something new to send."""
        self._wake.set()

    def _topic(self, leaf: str) -> str:
        return topics.topic(self._settings.site, self._settings.device, leaf)

    # --- the connection

    async def run(self) -> None:
        """Connect, work until the link breaks, wait and begin again, for ever."""
        while True:
            try:
                await self._session()
            except Exception as error:  # any error, because a link that gave up would be mute for ever
                # `_connect` has told once why there is no connection; this line is for developers.
                say = self._log.warning if self.online else self._log.debug
                say("link:", type(error).__name__, error)
            self.online = False
            gc.collect()  # a TLS handshake needs its memory in one piece
            wait_ms = self._backoff_ms // 2 + self._board.random() % self._backoff_ms
            self._backoff_ms = min(self._backoff_ms * 2, BACKOFF_MOST_MS)
            await asyncio.sleep(wait_ms / 1000)

    async def _session(self) -> None:
        await self._network()
        try:
            await self.connect()
            await self._client.subscribe((self._topic("ack"), self._topic("cmd")))
            await self._work()
        finally:
            client, self._client = self._client, None
            if client:
                await client.close()

    async def _network(self) -> None:
        """Wait for Wi-Fi, however long it takes."""
        wifi, polls, fault = self._settings.wifi, 0, None
        if wifi:
            self._board.join_wifi(wifi["ssid"], wifi.get("password", ""))
        while not self._board.online():
            polls += 1
            fault = self._board.wifi_fault() or ("no-wifi" if polls > SLOW_POLLS else fault)
            if fault:
                self._troubles.begin(fault, wifi["ssid"])
                if polls % REJOIN_POLLS == 0:  # a chip that was refused does not ask again by itself
                    self._board.join_wifi(wifi["ssid"], wifi.get("password", ""))
            await asyncio.sleep(WIFI_POLL_S)

    async def connect(self) -> None:
        """Open a connection, or tell why it cannot be opened."""
        try:
            self._client = self._new_client()
            await self._client.connect()
        except Exception as error:
            self._tell(error)
            raise
        self._troubles.end(*CODES[:OF_LINK])

    def _tell(self, error) -> None:
        code = module("causes").of_connection(error, self._client.code if self._client else None)
        if code == "no-edge":
            self._troubles.begin(code, "at %s:%d" % (self._settings.host, self._settings.port))
        elif code:
            self._troubles.begin(code, str(error))
        else:  # lack of memory, for which nobody else is to blame
            self._log.warning("link:", type(error).__name__, error)

    def _new_client(self):
        set_ = self._settings
        if set_.tls and self._tls is None:
            self._tls = self._board.tls_context()
        login = (set_.device, set_.device, set_.secret)
        will = (self._topic("state"), state.OFFLINE)
        return mqtt.Client(self._board, (set_.host, set_.port, self._tls), login, will, set_.keepalive)

    async def _work(self) -> None:
        """Run the parts of a session until the first of them fails."""
        self.online = True
        self._log.info("link: online")
        self._window.restart(self._box.acked + 1)
        self._over = asyncio.Event()
        self._error = None
        parts = (self._listen(), self._pump(), self._beat(), self._client.keep())
        tasks = [asyncio.create_task(self._guard(part)) for part in parts]
        await self._over.wait()
        for task in tasks:
            task.cancel()
        if self._error:
            raise self._error

    async def _guard(self, part) -> None:
        try:
            await part
        except Exception as error:
            self._error = error
        self._over.set()

    async def _beat(self) -> None:
        while True:
            facts = state.encode(self._owner.facts())
            await self._client.publish(self._topic("state"), facts, 1, True)
            await asyncio.sleep(HEARTBEAT_S)

    # --- up

    async def _pump(self) -> None:
        up = self._topic("up")
        while True:
            self._wake.clear()
            now = self._board.uptime_ms()
            self._window.check(now, self._box.acked)
            while self._window.may_send(now):
                try:
                    data, last = self._next_frame(now)
                except MemoryError:
                    gc.collect()
                    if not self._window.smaller():
                        raise
                    continue
                if data is None:
                    break
                self._log.debug("link: sent", self._window.next, "to", last)
                self._window.sent(last, now)
                await self._client.publish(up, data)
            await self._sleep(self._window.wait_ms(now))

    async def _sleep(self, wait_ms: int) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), wait_ms / 1000)
        except asyncio.TimeoutError:
            pass

    def _next_frame(self, now: int) -> tuple[bytes | None, int]:
        """The frame that begins with the window's next seq, and its last seq; None: all is sent."""
        box, seq = self._box, self._window.next
        records = box.read(seq, frame.ROOM, self._window.most)
        lost = box.lost_at(seq)  # after reading, because only reading finds damage
        if lost:
            return frame.encode_lost(frame.Lost(box.epoch, *lost)), lost[1]
        if not records:
            return None, 0
        if seq == self._window.refused:
            return self._refusal(seq, records[0]), seq
        up = frame.Up(box.epoch, seq, records, self._owner.boot, now)
        return frame.encode(up), seq + len(records) - 1

    def _refusal(self, seq: int, record: bytes) -> bytes:
        return frame.encode_lost(frame.Lost(self._box.epoch, seq, seq, frame.REFUSED, record))

    # --- down

    async def _listen(self) -> None:
        while True:
            topic, payload = await self._client.receive()
            if topic.endswith("/ack"):
                self._take_ack(payload)
            elif topic.endswith("/cmd"):
                answer = self._owner.command(payload)
                if answer:
                    await self._client.publish(self._topic("res"), answer, 1)

    def _take_ack(self, payload: bytes) -> None:
        try:
            answer = ack.decode(payload)
        except WireError:
            return  # it is of no use; the resend asks again
        self._backoff_ms = BACKOFF_MS
        self._owner.heard_time(answer.now)
        if answer.epoch == self._box.epoch and answer.acked <= self._box.durable:
            self._obey(answer)
            self._wake.set()

    def _obey(self, answer) -> None:
        """Move our own mark and the window as the edge says."""
        box, now = self._box, self._board.uptime_ms()
        if answer.acked > box.acked:
            box.ack(answer.acked)
            self._window.progress(box.acked, now)
        elif answer.acked < box.acked and answer.want:
            box.rewind(answer.want)
            self._window.restart(box.acked + 1)
        elif answer.err:
            self._log.warning("link: the edge refuses a frame:", answer.err)
            self._window.trouble(box.acked + 1, now)
        elif answer.want:
            self._window.gap(answer.want)
        else:
            self._window.alive(box.acked)
        if answer.win:
            self._window.breadth(answer.win)
        else:
            self._window.pause(box.acked, now)

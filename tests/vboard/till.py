"""The other side of a board's serial port: it knows what the application was told."""

import asyncio
from dataclasses import dataclass, field

from tests.patience import PATIENCE_S
from tools.vboard.client import VirtualBoard

AHEAD = 32
FIELDS = ["customer", "quantity:int", "cents:int", "ordered_on"]


def settings(port: int, device: str, **more: object) -> dict[str, object]:
    """Settings of a board with a till at its serial port and a button at pin 4."""
    serial = {
        "type": "serial", "uart": 1, "kind": "order.placed", "fields": FIELDS,
        "critical": more.pop("critical", True),
    }  # fmt: skip
    button = {"type": "button", "pin": 4, "kind": "button.pressed", "fields": {"item": "bell"}}
    return {
        "site": "shop", "device": device, "secret": "s", "host": "127.0.0.1", "port": port,
        "inputs": [serial, button], **more,
    }  # fmt: skip


@dataclass
class Till:
    """Sends numbered orders. told: numbers that got `ok`, with (epoch, seq); sent: how many."""

    board: VirtualBoard
    sent: int = 0
    told: dict[int, tuple[int, int]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    async def work(self, count: int, pace_s: float = 0, silence_s: float = PATIENCE_S) -> None:
        """Send `count` orders and take their answers; ends early when the board says nothing for `silence_s`."""
        reader, writer = await self.board.uart()
        waiting: list[int] = []
        end = self.sent + count
        while self.sent < end or waiting:
            while self.sent < end and len(waiting) < AHEAD:
                writer.write(b"c%d,%d,1177,1997-01-01\n" % (self.sent, self.sent))
                waiting.append(self.sent)
                self.sent += 1
                if pace_s:
                    break
            try:
                line = await asyncio.wait_for(reader.readline(), silence_s)
            except TimeoutError:
                break
            if not line:
                break
            self._answered(waiting.pop(0), line.decode().split())
            await asyncio.sleep(pace_s)
        writer.close()

    def _answered(self, number: int, words: list[str]) -> None:
        if words[0] == "ok":
            self.told[number] = (int(words[1]), int(words[2]))
        else:
            self.refused.append(" ".join(words[1:]))

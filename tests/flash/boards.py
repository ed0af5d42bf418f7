"""Boards as developers have them: blank, busy, deaf, full, half flashed. Each is what is on its flash at first."""

from tools.release.slot import slot
from tools.vboard.client import Fleet, VirtualBoard

PRINTS = b"n = 0\nwhile True:\n    n += 1\n    print('reading', n, 'of a sensor that never sleeps')\n"
LOOPS = b"while True:\n    pass\n"
DEAF = b"""
import time
def work():
    while True:
        try:
            time.sleep_ms(5)
            print('x')
        except KeyboardInterrupt:
            print('not now')
for _ in range(3):
    try:
        while True:
            time.sleep_ms(1)
    except KeyboardInterrupt:
        print('not now')
while True:
    time.sleep_ms(1)
"""
WATCHED = b"""
import machine, time
w = machine.WDT(timeout=2000)
while True:
    w.feed()
    time.sleep_ms(10)
"""
WATCHED_AND_LOUD = (
    b"import machine\nw = machine.WDT(timeout=1500)\nwhile True:\n    w.feed()\n    print('tick')\n"
)
SLOW = b"import time\ntime.sleep(3)\n"
FILLS = b"""
import os
os.mkdir('/slot_a')
n = 0
try:
    while True:
        with open('/slot_a/old%d.mpy' % n, 'wb') as f:
            for _ in range(64):
                f.write(b'x' * 1024)
        n += 1
except OSError:
    print('the flash is full')
"""
HUNGRY = b"junk = [bytes(1000) for _ in range(100)]\nwhile True:\n    pass\n"


def half_copied() -> dict[str, bytes]:
    """What a flash that was cut leaves, but worse: files cut short, one that is no more, one begun."""
    files = {path: data[: len(data) // 2] for path, data in list(slot().items())[2:8]}
    return files | {
        "/slot_a/firmware/gone.mpy": b"M\x06",
        "/slot_a/firmware/link.mpy.new": b"M",
        "/boot.py": slot()["/boot.py"],
        "/main.py.off": slot()["/main.py"],
        "/settings.json": b'{"site": "shop", "dev',
    }


KINDS: dict[str, dict[str, bytes]] = {
    "blank": {},
    "prints": {"/main.py": PRINTS},
    "loops": {"/main.py": LOOPS},
    "deaf": {"/main.py": DEAF},
    "watched": {"/main.py": WATCHED},
    "loud": {"/boot.py": WATCHED_AND_LOUD},
    "slow": {"/boot.py": SLOW, "/main.py": PRINTS},
    "full": {"/main.py": FILLS},
    "half": half_copied(),
    "hungry": {"/main.py": HUNGRY},
}


# A .mpy that ends too early sends MicroPython's loader round in a circle which no Ctrl-C reaches.
HANGS = {
    "/boot.py": b"import time\ntime.sleep_ms(200)\n",
    "/main.py": b"import cut\n",
    "/cut.mpy": list(slot().values())[3][:500],
}


async def started(fleet: Fleet, kind: str, name: str, profile: str = "esp32") -> VirtualBoard:
    """A board of this kind, at work."""
    return await fleet.up(name, None, profile, files=KINDS[kind])

"""A shop in the middle of a good day: devices, orders, a week before, mails, something to look at."""

import json
import random
import sqlite3
from dataclasses import replace

from server.clock import milliseconds
from server.folds.beats import Beats
from server.rankings.standing import StandingHistory
from server.rights import THIS_MACHINE
from server.watch.cloud_status import CloudStatus
from server.watch.findings import CLOUD_AWAY
from server.web.live.day import begin
from tests.web.shop import Shop

DEVICES = ("till-pier-1", "till-pier-2", "till-market-1", "button-kiosk-1", "sensor-pier-3", "till-station-1")
BUSY = (14, 27, 36, 41, 49, 74, 58, 47, 38, 35, 44, 42, 23)  # orders of the hours from 8 on
HOUR_MS = 3_600_000


async def set_stage(shop: Shop) -> None:
    """Play the day so far."""
    dice = random.Random(7)
    now = milliseconds()
    for name in DEVICES:
        await shop.core.registrar.add(THIS_MACHINE, name)
        if name != "sensor-pier-3":
            shop.core.presence.told(name, b'{"online":true,"boot":3}', now - dice.randrange(90_000))
    shop.core.presence.told("button-kiosk-1", b'{"online":false}', now)
    for back, share in ((7, 0.9), (6, 0.5), (5, 0.55), (4, 0.6), (3, 0.7), (2, 0.8), (1, 0.95), (0, 1.0)):
        start = begin(now, shop.settings.zone, back)
        end = now - 1000 if back == 0 else start + 24 * HOUR_MS
        for hour, count in enumerate(BUSY, 8):
            orders = [_order(dice, start + hour * HOUR_MS) for _ in range(int(count * share))]
            kept = [order for order in orders if order["at"] < end]
            if kept:
                await shop.post(dice.choice(DEVICES), kept)
    await note_places(shop)
    for place in shop.core.folds.top("orders", "all", 10)[3::3]:
        await shop.orders(2, customer=place.key, quantity=1, cents=4_900)
    late = _order(dice, now - 2 * HOUR_MS)
    cancelled = _order(dice, now - 1000) | {"kind": "order.cancelled"}
    await shop.post("till-pier-1", [late, cancelled])
    for _ in range(12):
        await shop.post(dice.choice(DEVICES[:4]), [_order(dice, milliseconds())])
    await shop.database.write(_mails, now)
    shop.cloud.told = CloudStatus(
        "aws", waiting=1204, chunks=9, oldest_at=now - 360_000, last_sent_at=now - 20_000, units_per_s=7.5,
        write_units=20,
    )  # fmt: skip
    shop.findings.tell(CLOUD_AWAY, "No internet since 13:41.")


FLEET = (
    # name, group, label, silent for minutes, battery, signal, outbox waiting and percent, hours missing
    ("till-pier-1", "Pier Street", "Till at the door", 0, None, -52, (0, 0), ()),
    ("till-pier-2", "Pier Street", "", 0, None, -46, (0, 0), ()),
    ("till-market-1", "Market hall", "Fish counter", 0, None, -61, (12, 4), (5, 6)),
    ("button-kiosk-1", "Station kiosk", "", 41, 9, -83, (0, 0), (0,)),
    ("button-kiosk-2", "Station kiosk", "", 0, 64, -62, (0, 0), ()),
    ("sensor-pier-3", "Cold store", "Freezer", 3, 22, -78, (14, 1), ()),
    ("till-station-1", "Station kiosk", "", 0, None, -57, (3120, 81), ()),
    ("reader-market-1", "Market hall", "", 293, None, -71, (0, 0), (0, 1, 2, 3, 4, 13)),
    ("gate-1", "", "", None, None, None, (0, 0), ()),
)


async def set_fleet(shop: Shop) -> None:
    """Devices in every state, with a day of heartbeats."""
    now, presence = milliseconds(), shop.core.presence
    presence.beats = Beats()
    for name, group, label, silent, battery, rssi, (waiting, full), missing in FLEET:
        if name not in DEVICES:
            await shop.core.registrar.add(THIS_MACHINE, name)
        await shop.core.registrar.describe(THIS_MACHINE, name, label, group)
        presence.put(replace(presence.one(name), added_at=now - 40 * 24 * HOUR_MS))
        if silent is None:
            continue
        for minute in range(36 * 60, silent, -1):
            if minute // 60 not in missing and not (
                name == "sensor-pier-3" and minute // 60 < 4 and minute % 2
            ):
                presence.beats.heard(name, now - minute * 60_000)
        facts = {
            "online": True, "boot": 3, "epoch": 7, "uptime_ms": 86_400_000, "firmware": "0.1.0", "reset": "power",
            "heap_free": 59_392, "heap_low": 41_984, "outbox_waiting": waiting, "outbox_full": full,
            "refused": 0, "rssi": rssi, "battery": battery,
        }  # fmt: skip
        presence.told(name, json.dumps(facts).encode(), now - silent * 60_000)
        if silent > 10:
            presence.told(name, b'{"online":false}', now)
    await shop.core.registrar.revoke(THIS_MACHINE, "gate-1")
    await shop.core.registrar.add(THIS_MACHINE, "gate-2")


async def note_places(shop: Shop) -> None:
    """Let everything so far have been so at midnight and an hour ago: what comes next moves rankings."""
    now, kept = milliseconds(), shop.core.standings
    kept.kept = {pair: StandingHistory() for pair in kept.kept}
    midnight = begin(now, shop.settings.zone)
    for moment in (midnight - HOUR_MS, midnight + 1, now - HOUR_MS, now):
        if moment >= midnight or moment < now - HOUR_MS:
            await kept.look(moment, shop.database)


def _order(dice: random.Random, hour: int) -> dict[str, object]:
    items = dice.choice((1, 1, 2, 2, 3, 4, 6, 12))
    customer = f"{int(dice.paretovariate(0.9) * 499) % 23570:05d}"
    return {
        "kind": "order.placed", "customer": customer, "quantity": items,
        "cents": items * dice.randrange(799, 1999), "at": hour + dice.randrange(HOUR_MS),
    }  # fmt: skip


def _mails(connection: sqlite3.Connection, now: int) -> None:
    states = ["sent"] * 128 + ["pending"] * 3 + ["failed"]
    connection.executemany(
        "INSERT INTO mail (rule, key, recipient, state, template, policy, facts, created_at, not_before_at, "
        "changed_at) VALUES ('thanks', ?, 'a@b.example', ?, 'thanks', 'at_most_once', '{}', ?, ?, ?)",
        [(f"k{index}", state, now, now, now) for index, state in enumerate(states)],
    )
    html = "<h1 style='color:#0b6074'>Thank you</h1><p>For your order of 3 items.</p>"
    connection.executemany(
        "INSERT INTO mailbox (mail, recipient, subject, text, html, sent_at) VALUES (1, ?, ?, ?, ?, ?)",
        [
            (
                f"customer-{index}@shop.example",
                subject,
                "Thank you\n\nFor your order.",
                html,
                now - index * 60_000,
            )
            for index, subject in enumerate(["Your tenth order", *["Thank you for your order"] * 11])
        ],
    )

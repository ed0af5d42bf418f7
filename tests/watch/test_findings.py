"""What is wrong is said once, with the time since when, for as long as it is so."""

import asyncio
from dataclasses import dataclass

import pytest
from loguru import logger

from server.watch.findings import (
    CLOUD_AWAY,
    DISK_LOW,
    KINDS,
    LOOK_S,
    MAIL_STUCK,
    STORE_REFUSES,
    Findings,
    stops_intake,
)


@dataclass
class Clock:
    """What a test says that it is, in ms."""

    now: int = 1000

    def __call__(self) -> int:
        return self.now


def test_a_finding_keeps_the_time_when_it_was_first_seen_until_it_is_over() -> None:
    clock, causes = Clock(), ["No internet."]
    findings = Findings(clock)
    findings.watch(CLOUD_AWAY, lambda: causes[0] if causes else None)
    (first,) = findings.all()
    assert (first.id, first.since, first.cause, first.cure) == (
        "cloud-away",
        1000,
        "No internet.",
        CLOUD_AWAY.cure,
    )
    clock.now, causes[0] = 5000, "AccessDenied."
    (later,) = findings.all()
    assert (later.since, later.cause) == (1000, "AccessDenied.")
    causes.clear()
    assert findings.all() == []
    clock.now = 9000
    causes.append("No internet.")
    assert [one.since for one in findings.all()] == [9000]


def test_the_worst_come_first_and_of_these_the_oldest() -> None:
    clock, late = Clock(), list[str]()
    findings = Findings(clock)
    findings.watch(MAIL_STUCK, lambda: "SES refuses.")
    findings.watch(STORE_REFUSES, lambda: "full" if late else None)
    findings.watch(CLOUD_AWAY, lambda: "away" if late else None)
    assert [one.id for one in findings.all()] == ["mail-stuck"] and not stops_intake(findings.all())
    clock.now = 2000
    late.append("now")
    assert [one.id for one in findings.all()] == ["store-refuses", "mail-stuck", "cloud-away"]
    assert stops_intake(findings.all())


def test_of_two_checks_of_one_kind_the_first_that_finds_something_counts() -> None:
    findings = Findings(Clock())
    findings.watch(DISK_LOW, lambda: None)
    findings.watch(DISK_LOW, lambda: "here")
    findings.watch(DISK_LOW, lambda: "there")
    assert [one.cause for one in findings.all()] == ["here"]


def test_every_kind_has_an_id_of_its_own_and_a_cure_that_is_a_sentence() -> None:
    assert len({kind.id for kind in KINDS}) == len(KINDS)
    for kind in KINDS:
        assert kind.cure[0].isupper() and kind.cure.endswith("."), kind


async def test_the_log_is_told_once_when_it_comes_and_once_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server.watch.findings.LOOK_S", LOOK_S / 500)
    lines: list[str] = []
    sink = logger.add(lambda line: lines.append(str(line.record["message"])))
    causes = ["away"]
    findings = Findings(Clock())
    findings.watch(CLOUD_AWAY, lambda: causes[0] if causes else None)
    work = asyncio.create_task(findings.run())
    try:
        while not lines:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        causes.clear()
        while len(lines) < 2:
            await asyncio.sleep(0.001)
    finally:
        logger.remove(sink)
        work.cancel()
        await asyncio.wait([work])
    assert lines == [f"cloud-away: away {CLOUD_AWAY.cure}", "cloud-away: over"]

"""What was refused is counted and shown (U3)."""

import json
import shutil
from collections import Counter

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.async_api import expect

from server.rights import THIS_MACHINE
from server.store.rejects import Reject
from server.watch import refusals
from server.watch.refusals import MAX_REASONS, Refusals, word
from tests.ingest.boards import NOW
from tests.web import flow
from tests.web.flow import Look
from tests.web.shop import Shop
from tests.web.test_devices_page import place

HOSTILE = "<img src=x onerror=alert(1)>"
BAD = [{"kind": "Order"}, {"kind": "a", "at": 5}, {"kind": "a", "x": {}}, HOSTILE, {"kind": "Order"}]


@pytest.fixture
async def refused(shop: Shop) -> list[tuple[str, str]]:
    """(source, reason) of five events of a program and of a device that were refused, in their order."""
    found = []
    await shop.core.registrar.add(THIS_MACHINE, "till-1")
    for source in ("http-web", "till-1"):
        outcome = await shop.post(source, list(BAD))
        found += [(source, reason) for _, reason in outcome.rejected]
    assert len(found) == 2 * len(BAD)
    return found


async def test_the_interface_tells_all_that_was_refused_and_of_one_source(
    shop: Shop, program: aiohttp.ClientSession, refused: list[tuple[str, str]]
) -> None:
    """U3: it was stored with its reason, and nobody could read it."""
    headers = {"Authorization": f"Bearer {await shop.token('read')}"}

    async def rows(query: str) -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        after = ""
        while True:
            async with program.get(f"/api/v1/rejects?limit=3{query}{after}", headers=headers) as answer:
                told = json.loads(await answer.text())
            found += told["rows"]
            if told["next"] is None:
                return found
            after = f"&after={told['next']}"

    assert [(row["source"], row["reason"]) for row in await rows("")] == refused[::-1]
    of_one = [one for one in refused if one[0] == "till-1"]
    assert [(row["source"], row["reason"]) for row in await rows("&source=till-1")] == of_one[::-1]
    assert json.loads(str((await rows("&source=till-1"))[0]["text"])) == {"kind": "Order"}
    assert await rows("&source=nobody") == []


async def test_the_metrics_count_what_was_refused_by_reasons_that_have_no_payload_in_them(
    shop: Shop, program: aiohttp.ClientSession, refused: list[tuple[str, str]]
) -> None:
    text = await (await program.get("/metrics")).text()
    told = {line for line in text.splitlines() if line.startswith("boardwalk_rejected_total{")}
    assert told == {
        f'boardwalk_rejected_total{{reason="{reason}",source_kind="{kind}"}} {count}.0'
        for kind in ("device", "program")
        for reason, count in (("an event is an object with kind", 1), ("at", 1), ("field", 1), ("kind", 2))
    }


@given(st.lists(st.tuples(st.sampled_from(["till-1", "http-web", "x"]), st.integers(0, 90_000)), max_size=40))
def test_a_source_is_told_at_most_once_a_minute_and_what_was_not_told_is_counted(
    steps: list[tuple[str, int]],
) -> None:
    told: list[tuple[object, ...]] = []
    watched, now, at = Refusals(), NOW, Counter[str]()
    last: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(refusals.logger, "warning", lambda *words: told.append(words[1:]))
        for source, step in steps:
            now += step
            watched.saw([Reject(source, None, None, "no JSON (x)", b"", now)])
            at[source] += 1
            if source not in last or now - last[source] >= 60_000:
                last[source] = now
                assert told[-1][0] == source
    shown = Counter(str(words[0]) for words in told)
    untold = Counter[str]()
    for words in told:
        untold[str(words[0])] += int(str(words[2]).split()[0].strip("(")) if words[2] else 0
    for source, count in at.items():
        assert shown[source] + untold[source] <= count
    assert sum(watched.counts.values()) == len(steps)


def test_the_reasons_of_a_hostile_source_cannot_fill_up_the_metrics() -> None:
    watched = Refusals()
    watched.saw(Reject("x", None, None, f"reason {n}", b"", NOW) for n in range(10 * MAX_REASONS))
    assert len(watched.counts) <= MAX_REASONS + 1
    assert watched.counts["device", "other"] == 9 * MAX_REASONS
    assert {word("field a: x"), word("field b: y")} == {"field"}
    assert len(word("x" * 500)) <= 40


@pytest.mark.skipif(shutil.which(flow.CHROMIUM) is None, reason="no chromium on this machine")
@pytest.mark.parametrize("look", [Look("light", 1280), Look("dark", 390)], ids=lambda look: look.name)
async def test_people_see_what_was_refused(shop: Shop, refused: list[tuple[str, str]], look: Look) -> None:
    """U3: the page tells reason, source, payload, count and since when."""
    async with flow.chromium() as browser, flow.visit(browser, look) as visited:
        page = visited.page
        await flow.sign_in(page, await place(shop))
        await page.goto(shop.url + "/rejects")
        await expect(page.locator(".history li")).to_have_count(8)
        first = page.locator(".history li").first
        await expect(first).to_contain_text("Order is no kind")
        await expect(first).to_contain_text("2 times")
        await expect(page.get_by_text(HOSTILE).first).to_be_visible()
        await visited.keep("rejects")
        await page.get_by_role("link", name="till-1").first.click()
        await expect(page.locator(".history li")).to_have_count(4)
        await page.goto(shop.url + "/devices/till-1")
        await page.get_by_role("link", name="5", exact=True).click()
        await expect(page.get_by_role("heading", name="Of till-1")).to_be_visible()
        await page.goto(shop.url + "/rejects?source=nobody")
        await expect(page.get_by_text("Nothing of nobody was refused.")).to_be_visible()
        await visited.keep("rejects-none")
        assert visited.complaints == []

"""The pages Devices: who may do what with which devices, and what is told of it."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from limits import parse

from server.clock import milliseconds
from server.devices.commands import CommandResult, NewCommand
from server.errors import Conflict
from server.rights import THIS_MACHINE, Actor
from server.store import audit
from server.web.access import rate_limit
from tests.web.shop import Client, Shop
from tests.web.stage import set_fleet, set_stage


@pytest.fixture
async def staff(shop: Shop, browser: Client) -> Client:
    """An administrator who is signed in, and a shop full of devices."""
    await set_stage(shop)
    await set_fleet(shop)
    await shop.person()
    assert (await browser.sign_in()).status == 303
    return browser


async def act(staff: Client, path: str, fields: Any) -> str:
    """Post a form; the page that it leads to."""
    answer = await staff.call("POST", path, data=fields)
    assert answer.status == 303, await answer.text()
    return await (await staff.get(answer.headers["Location"])).text()


def fields(*names: str, **more: str) -> list[tuple[str, str]]:
    return [("d", name) for name in names] + list(more.items())


async def rows(staff: Client, query: str = "") -> list[str]:
    """The names in the list, in its order."""
    text = await (await staff.get(f"/devices?{query}")).text()
    return [part.split('"')[0] for part in text.split('name="d" value="')[1:]]


async def test_the_list_shows_what_its_address_says(staff: Client) -> None:
    assert (await rows(staff))[:4] == ["button-kiosk-1", "reader-market-1", "sensor-pier-3", "till-station-1"]
    assert await rows(staff, "show=offline") == ["button-kiosk-1", "reader-market-1"]
    assert await rows(staff, "show=battery") == ["button-kiosk-1"]
    assert await rows(staff, "show=revoked") == ["gate-1"]
    assert await rows(staff, "group=Market+hall&sort=name") == ["reader-market-1", "till-market-1"]
    assert await rows(staff, "text=fish") == ["till-market-1"]
    assert (await rows(staff, "sort=-outbox"))[:2] == ["till-station-1", "sensor-pier-3"]
    assert (await staff.get("/devices?show=some")).status == 422
    assert (await staff.get("/devices?sort=--name")).status == 422
    assert (await staff.get("/devices/nobody")).status == 404


async def test_pages_of_the_list_have_each_device_once(shop: Shop, staff: Client) -> None:
    for number in range(120):
        await shop.core.registrar.add(THIS_MACHINE, f"bulk-{number:03}")
    pages = [await rows(staff, f"sort=name&text=bulk&begin={begin}") for begin in (0, 50, 100)]
    found = [name for page in pages for name in page]
    assert found == [f"bulk-{number:03}" for number in range(120)]
    text = await (await staff.get("/devices?text=bulk&begin=50")).text()
    assert "51 to 100 of 120" in text and "Previous 50" in text and "Next 20" in text
    for beyond in (120, 1 << 62):  # as when some have left since
        assert await rows(staff, f"sort=name&text=bulk&begin={beyond}") == pages[2]
    assert await rows(staff, "text=nobody&begin=50") == []
    assert (await staff.get("/devices?begin=-1")).status == 422


async def test_a_device_is_renamed_moved_and_set_back(shop: Shop, staff: Client) -> None:
    page = await act(staff, "/devices/gate-2", {"act": "describe", "label": " The gate ", "group": "Pier"})
    seen = shop.core.presence.one("gate-2")
    assert (seen.label, seen.group) == ("The gate", "Pier")
    said = page.split('name="said" value="')[1].split('"')[0]
    assert "Undone" in await act(staff, "/devices", {"act": "undo", "said": said, "back": "/devices/gate-2"})
    seen = shop.core.presence.one("gate-2")
    assert (seen.label, seen.group) == ("", "")
    assert "nothing left to undo" in await act(staff, "/devices", {"act": "undo", "said": said})
    answer = await staff.call(
        "POST", "/devices/gate-2", data={"act": "describe", "label": "x" * 65, "group": ""}
    )
    assert answer.status == 422 and "64" in await answer.text()


async def test_all_that_a_filter_shows_is_moved_and_nothing_else(shop: Shop, staff: Client) -> None:
    for number in range(60):
        await shop.core.registrar.add(THIS_MACHINE, f"bulk-{number:03}")
    page = await act(staff, "/devices", fields(act="group", to="Cellar", every="1", text="bulk", show="new"))
    assert "60 devices are in the group Cellar" in page
    moved = [one.name for one in shop.core.presence.all() if one.group == "Cellar"]
    assert moved == [f"bulk-{number:03}" for number in range(60)]
    said = page.split('name="said" value="')[1].split('"')[0]
    await act(staff, "/devices", {"act": "undo", "said": said})
    assert not [one for one in shop.core.presence.all() if one.group == "Cellar"]


async def test_access_is_revoked_by_who_types_what_that_means(shop: Shop, staff: Client) -> None:
    def revoked() -> list[str]:
        return [one.name for one in shop.core.presence.all() if one.revoked_at is not None]

    assert "Nothing was revoked" in await act(staff, "/devices/gate-2", {"act": "revoke", "sure": "gate-1"})
    both = ("till-pier-1", "till-pier-2")
    assert "Nothing was revoked" in await act(
        staff, "/devices", fields(*both, act="revoke", sure="till-pier-1")
    )
    assert revoked() == ["gate-1"]
    assert "gate-2 cannot connect" in await act(staff, "/devices/gate-2", {"act": "revoke", "sure": "gate-2"})
    assert "till-pier-1 and till-pier-2" in await act(
        staff, "/devices", fields(*both, act="revoke", sure="2")
    )
    assert revoked() == ["gate-1", "gate-2", *both]
    told = [(one.action, one.detail) for one in await shop.database.read(audit.page, None, 3)]
    assert ("device revoked", "till-pier-2") in told


async def test_too_many_forms_are_told_when_to_come_back(
    staff: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limit, "PER_CALLER", parse("3 per minute"))
    form = {"act": "describe", "label": "", "group": ""}
    told = [await staff.call("POST", "/devices/gate-2", data=form) for _ in range(4)]
    assert [answer.status for answer in told] == [303, 303, 303, 429]
    assert 0 < int(told[3].headers["Retry-After"]) <= 60


async def test_nothing_is_done_without_a_device_an_act_or_the_right(shop: Shop, staff: Client) -> None:
    assert "No device was selected" in await act(staff, "/devices", fields(act="group", to="x"))
    assert (await staff.call("POST", "/devices", data=fields("nobody", act="group"))).status == 404
    assert (await staff.call("POST", "/devices", data=fields("gate-2", act="fly"))).status == 422
    forged = {"Origin": "http://evil.example"}
    answer = await staff.call(
        "POST", "/devices/gate-2", data={"act": "revoke", "sure": "gate-2"}, headers=forged
    )
    assert answer.status == 403
    await shop.person("viewer", "viewer@shop.example")
    await staff.call("POST", "/sign-out")
    await staff.sign_in(email="viewer@shop.example")
    for form in ("describe", "group", "identify", "restart", "log", "revoke", "undo"):
        assert (await staff.call("POST", "/devices/gate-2", data={"act": form})).status == 403
    page = await (await staff.get("/devices")).text()
    assert "data-bulk" not in page and "Restart" not in page
    await shop.person("operator", "operator@shop.example")
    await staff.call("POST", "/sign-out")
    await staff.sign_in(email="operator@shop.example")
    assert (await staff.call("POST", "/devices/gate-2", data={"act": "describe"})).status == 303
    assert (await staff.call("POST", "/devices/gate-2", data={"act": "revoke"})).status == 403
    assert shop.core.presence.one("gate-2").revoked_at is None


@dataclass
class Boards:
    """Commands as boards would answer them: `gone` are offline, `mute` say nothing."""

    gone: tuple[str, ...] = ()
    mute: tuple[str, ...] = ()
    sent: list[tuple[str, str]] = field(default_factory=list)

    async def send(self, actor: Actor, device: str, wanted: NewCommand) -> CommandResult:
        command = wanted.command
        if device in self.gone:
            raise Conflict(f"{device} is offline.")
        self.sent.append((device, command))
        if device in self.mute:
            return CommandResult("1", device, command, "unanswered", text=f"{device} did not answer.")
        if command != "log":
            return CommandResult("1", device, command, "done", {})
        kept = [
            [7000, "info", "link: up <b>"],
            [8100, "warning", "link: down"],
            [9000, "info", "link: up again"],
        ]
        if device == "till-market-1":
            return CommandResult("1", device, command, "done", {"lines": "none"})
        after = wanted.arguments["after"]  # two lines fit into an answer
        return CommandResult(
            "1",
            device,
            command,
            "done",
            {"boot": 1, "first": after + 1, "last": 3, "lines": kept[after : after + 2]},
        )


async def test_trouble_and_safe_mode_are_told_and_need_a_look(shop: Shop, staff: Client) -> None:
    told = {
        "online": True, "uptime_ms": 600_000, "mode": "safe", "trouble": "no-wifi", "trouble_ms": 150_000,
        "trouble_end_ms": 480_000,
    }  # fmt: skip
    shop.core.presence.told("till-pier-2", json.dumps(told).encode(), milliseconds())
    assert "till-pier-2" in await rows(staff, "show=look")
    assert "safe mode" in await (await staff.get("/devices?text=till-pier-2")).text()
    page = await (await staff.get("/devices/till-pier-2")).text()
    assert "no Wi-Fi for 2 min, until 2 min ago" in page and "without program and inputs" in page


async def test_commands_go_to_every_device_that_was_picked(shop: Shop, staff: Client) -> None:
    boards = shop.commands = Boards(gone=("button-kiosk-1",), mute=("till-pier-2",))
    page = await act(staff, "/devices/till-pier-1?act=identify", fields("till-pier-2", show="here"))
    assert boards.sent == [("till-pier-1", "identify")] and "till-pier-1 can be found" in page
    boards.sent.clear()
    picked = ("till-pier-1", "till-pier-2", "button-kiosk-1")
    page = await act(staff, "/devices", fields(*picked, act="restart"))
    assert sorted(boards.sent) == [("till-pier-1", "restart"), ("till-pier-2", "restart")]
    assert "till-pier-1 will be back" in page and "2 did not" in page
    assert "button-kiosk-1 is offline." in page and "<br>till-pier-2 did not answer." in page
    assert "is offline" in await act(staff, "/devices/button-kiosk-1", {"act": "log"})
    page = await act(staff, "/devices/till-pier-1", {"act": "log"})
    assert "7.0 s  info     link: up &lt;b&gt;" in page and "link: up again" in page
    assert "something else than lines" in await act(staff, "/devices/till-market-1", {"act": "log"})
    gone = [f"bulk-{number:03}" for number in range(60)]
    for name in gone:
        await shop.core.registrar.add(THIS_MACHINE, name)
    shop.commands = Boards(gone=tuple(gone))
    page = await act(staff, "/devices", fields(*gone, act="identify"))
    assert "None of 60 devices did it." in page and "bulk-019 is offline.<br>And 40 more." in page


@pytest.mark.parametrize(
    "facts",
    [
        b'{"online":true,"heap_low":"little","heap_free":"much"}',
        b'{"online":true,"refused":"many","boot":"three","rssi":"strong","battery":"full"}',
        b'{"online":true,"firmware":17,"reset":3.5,"uptime_ms":"long","outbox_waiting":"none"}',
        b'{"online":true,"battery":1e308,"rssi":NaN,"boot":-1.5,"heap_free":-9e15,"outbox_full":9e15}',
    ],
)
async def test_whatever_a_board_tells_its_pages_are_shown(shop: Shop, staff: Client, facts: bytes) -> None:
    shop.core.presence.told("gate-2", facts, 0)
    for path in ("/devices", "/devices/gate-2", "/devices?sort=battery", "/devices?sort=-firmware", "/"):
        assert (await staff.get(path)).status == 200, path


@pytest.mark.parametrize(
    "back", ["//evil.example/devices", "/devices@evil.example", "/devices\r\nX: y", "/devices\x00"]
)
async def test_the_way_back_is_one_of_these_pages(staff: Client, back: str) -> None:
    answer = await staff.call("POST", "/devices", data={"act": "undo", "said": "x", "back": back})
    assert (answer.status, answer.headers["Location"].partition("said=")[0]) == (303, "/devices?&")


async def test_what_somebody_else_has_changed_since_is_not_undone(shop: Shop, staff: Client) -> None:
    page = await act(staff, "/devices", fields("till-pier-1", "till-pier-2", act="group", to="Cellar"))
    await shop.core.registrar.describe(THIS_MACHINE, "till-pier-2", group="Attic")
    said = page.partition('name="said" value="')[2].partition('"')[0]
    told = await act(staff, "/devices", {"act": "undo", "said": said})
    assert "Changed by somebody else since, and not undone: till-pier-2." in told
    groups = [shop.core.presence.one(name).group for name in ("till-pier-1", "till-pier-2")]
    assert groups == ["Pier Street", "Attic"]


async def test_an_undo_that_changes_nothing_is_no_act(shop: Shop, staff: Client) -> None:
    page = await act(staff, "/devices/gate-2", {"act": "describe", "label": "The gate", "group": "Pier"})
    await shop.core.registrar.describe(THIS_MACHINE, "gate-2", "Second gate", "Attic")
    said = page.partition('name="said" value="')[2].partition('"')[0]
    before = len(await shop.database.read(audit.page, None, 100))
    told = await act(staff, "/devices", {"act": "undo", "said": said})
    assert "not undone: gate-2." in told
    assert len(await shop.database.read(audit.page, None, 100)) == before


async def test_undoing_a_move_leaves_a_name_that_somebody_gave_since(shop: Shop, staff: Client) -> None:
    page = await act(staff, "/devices", fields("till-pier-2", act="group", to="Cellar"))
    await shop.core.registrar.describe(THIS_MACHINE, "till-pier-2", "Second till")
    said = page.partition('name="said" value="')[2].partition('"')[0]
    assert "Undone" in await act(staff, "/devices", {"act": "undo", "said": said})
    seen = shop.core.presence.one("till-pier-2")
    assert (seen.label, seen.group) == ("Second till", "Pier Street")

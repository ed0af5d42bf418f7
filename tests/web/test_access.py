"""Nobody gets in beside the door, and nobody else's page acts for who is in."""

import re
from pathlib import Path

import aiohttp
import pytest

from server.web.api.openapi import ENDPOINTS
from tests.web.shop import Client, Shop

OPEN = {
    "/sign-in",
    "/welcome/{token}",
    "/static",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/openapi.json",
    "/problems/{name}",
}


async def test_every_other_address_is_closed_to_strangers(shop: Shop, program: aiohttp.ClientSession) -> None:
    found = []
    for route in shop.app.router.routes():
        assert route.resource is not None
        path = route.resource.canonical
        if path in OPEN or path == "/sign-out":
            continue
        sample = re.sub(r"{\w+}", "1", path)
        async with program.request(route.method, sample, allow_redirects=False) as answer:
            found.append((route.method, path, answer.status))
    assert len(found) > 20
    assert [one for one in found if one[2] != 401] == []


@pytest.mark.parametrize(
    "method, path", [(one.method, one.path) for one in ENDPOINTS if one.scope == "admin"]
)
async def test_what_is_for_administrators_is_refused_to_a_viewer(
    shop: Shop, browser: Client, method: str, path: str
) -> None:
    await shop.person("viewer")
    await browser.sign_in()
    answer = await browser.call(method, path.replace("{name}", "x").replace("{email}", "y@z.example"))
    assert answer.status == 403


async def test_a_token_can_do_what_its_scopes_say_and_no_more(
    shop: Shop, program: aiohttp.ClientSession
) -> None:
    for scopes, expected in (
        (["ingest"], (200, 403, 403)),
        (["read"], (403, 200, 403)),
        (["admin"], (200,) * 3),
    ):
        auth = {"Authorization": f"Bearer {await shop.token(*scopes)}"}
        body = {"kind": "button.pressed"}
        statuses = [
            (await program.post("/api/v1/events", json=body, headers=auth)).status,
            (await program.get("/api/v1/events", headers=auth)).status,
            (await program.get("/api/v1/tokens", headers=auth)).status,
        ]
        assert tuple(statuses) == expected, scopes


async def test_a_revoked_token_is_worth_nothing(shop: Shop, program: aiohttp.ClientSession) -> None:
    admin = {"Authorization": f"Bearer {await shop.token('admin')}"}
    auth = {"Authorization": f"Bearer {await shop.token('read', name='screen')}"}
    assert (await program.get("/api/v1/sync", headers=auth)).status == 200
    assert (await program.delete("/api/v1/tokens/screen", headers=admin)).status == 204
    assert (await program.get("/api/v1/sync", headers=auth)).status == 401


async def test_the_store_keeps_no_token_and_no_password(shop: Shop, tmp_path: Path) -> None:
    await shop.person()
    token = await shop.token("read")
    kept = _bytes(tmp_path)
    assert token.encode() not in kept
    assert b"gulls at seven" not in kept
    assert b"$argon2id$v=19$m=19456,t=2,p=1$" in kept


@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
])  # fmt: skip
async def test_another_sites_page_cannot_act_with_our_cookie(
    shop: Shop, browser: Client, headers: dict[str, str]
) -> None:
    await shop.person()
    await browser.sign_in()
    body = {"name": "till-1"}
    assert (await browser.call("POST", "/api/v1/devices", json=body, headers=headers)).status == 403
    assert (await browser.call("POST", "/sign-out", headers=headers)).status == 403
    assert (await browser.call("POST", "/api/v1/devices", json=body)).status == 201


async def test_a_cookie_without_any_origin_changes_nothing(shop: Shop, browser: Client) -> None:
    await shop.person()
    await browser.sign_in()
    async with browser.session.post(shop.url + "/api/v1/devices", json={"name": "till-1"}) as answer:
        assert answer.status == 403


async def test_the_socket_makes_an_administrator_and_no_header_does(
    shop: Shop, program: aiohttp.ClientSession, tmp_path: Path
) -> None:
    connector = aiohttp.UnixConnector(str(tmp_path / "boardwalk.sock"))
    async with aiohttp.ClientSession(connector=connector) as client:
        answer = await client.post("http://edge/api/v1/devices", json={"name": "till-1"})
        assert (answer.status, sorted(await answer.json())) == (201, ["device", "secret", "username"])
        invited = await client.post("http://edge/api/v1/users", json={"email": "bob@shop.example"})
        assert (await invited.json())["link"].startswith("http://127.0.0.1:8080/welcome/")
    forged = {"Host": "edge", "X-Forwarded-For": "", "Forwarded": "for=unix"}
    assert (await program.get("/api/v1/devices", headers=forged)).status == 401


async def test_scripts_of_other_origins_are_kept_out_unless_the_settings_name_them(
    shop: Shop, program: aiohttp.ClientSession
) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    answer = await program.options("/api/v1/events", headers=asked)
    assert "Access-Control-Allow-Origin" not in answer.headers


async def test_every_answer_tells_browsers_to_load_nothing_from_elsewhere(
    shop: Shop, program: aiohttp.ClientSession
) -> None:
    for path in ("/sign-in", "/healthz", "/api/v1/sync", "/nowhere", "/static/boardwalk.js"):
        headers = (await program.get(path)).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert len(headers["X-Request-ID"]) == 16


async def test_what_administrators_do_is_written_down(shop: Shop, browser: Client) -> None:
    await shop.person()
    await browser.sign_in("guess")
    await browser.sign_in()
    await browser.call("POST", "/api/v1/tokens", json={"name": "web-shop", "scopes": ["ingest"]})
    rows = (await (await browser.get("/api/v1/audit")).json())["rows"]
    assert [(row["actor"], row["action"], row["detail"]) for row in rows[::-1]] == [
        ("ada@shop.example", "sign-in refused", ""),
        ("ada@shop.example", "signed in", ""),
        ("ada@shop.example", "token added", "web-shop (ingest)"),
    ]


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("boardwalk.db*"))

"""The HTTP interface for programs."""

import base64
import hashlib
import json
from typing import Any

import aiohttp
import msgspec
import pytest
from openapi_spec_validator import validate

from server.clock import milliseconds
from server.store import devices
from server.watch.findings import CLOUD_AWAY, MAIL_STUCK, STORE_REFUSES
from server.web.api import parameters
from server.web.api.endpoint import Endpoint
from server.web.api.openapi import ENDPOINTS, document
from server.web.ops.metrics import METRICS
from server.web.problems import KINDS
from tests.patience import patience
from tests.web.shop import Shop


@pytest.fixture
async def auth(shop: Shop) -> dict[str, str]:
    return {"Authorization": f"Bearer {await shop.token('admin', name='web-shop')}"}


async def test_events_are_posted_counted_once_and_read_back(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    order = {"kind": "order.placed", "id": "A-1", "customer": "14048", "cents": 3845}
    first = await program.post("/api/v1/events", json=[order, {"kind": 7}], headers=auth)
    told = await first.json()
    assert (told["accepted"], told["duplicate"], [one["index"] for one in told["rejected"]]) == (1, 0, [1])
    again = await program.post("/api/v1/events", json=order, headers=auth)
    assert (await again.json()) == {"accepted": 0, "duplicate": 1, "rejected": []}
    page = await (await program.get("/api/v1/events?kind=order.placed", headers=auth)).json()
    row = page["rows"][0]
    assert (row["device"], row["customer"], row["fields"]["cents"]) == ("http-web-shop", "14048", 3845)
    assert page["next"] is None


async def test_lists_are_paged_by_cursor(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(5)
    found: list[int] = []
    after: int | None = 0
    while after is not None:
        path = f"/api/v1/events?after={after}&limit=2&device="
        page = await (await program.get(path, headers=auth)).json()
        found += [row["id"] for row in page["rows"]]
        after = page["next"]
    assert found == [1, 2, 3, 4, 5]
    newest = await (await program.get("/api/v1/events?newest=true&limit=2", headers=auth)).json()
    assert [row["id"] for row in newest["rows"]] == [5, 4]


async def test_rankings_tell_the_best_and_the_place_of_one(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(3, customer="14048")
    await shop.orders(2, customer="07592")
    top = await (await program.get("/api/v1/rankings/orders?window=all&k=10", headers=auth)).json()
    assert top["rows"] == [
        {"rank": 1, "key": "14048", "score": 3}, {"rank": 2, "key": "07592", "score": 2},
    ]  # fmt: skip
    one = await (await program.get("/api/v1/rankings/orders/07592", headers=auth)).json()
    assert (one["rank"], one["score"], one["window"]) == (2, 2, "all")
    for path in (
        "/api/v1/rankings/orders/nobody",
        "/api/v1/rankings/no",
        "/api/v1/rankings/orders?window=9d",
    ):
        assert (await program.get(path, headers=auth)).status == 404


async def test_a_key_that_no_path_can_name_is_asked_for_by_a_parameter(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(3, customer="14048")
    await shop.orders(2, customer="..")
    path = "/api/v1/rankings/orders"
    one = await (await program.get(path, params={"key": "..", "k": "1"}, headers=auth)).json()
    assert (one["rows"], one["size"]) == ([{"rank": 2, "key": "..", "score": 2}], 2)
    nobody = await program.get(path, params={"key": "nobody"}, headers=auth)
    assert (nobody.status, (await nobody.json())["rows"]) == (200, [])


async def test_devices_are_added_once_listed_and_revoked(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    path = "/api/v1/devices"
    assert (await program.post(path, json={"name": "till-1"}, headers=auth)).status == 201
    assert (await program.post(path, json={"name": "till-1"}, headers=auth)).status == 409
    assert (await program.post(path, json={"name": "Till 1"}, headers=auth)).status == 422
    rows = (await (await program.get(path, headers=auth)).json())["rows"]
    assert [(row["name"], row["online"]) for row in rows] == [("till-1", False)]
    assert (await program.delete(path + "/till-1", headers=auth)).status == 204
    assert (await program.delete(path + "/till-1", headers=auth)).status == 404


async def test_a_device_gets_a_new_secret_and_a_stranger_none(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    path = "/api/v1/devices"
    first = await (await program.post(path, json={"name": "till-1"}, headers=auth)).json()
    answer = await program.post(path + "/till-1/credentials", headers=auth)
    second = await answer.json()
    assert answer.status == 200 and second["secret"] != first["secret"]
    assert {**second, "secret": ""} == {**first, "secret": ""}
    (known,) = await shop.core.database.read(devices.credentials)
    assert (
        known[0] == "till-1"
        and matches(second["secret"], known[1])
        and not matches(first["secret"], known[1])
    )
    acts = (await (await program.get("/api/v1/audit", headers=auth)).json())["rows"]
    assert acts[0]["action"] == "device credentials renewed" and acts[0]["detail"] == "till-1"
    assert (await program.post(path + "/till-2/credentials", headers=auth)).status == 404
    await program.delete(path + "/till-1", headers=auth)
    assert (await program.post(path + "/till-1/credentials", headers=auth)).status == 404


def matches(secret: str, known: str) -> bool:
    """Whether a hash of the register is that of this secret."""
    _, _, rounds, salt, digest = known.split("$")
    found = hashlib.pbkdf2_hmac("sha512", secret.encode(), base64.b64decode(salt), int(rounds), 64)
    return base64.b64encode(found).decode() == digest


async def test_a_site_tells_boards_its_name_its_time_and_its_broker(
    program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    told = await (await program.get("/api/v1/site", headers=auth)).json()
    assert abs(told.pop("now") - milliseconds()) < 60_000
    assert told == {"site": "shop", "mqtt": {"host": "127.0.0.1", "port": 1883, "tls": False}}


async def test_users_are_invited_again_with_the_same_role_only(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    path, bob = "/api/v1/users", {"email": "Bob@shop.example", "role": "viewer"}
    first = await (await program.post(path, json=bob, headers=auth)).json()
    second = await (await program.post(path, json=bob, headers=auth)).json()
    assert first["link"] != second["link"]
    assert (await program.post(path, json=bob | {"role": "admin"}, headers=auth)).status == 409
    rows = (await (await program.get(path, headers=auth)).json())["rows"]
    assert [(row["email"], row["role"], row["invited"]) for row in rows] == [
        ("bob@shop.example", "viewer", True)
    ]
    assert (await program.delete(path + "/bob@shop.example", headers=auth)).status == 204


async def test_customers_mails_and_sync_answer(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(1)
    customers = await (await program.get("/api/v1/customers", headers=auth)).json()
    assert [row["name"] for row in customers["rows"]] == ["14048"]
    mails = await (await program.get("/api/v1/mails?limit=1", headers=auth)).json()
    assert (mails["rows"], mails["next"], mails["counts"]["sent"]) == ([], None, 0)
    assert (await (await program.get("/api/v1/sync", headers=auth)).json())["mode"] == "off"


async def test_a_table_for_spreadsheets_holds_no_formula(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    await shop.orders(1, customer="=cmd|' /C calc'!A0")
    answer = await program.get("/api/v1/customers?format=csv", headers=auth)
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    lines = (await answer.text("utf-8-sig")).splitlines()
    assert lines[0] == "id,name,email,first_at,first_at_local"
    assert lines[1].startswith("1,'=cmd|")


@pytest.mark.parametrize("sent, status, name", [
    ({"data": b"{", "headers": {"Content-Type": "application/json"}}, 422, "bad-input"),
    ({"data": b"[" * 100_000, "headers": {"Content-Type": "application/json"}}, 422, "bad-input"),
    ({"data": b"{}", "headers": {"Content-Type": "text/plain"}}, 415, "media-type"),
    ({"data": b" " * 1_048_577, "headers": {"Content-Type": "application/json"}}, 413, "too-large"),
])  # fmt: skip
async def test_what_cannot_be_taken_is_told_as_a_problem(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str],
    sent: dict[str, Any], status: int, name: str,
) -> None:  # fmt: skip
    answer = await program.post("/api/v1/events", data=sent["data"], headers=auth | sent["headers"])
    told = json.loads(await answer.text())
    assert (answer.status, told["status"], told["type"]) == (status, status, f"/problems/{name}")
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert told["request_id"] == answer.headers["X-Request-ID"]


@pytest.mark.parametrize(("address", "field", "detail"), [
    ("events?limit=0", "limit", "limit is a whole number from 1 to 1000."),
    ("events?limit=1001", "limit", "limit is a whole number from 1 to 1000."),
    ("events?after=x", "after", f"after is a whole number from 0 to {(1 << 63) - 1}."),
    (f"events?after={1 << 70}", "after", f"after is a whole number from 0 to {(1 << 63) - 1}."),
    ("events?since=2026-11-23", "since", f"since is a whole number from 0 to {(1 << 63) - 1}, in ms since 1970 UTC."),
    ("events?newest=yes", "newest", "newest is true or false."),
    ("events?text=" + "x" * 101, "text", "text is a text of 1 to 100 characters."),
    ("events?dvice=a", "dvice", "dvice is no parameter; there are: device, kind, customer, since, until, text, newest, after, format, limit."),
    ("events?device=a&device=b", "device", "device is there twice; give it once."),
    ("events.csv?limit=0", "limit", f"limit is a whole number from 1 to {(1 << 63) - 1}."),
    ("rankings/orders?against=week", "against", "against is one of: day, hour."),
    ("rankings/orders?against=`$.x`", "against", "against is one of: day, hour."),
    ("rankings/orders?scope=all", "scope", "scope is one of: all-sites, site."),
    ("rankings/orders?limit=5", "limit", "limit is no parameter; there are: format, window, k, key, against, scope."),
    ("customers/14048?x=1", "x", "x is no parameter; there are none here."),
    ("totals?by=week", "by", "by is one of: day, hour."),
])  # fmt: skip
async def test_a_wrong_parameter_is_told_by_its_name_and_with_what_it_may_be(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], address: str, field: str, detail: str
) -> None:
    answer = await program.get(f"/api/v1/{address}", headers=auth)
    told = json.loads(await answer.text())
    assert (answer.status, told["type"]) == (422, "/problems/bad-input")
    assert (told["field"], told["detail"]) == (field, detail)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda one: f"{one.method} {one.path}")
def test_every_parameter_can_be_told_in_words(endpoint: Endpoint) -> None:
    assert set(parameters.means(endpoint.query)) == set(endpoint.query.__struct_fields__)


async def test_an_unknown_address_and_a_wrong_method_are_problems_too(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]
) -> None:
    missing = await program.get("/api/v1/nothing", headers=auth)
    assert json.loads(await missing.text())["type"] == "/problems/not-found"
    wrong = await program.patch("/api/v1/events", headers=auth)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "GET,POST")


@pytest.mark.parametrize("name", KINDS)
async def test_the_type_of_a_problem_can_be_opened(
    shop: Shop, program: aiohttp.ClientSession, name: str
) -> None:
    answer = await program.get(f"/problems/{name}")
    assert (answer.status, KINDS[name].title in await answer.text()) == (200, True)


async def test_a_fault_of_ours_tells_its_number_and_nothing_else(
    shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> dict[str, Any]:
        raise RuntimeError("the secret is 1234")

    monkeypatch.setattr(shop.cloud, "status", broken)
    answer = await program.get("/api/v1/sync", headers=auth)
    text = await answer.text()
    assert (answer.status, json.loads(text)["type"]) == (500, "/problems/internal")
    assert "1234" not in text
    assert answer.headers["X-Request-ID"] in text


async def test_a_full_disk_is_told(shop: Shop, program: aiohttp.ClientSession, auth: dict[str, str]) -> None:
    shop.consumer.full = "The disk refuses to store; make room."
    answer = await program.post("/api/v1/events", json={"kind": "order.placed"}, headers=auth)
    assert (answer.status, json.loads(await answer.text())["type"]) == (507, "/problems/store-full")


def test_the_openapi_document_is_valid() -> None:
    built = msgspec.json.decode(msgspec.json.encode(document()))
    validate(built)


async def test_the_openapi_document_names_every_route_of_the_interface(shop: Shop) -> None:
    documented = {(method.upper(), path) for path, of in document()["paths"].items() for method in of}
    served = {
        (route.method, route.resource.canonical)
        for route in shop.app.router.routes()
        if route.resource and route.resource.canonical.startswith("/api/v1/")
    }
    assert documented == served


async def test_readyz_names_what_is_wrong_to_everybody_and_explains_it_to_who_may_read(
    shop: Shop, program: aiohttp.ClientSession
) -> None:
    """A9: who does not sign in learns ids, no account, no table, no address of a broker."""
    assert (await program.get("/healthz")).status == 200
    shop.findings.tell(CLOUD_AWAY, "DynamoDB, table secret-table of account 1234: AccessDenied")
    answer = await program.get("/readyz")
    assert answer.status == 200
    assert await answer.json() == {"ready": True, "findings": ["cloud-away"]}
    reader = {"Authorization": f"Bearer {await shop.token('read')}"}
    (detail,) = (await (await program.get("/readyz", headers=reader)).json())["details"]
    assert "secret-table" in detail["cause"] and detail["cure"] == CLOUD_AWAY.cure
    poster = {"Authorization": f"Bearer {await shop.token('ingest', name='poster')}"}
    assert "details" not in await (await program.get("/readyz", headers=poster)).json()
    shop.findings.tell(STORE_REFUSES, "The disk is full.")
    answer = await program.get("/readyz")
    assert answer.status == 503
    assert await answer.json() == {"ready": False, "findings": ["cloud-away", "store-refuses"]}


async def test_findings_are_told_whole_to_who_may_read(shop: Shop, program: aiohttp.ClientSession) -> None:
    auth = {"Authorization": f"Bearer {await shop.token('read')}"}
    assert (await (await program.get("/api/v1/findings", headers=auth)).json())["rows"] == []
    shop.findings.tell(MAIL_STUCK, "SES refuses.")
    (row,) = (await (await program.get("/api/v1/findings", headers=auth)).json())["rows"]
    assert row == {
        "id": "mail-stuck", "weight": "warning", "since": 1, "cause": "SES refuses.", "cure": MAIL_STUCK.cure,
        "source": "mail", "link": "",
    }  # fmt: skip
    assert (await program.get("/api/v1/findings")).status == 401


async def test_a_caller_that_left_is_no_error_of_the_server(
    shop: Shop, program: aiohttp.ClientSession
) -> None:
    """U17: closed tabs counted as status 500."""
    token = await shop.token("read")
    headers = {"Authorization": f"Bearer {token}"}
    answers = [await program.get("/api/v1/live", headers=headers) for _ in range(3)]
    for answer in answers:
        answer.close()
    line = 'boardwalk_http_requests_total{method="GET",route="/api/v1/live",status="499"} 3.0'
    async with patience():
        while line not in (text := await (await program.get("/metrics")).text()).splitlines():
            await shop.orders(1)  # a stream sees that its client has left when it writes
    assert 'status="500"' not in text


async def test_metrics_count_what_happens(shop: Shop, program: aiohttp.ClientSession) -> None:
    await shop.orders(3)
    shop.findings.tell(MAIL_STUCK, "SES refuses.")
    await program.get("/nowhere")
    text = await (await program.get("/metrics")).text()
    for line in (
        "boardwalk_events_committed_total 3.0", "boardwalk_orders_total 3.0",
        'boardwalk_finding{id="mail-stuck"} 1.0', 'boardwalk_finding{id="store-refuses"} 0.0',
        'boardwalk_mails{state="sent"} 0.0',
        'boardwalk_http_requests_total{method="GET",route="none",status="404"} 1.0',
    ):  # fmt: skip
        assert line in text.splitlines()
    exported = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    assert exported == {name for name, _, _ in METRICS}
    away = await program.get("/metrics", headers={"X-Forwarded-For": "203.0.113.9"})
    assert away.status == 401

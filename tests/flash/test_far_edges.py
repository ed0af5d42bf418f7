"""An edge on another machine that is none, or does not answer as one, is one sentence."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web

from server.errors import BoardwalkError
from tools import edge_client
from tools.flash.edge import edge_at, machine

ANSWERS: dict[str, tuple[int, bytes, str]] = {
    "an error of a proxy": (
        502,
        b"<html>Bad Gateway",
        "answers, but not as an edge does (status 502); check",
    ),
    "a page": (200, b"<html>Hello", "answers, but not as an edge does (status 200); check the address"),
    "bytes": (200, b"\xff\xfe", "answers, but not as an edge does (status 200); check the address"),
    "another interface": (200, b"{}", "is no edge; check the address"),
    "a list": (200, b"[1]", "is no edge; check the address"),
    "nothing": (204, b"", "is no edge; check the address"),
    "an error in words": (500, json.dumps({"detail": "It is broken."}).encode(), "It is broken."),
    "an error in a list": (500, b"[]", "The edge refuses, 500."),
    "no token": (
        401,
        b"{}",
        "does not take this token; boardwalk token add NAME --scope admin makes one there",
    ),
}


@pytest_asyncio.fixture
async def far() -> AsyncIterator[str]:
    """The address of a server that answers as the path says; `mute` never does."""

    async def answer(request: web.Request) -> web.Response:
        if request.match_info["kind"] == "mute":
            await asyncio.Event().wait()
        status, body, _ = ANSWERS[request.match_info["kind"]]
        return web.Response(status=status, body=body)

    app = web.Application()
    app.router.add_get("/{kind}/api/v1/site", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def told(url: str) -> str:
    """The sentence about it."""
    with pytest.raises(BoardwalkError) as refused:
        await asyncio.to_thread(edge_at(url, "token").site)
    return refused.value.sentence


@pytest.mark.parametrize("kind", ANSWERS)
async def test_what_answers_but_is_no_edge_is_told(far: str, kind: str) -> None:
    assert ANSWERS[kind][2] in await told(f"{far}/{kind}")


async def test_an_edge_that_never_answers_is_given_up(far: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edge_client, "ANSWER_S", 0.2)
    url = f"{far}/mute"
    assert await told(url) == f"No edge answers at {url} (no answer); check the address."


@pytest.mark.parametrize(
    "url",
    ["", "edge", "ftp://edge", "http://", "http://[::1", "http://edge:99999", "http://edge:x", "http://a b"],
)
def test_what_is_no_address_is_told_without_asking_it(url: str) -> None:
    with pytest.raises(BoardwalkError, match=r"--edge is an address as https://edge\.example:8080"):
        machine(url)


@pytest.mark.parametrize(
    "url, host", [("http://edge:8080/", "edge"), ("https://[fd00::1]", "fd00::1"), ("http://kasse.müller.example", "kasse.müller.example")]
)  # fmt: skip
def test_the_host_of_an_address_is_found(url: str, host: str) -> None:
    assert machine(url) == host

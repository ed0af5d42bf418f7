"""A program that repeats its post until there is an answer, while the edge is killed again and again."""

import asyncio
import json
from pathlib import Path

import aiohttp
import pytest

from tests.edge_process import EdgeProcess, edge_process

POSTS = 60


async def until_answered(edge: EdgeProcess, token: str, number: int) -> bytes:
    """The answer to a post of two events and a bad one, under a key of its own."""
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": f"k-{number}"}
    batch = [{"kind": "order.placed", "customer": f"c{number}", "cents": 5}] * 2 + [{"kind": ""}]
    while True:
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.post(f"{edge.url}/api/v1/events", json=batch, headers=headers) as answer,
            ):
                assert answer.status == 200, await answer.text()
                return await answer.read()
        except aiohttp.ClientError:
            await asyncio.sleep(0.02)


@pytest.mark.slow
async def test_each_post_under_a_key_counts_once_and_is_answered_alike_over_kills(tmp_path: Path) -> None:
    async with edge_process(tmp_path) as edge:
        token = (await edge.ask("POST", "/api/v1/tokens", {"name": "shop", "scopes": ["ingest"]}))["token"]
        first: list[bytes] = []
        for _ in range(3):
            begun = len(first)
            posting = [
                asyncio.create_task(until_answered(edge, token, begun + number))
                for number in range(POSTS // 3)
            ]
            await asyncio.wait(posting, return_when=asyncio.FIRST_COMPLETED)
            await edge.kill()
            await edge.start()
            first += await asyncio.gather(*posting)
        again = await asyncio.gather(*(until_answered(edge, token, number) for number in range(POSTS)))
        assert again == first
        assert {json.loads(one)["accepted"] for one in first} == {2}
        rows = (await edge.ask("GET", "/api/v1/events?device=http-shop&limit=1000"))["rows"]
        customers = [row["customer"] for row in rows]
        assert sorted(customers) == sorted([f"c{number}" for number in range(POSTS)] * 2)

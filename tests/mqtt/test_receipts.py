"""A receipt belongs to the connection that brought the message; receipts go out together and in order."""

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.mqtt.receipts import Receipts


@pytest.fixture
def sent() -> Iterator[list[list[int]]]:
    yield []


async def test_a_message_of_an_earlier_connection_is_not_acknowledged_on_the_next(
    sent: list[list[int]],
) -> None:
    """Its packet id may be another message's there, which is not committed yet."""
    receipts = Receipts(sent.append, asyncio.get_running_loop())
    first, second, third = receipts.owe(1), receipts.owe(2), receipts.owe(3)
    first()
    await asyncio.sleep(0)
    second()
    receipts.end()
    third()
    await asyncio.sleep(0)
    assert sent == [[1]]


async def test_receipts_of_a_commit_go_out_together(sent: list[list[int]]) -> None:
    receipts = Receipts(sent.append, asyncio.get_running_loop())
    for acknowledge in [receipts.owe(packet_id) for packet_id in (7, 3, 5)]:
        acknowledge()
    await asyncio.sleep(0)
    assert sent == [[7, 3, 5]]


@given(st.permutations(range(1, 9)), st.lists(st.integers(0, 7)))
def test_receipts_keep_the_order_of_arrival_whatever_is_committed_first(
    order: list[int], pauses: list[int]
) -> None:
    sent: list[list[int]] = []

    async def commit() -> None:
        receipts = Receipts(sent.append, asyncio.get_running_loop())
        waiting = {packet_id: receipts.owe(packet_id) for packet_id in range(1, 9)}
        for number, packet_id in enumerate(order):
            waiting[packet_id]()
            if number in pauses:
                await asyncio.sleep(0)
                given_so_far, done = [one for pack in sent for one in pack], set(order[: number + 1])
                assert given_so_far == [one for one in range(1, 9) if set(range(1, one + 1)) <= done]
        await asyncio.sleep(0)

    asyncio.run(commit())
    assert [one for pack in sent for one in pack] == list(range(1, 9))

"""A receipt belongs to the connection that brought the message, and receipts go out together in order."""

import asyncio

from server.mqtt.subscriber import Receipts


async def test_a_message_of_an_earlier_connection_is_not_acknowledged_on_the_next() -> None:
    """Its packet id may be another message's there, which is not committed yet."""
    sent: list[list[int]] = []
    receipts = Receipts(sent.append, asyncio.get_running_loop())
    receipts.give(1)
    await asyncio.sleep(0)
    receipts.give(2)
    receipts.end()
    receipts.give(3)
    await asyncio.sleep(0)
    assert sent == [[1]]


async def test_receipts_of_a_commit_go_out_together_and_in_its_order() -> None:
    sent: list[list[int]] = []
    receipts = Receipts(sent.append, asyncio.get_running_loop())
    for packet_id in (7, 3, 5):
        receipts.give(packet_id)
    await asyncio.sleep(0)
    receipts.give(9)
    await asyncio.sleep(0)
    assert sent == [[7, 3, 5], [9]]

"""DynamoDB and SES on this machine: moto's server, with the table and the sender made."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from server.settings import CloudSection, MailSection
from sync.aws import client
from sync.table.dynamo import Dynamo
from tools.children import child, free_port, listens

KEYS = {
    "AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}  # fmt: skip


@asynccontextmanager
async def local_cloud(folder: Path) -> AsyncIterator[str]:
    """The address of a cloud that ends with the block and leaves nothing behind."""
    port = free_port()
    argv = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    async with child(argv, folder / "cloud.log", KEYS):
        await listens(port, 60)
        yield f"http://127.0.0.1:{port}"


def furnish(cloud: CloudSection, mail: MailSection) -> None:
    """Make the table, and allow the sender. Blocks."""
    Dynamo(cloud).create()
    client("sesv2", cloud).create_email_identity(EmailIdentity=mail.sender)


async def accepted(address: str) -> list[tuple[str, str]]:
    """(recipient, subject) of every mail that this cloud's SES accepted."""
    async with aiohttp.ClientSession() as session, session.get(f"{address}/moto-api/data.json") as told:
        data = await told.json(content_type=None)  # moto calls it JavaScript
    messages = data.get("ses", {}).get("Message", [])
    return [
        (recipient, message["subject"])
        for message in messages
        for recipient in message["destinations"]["ToAddresses"]
    ]

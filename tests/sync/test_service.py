"""The site needs no cloud: whatever breaks on the way there is tried again, and ends nothing else."""

import asyncio

import pytest

from server.core import Core
from server.errors import StartError
from server.settings import CloudSection, MailSection, Settings
from sync import service
from sync.service import CloudService
from tests.ingest.boards import NOW
from tests.patience import patience


async def test_a_fault_of_ours_on_the_way_to_the_cloud_is_told_and_tried_again(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "AGAIN_S", 0.01)
    tries = []

    async def faulty() -> None:
        tries.append(1)
        if len(tries) < 3:
            raise KeyError("an answer that nobody knows")
        await asyncio.Event().wait()

    cloud = CloudService(
        Settings(cloud=CloudSection(mode="aws", endpoint_url="http://127.0.0.1:9")),
        core.database,
        lambda: NOW,
    )
    task = asyncio.create_task(cloud.again(faulty, "sender"))
    async with patience():
        while len(tries) < 3:
            await asyncio.sleep(0.01)
    assert not task.done()
    task.cancel()
    await asyncio.wait([task])


@pytest.mark.parametrize(
    "settings",
    [
        Settings(cloud=CloudSection(mode="aws")),
        Settings(mail=MailSection(mode="ses", sender="a@shop.example")),
    ],
    ids=["table", "mail"],
)
async def test_a_profile_that_does_not_exist_is_one_sentence(
    settings: Settings, core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    cloud = CloudService(settings, core.database, lambda: NOW)
    with pytest.raises(StartError, match=r"^AWS cannot be used: .*nobody"):
        for _, work in cloud.workers():
            work.close()

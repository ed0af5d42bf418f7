"""The way of commands into an edge that hangs."""

import re
from pathlib import Path

import pytest

from server.admin_socket import open_socket
from server.errors import BoardwalkError
from server.settings import EdgeSection, Settings
from tests.patience import patience
from tools import edge_client


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


async def test_an_edge_that_hangs_is_told_and_its_store_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(edge_client, "ANSWER_S", 0.2)
    listener = await open_socket(tmp_path)
    listener.listen()
    settings = Settings(edge=EdgeSection(data=str(tmp_path)))
    sentence = f"The edge on the data in {tmp_path} does not answer within 0.2 s; stop it and start it anew."
    with pytest.raises(BoardwalkError, match=re.escape(sentence)):
        async with patience(), edge_client.edge_client(settings):
            pass
    assert names(tmp_path) == ["boardwalk.sock"]
    listener.close()

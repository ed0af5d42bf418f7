"""A secret of the settings is in nothing that an edge writes (A6)."""

from pathlib import Path

import pytest

from server.errors import BoardwalkError
from server.settings import load
from tests.edge_process import edge_process
from tools.children import free_port

SECRET = "s3cret-of-the-broker"


async def test_an_edge_whose_broker_is_away_or_refuses_it_writes_no_secret(tmp_path: Path) -> None:
    """A6: the password of `[mqtt] url` was in the first line of the log."""
    port = free_port()
    more = {"BOARDWALK_MQTT_URL": f"mqtt://edge:{SECRET}@127.0.0.1:{port}"}
    async with edge_process(tmp_path, more=more) as edge:
        findings = await edge.ask("GET", "/api/v1/findings")
        assert any(row["id"] == "mqtt-away" for row in findings["rows"])
        assert SECRET not in str(findings)
        assert f"127.0.0.1:{port}" in edge.log
    assert SECRET not in edge.log


@pytest.mark.parametrize(
    "url", ["http://edge:{}@shop.example", "mqtt://edge:{}@", "mqtt://edge:{}@host:port"]
)
def test_a_wrong_address_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(BoardwalkError) as refused:
        load(None, {"BOARDWALK_MQTT_URL": url.format(SECRET)})
    assert "url" in refused.value.sentence and SECRET not in refused.value.sentence

"""`boardwalk cloud init` on a table that exists: it says what differs, and mends what harms nothing."""

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner
from moto import mock_aws

from server.errors import CloudError
from server.settings import CloudSection
from sync.aws import client
from sync.table.dynamo import Dynamo
from tools.cli import cli

AWS = CloudSection(mode="aws")
PK, SK = ("pk", "S", "HASH"), ("sk", "S", "RANGE")
FREE = {"ReadCapacityUnits": 25, "WriteCapacityUnits": 25}
AS_IT_SHOULD_BE = (0, "Table boardwalk exists already, as it should be.\n")
NOT_SO = "boardwalk: Table boardwalk exists already, but not as it should be: see the lines above.\n"
UPDATE = "aws dynamodb update-table --region us-east-1 --table-name boardwalk"


@pytest.fixture
def dynamodb() -> Iterator[Any]:
    """A client of an empty cloud."""
    with mock_aws():
        yield client("dynamodb", AWS)


def table(dynamodb: Any, *key: tuple[str, str, str], expiry: str = "x", **more: Any) -> None:
    """Make a table by other means than Boardwalk's. expiry: of its time-to-live, "" for none."""
    dynamodb.create_table(
        TableName="boardwalk",
        KeySchema=[{"AttributeName": name, "KeyType": role} for name, _, role in key],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": type_} for name, type_, _ in key],
        **(more or {"ProvisionedThroughput": FREE}),
    )
    if expiry:
        expire(dynamodb, expiry)


def expire(dynamodb: Any, attribute: str) -> None:
    dynamodb.update_time_to_live(
        TableName="boardwalk", TimeToLiveSpecification={"Enabled": True, "AttributeName": attribute}
    )


def expiry(dynamodb: Any) -> str | None:
    """The attribute of the time-to-live, None when it is off."""
    told = dynamodb.describe_time_to_live(TableName="boardwalk")["TimeToLiveDescription"]
    return told["AttributeName"] if told["TimeToLiveStatus"] == "ENABLED" else None


def cloud_init(**more: str) -> tuple[int, str]:
    """Exit code of the command, and what it says. more: settings of [cloud]."""
    settings = {"MODE": "aws"} | more
    environ = {f"BOARDWALK_CLOUD_{name}": value for name, value in settings.items()}
    told = CliRunner().invoke(cli, ["cloud", "init"], env=environ)
    assert not told.stdout
    return told.exit_code, told.stderr


def test_a_table_that_it_made_is_as_it_should_be(dynamodb: Any) -> None:
    """U13: what `cloud init` makes is what it asks for."""
    assert cloud_init() == (0, "Table boardwalk is made.\n")
    assert expiry(dynamodb) == "x"
    assert cloud_init() == AS_IT_SHOULD_BE
    assert not Dynamo(AWS).create()


def test_a_table_with_another_key_is_named_and_left_alone(dynamodb: Any) -> None:
    """U13: a table with the key `id` said "exists already", exit 0."""
    table(dynamodb, ("id", "N", "HASH"), expiry="")
    assert cloud_init() == (
        1,
        "Its key is id (number, partition key), and Boardwalk needs pk (text, partition key) and sk (text, "
        "sort key). The key of a table cannot be changed: name another table in [cloud] table, and run this "
        "command again. This table was left as it is.\n" + NOT_SO,
    )
    assert expiry(dynamodb) is None


@pytest.mark.parametrize(
    "key", [[PK], [("sk", "S", "HASH"), ("pk", "S", "RANGE")], [PK, ("sk", "N", "RANGE")]]
)
def test_a_key_that_is_almost_the_right_one_is_another_key(
    dynamodb: Any, key: list[tuple[str, str, str]]
) -> None:
    """U13: names, types and roles all count."""
    table(dynamodb, *key)
    code, told = cloud_init()
    assert (code, told.startswith("Its key is ")) == (1, True)


def test_a_table_on_demand_is_named_with_the_command_that_changes_it(dynamodb: Any) -> None:
    """U13: on demand, each write costs money; without a time-to-live, that is mended all the same."""
    table(dynamodb, PK, SK, expiry="", BillingMode="PAY_PER_REQUEST")
    assert cloud_init() == (
        1,
        "Its time-to-live was off, so old scores would have stayed for ever; it is on now.\n"
        "It is on demand, where AWS charges each read and write. Boardwalk keeps to a provisioned capacity, "
        f"of which 25 reads and 25 writes per second are free. Change it: {UPDATE} --billing-mode PROVISIONED "
        "--provisioned-throughput ReadCapacityUnits=25,WriteCapacityUnits=25\n" + NOT_SO,
    )
    dynamodb.update_table(TableName="boardwalk", BillingMode="PROVISIONED", ProvisionedThroughput=FREE)
    assert cloud_init() == AS_IT_SHOULD_BE


@pytest.mark.parametrize(
    "reads, writes, wanted", [(5, 25, 20), (25, 19, 20), (25, 25, 40)], ids=["reads", "writes", "write_units"]
)
def test_too_little_capacity_is_named(dynamodb: Any, reads: int, writes: int, wanted: int) -> None:
    """U13: capacity is compared with what the settings let an edge use."""
    units = {"ReadCapacityUnits": reads, "WriteCapacityUnits": writes}
    table(dynamodb, PK, SK, ProvisionedThroughput=units)
    code, told = cloud_init(WRITE_UNITS=str(wanted))
    assert (code, told.splitlines()[0]) == (
        1,
        f"Its capacity is {reads} reads and {writes} writes per second, and Boardwalk needs 25 reads and "
        f"{wanted} writes ([cloud] write_units), or AWS refuses some of them for a while. Raise it: {UPDATE} "
        f"--provisioned-throughput ReadCapacityUnits=25,WriteCapacityUnits={max(25, wanted)}",
    )


def test_more_capacity_than_needed_is_as_it_should_be(dynamodb: Any) -> None:
    """U13: several sites may share a table."""
    table(dynamodb, PK, SK, ProvisionedThroughput={"ReadCapacityUnits": 50, "WriteCapacityUnits": 100})
    assert cloud_init() == AS_IT_SHOULD_BE


def test_a_time_to_live_that_is_off_is_turned_on(dynamodb: Any) -> None:
    """U13: a table without a time-to-live said "exists already", and old scores stayed for ever."""
    table(dynamodb, PK, SK, expiry="")
    mended = "Its time-to-live was off, so old scores would have stayed for ever; it is on now.\n"
    assert cloud_init() == (0, mended + AS_IT_SHOULD_BE[1])
    assert expiry(dynamodb) == "x"
    assert cloud_init() == AS_IT_SHOULD_BE


def test_a_time_to_live_of_another_attribute_is_named_and_left_alone(dynamodb: Any) -> None:
    """U13: AWS changes it in two steps, an hour apart."""
    table(dynamodb, PK, SK, expiry="ttl")
    code, told = cloud_init()
    assert (code, told) == (
        1,
        "Its time-to-live goes by the attribute ttl, and Boardwalk needs x, or old scores stay for ever. Turn "
        "it off, and run this command again an hour later: aws dynamodb update-time-to-live --region us-east-1 "
        "--table-name boardwalk --time-to-live-specification Enabled=false,AttributeName=ttl\n" + NOT_SO,
    )
    assert expiry(dynamodb) == "ttl"


def test_a_time_to_live_that_was_just_changed_has_to_wait(
    dynamodb: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """U13: AWS refuses a second change within an hour; exit code 1 until it is on."""
    table(dynamodb, PK, SK, expiry="")

    def refused(_: Dynamo) -> None:
        raise CloudError("Time to live has been modified multiple times.", code="ValidationException")

    monkeypatch.setattr(Dynamo, "expire", refused)
    code, told = cloud_init()
    assert (code, told.splitlines()[0]) == (
        1,
        "Its time-to-live is off, and AWS refuses to turn it on now, because it was changed within the last "
        "hour. Run this command again in an hour.",
    )

"""The table in DynamoDB.

An item of events has pk, sk, b (body), n (events), f (format) and a (first_at). It never changes, so writing
it again writes the same bytes under the same key. An item of scores has pk, sk, b, v (version) and f; a
newer version takes its place. There is no GSI; `x` is the time-to-live.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from server.errors import CloudError
from server.rankings.window import ALL
from server.settings import CloudSection
from server.store.chunks import Chunk
from sync.aws import client, translated, unsent
from sync.table.chunk import FORMAT
from sync.table.shape import EXPIRY, KEY, UNITS, KeyPart, Shape
from sync.table.sheet import Sheet, unpack

MAX_ITEMS = 25
SHEET_DAYS = 40  # days that the scores of a day are kept; no window is longer than 30


class Dynamo:
    """One table, as sync.table.table.Table."""

    def __init__(self, settings: CloudSection) -> None:
        self._client = client("dynamodb", settings)
        self._table = settings.table

    def create(self) -> bool:
        """Make the table, provisioned, with its time-to-live; False when it exists already."""
        try:
            self._call(
                "create_table",
                TableName=self._table,
                KeySchema=[{"AttributeName": part.name, "KeyType": part.role} for part in KEY],
                AttributeDefinitions=[
                    {"AttributeName": part.name, "AttributeType": part.type} for part in KEY
                ],
                ProvisionedThroughput={"ReadCapacityUnits": UNITS, "WriteCapacityUnits": UNITS},
            )
        except CloudError as error:
            if error.code == "ResourceInUseException":
                return False
            raise
        self._wait()
        self.expire()
        return True

    def shape(self) -> Shape:
        """What the table is like, as soon as it can be used. Raises CloudError."""
        self._wait()
        table = self._call("describe_table", TableName=self._table)["Table"]
        types = {one["AttributeName"]: one["AttributeType"] for one in table["AttributeDefinitions"]}
        parts = [(one["AttributeName"], one["KeyType"]) for one in table["KeySchema"]]
        told = self._call("describe_time_to_live", TableName=self._table)["TimeToLiveDescription"]
        is_on = told["TimeToLiveStatus"] in ("ENABLED", "ENABLING")
        units = table.get("ProvisionedThroughput", {})
        return Shape(
            tuple(KeyPart(name, types[name], role) for name, role in sorted(parts, key=lambda part: part[1])),
            table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST",
            units.get("ReadCapacityUnits", 0),
            units.get("WriteCapacityUnits", 0),
            told["AttributeName"] if is_on else "",
        )

    def expire(self) -> None:
        """Turn the time-to-live on. Raises CloudError; AWS allows one such change per hour."""
        self._call(
            "update_time_to_live",
            TableName=self._table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": EXPIRY},
        )

    def put(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Write at most 25 chunks; returns those that DynamoDB did not take."""
        requests = [{"PutRequest": {"Item": _item(chunk)}} for chunk in chunks]
        answer = self._call("batch_write_item", RequestItems={self._table: requests})
        left = {
            (request["PutRequest"]["Item"]["pk"]["S"], request["PutRequest"]["Item"]["sk"]["S"])
            for request in answer.get("UnprocessedItems", {}).get(self._table, [])
        }
        return [chunk for chunk in chunks if (chunk.pk, chunk.sk) in left]

    def bodies(self, pk: str) -> Iterator[bytes]:
        """The bodies under one partition, in the order of their keys."""
        yield from self._pages(
            "query",
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues={":pk": {"S": pk}},
        )

    def scan(self, prefix: str) -> Iterator[bytes]:
        """The bodies of every partition whose key begins with `prefix`; reads the whole table."""
        yield from self._pages(
            "scan",
            FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )

    def put_sheet(self, sheet: Sheet) -> None:
        """Write a sheet of scores, unless a newer one has its place."""
        item = {
            "pk": {"S": sheet.pk}, "sk": {"S": sheet.sk}, "b": {"B": sheet.body},
            "v": {"S": sheet.version.text()}, "f": {"N": str(FORMAT)},
        }  # fmt: skip
        if sheet.bucket != ALL:
            item[EXPIRY] = {"N": str((sheet.bucket + SHEET_DAYS) * 86_400)}
        self._unless_newer("put_item", sheet, Item=item)

    def drop_sheet(self, sheet: Sheet) -> None:
        """Remove a sheet of scores, unless a newer one has its place."""
        self._unless_newer("delete_item", sheet, Key={"pk": {"S": sheet.pk}, "sk": {"S": sheet.sk}})

    def sheets(self, ranking: str) -> Iterator[Sheet]:
        """The sheets of a ranking, of all sites."""
        return map(unpack, self.bodies(f"S#{ranking}"))

    def _unless_newer(self, operation: str, sheet: Sheet, **arguments: Any) -> None:
        try:
            self._call(
                operation, TableName=self._table,
                ConditionExpression="attribute_not_exists(v) OR v <= :v",
                ExpressionAttributeValues={":v": {"S": sheet.version.text()}}, **arguments,
            )  # fmt: skip
        except CloudError as error:
            if error.code != "ConditionalCheckFailedException":
                raise

    def _pages(self, operation: str, **arguments: Any) -> Iterator[bytes]:
        start: dict[str, object] = {}
        while True:
            page = self._call(operation, TableName=self._table, **arguments, **start)
            for item in page["Items"]:
                if item["f"]["N"] == str(FORMAT):
                    yield bytes(item["b"]["B"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _wait(self) -> None:
        """Wait until the table, which exists, can be used."""
        if self._call("describe_table", TableName=self._table)["Table"]["TableStatus"] == "DELETING":
            raise CloudError(f"Table {self._table} is being deleted; try again when it is gone.")
        try:
            self._client.get_waiter("table_exists").wait(TableName=self._table)
        except BotoCoreError as error:
            raise CloudError(f"Table {self._table} does not become ready: {error}", accepted=None) from error

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            raise translated(error, f"DynamoDB, table {self._table}") from error
        except BotoCoreError as error:
            raise unsent(error, "DynamoDB") from error


def _item(chunk: Chunk) -> dict[str, object]:
    return {
        "pk": {"S": chunk.pk}, "sk": {"S": chunk.sk}, "b": {"B": chunk.body},
        "n": {"N": str(chunk.events)}, "f": {"N": str(FORMAT)}, "a": {"N": str(chunk.first_at)},
    }  # fmt: skip

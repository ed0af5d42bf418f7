"""The table in DynamoDB.

An item: pk, sk, b (body), n (events), f (format), a (first_at). One item never changes, so writing
it again writes the same bytes under the same key. No GSI; `x` is the time-to-live.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from server.errors import CloudError
from server.settings import Cloud
from sync.aws import client, translated
from sync.chunk import FORMAT, Chunk

MAX_ITEMS = 25


class Dynamo:
    """One table, as sync.cloud.Table."""

    def __init__(self, settings: Cloud) -> None:
        self._client = client("dynamodb", settings)
        self._table = settings.table

    def create(self, write_units: int = 25) -> bool:
        """Make the table, provisioned, with its time-to-live; False when it exists already."""
        try:
            self._call(
                "create_table",
                TableName=self._table,
                KeySchema=[
                    {"AttributeName": "pk", "KeyType": "HASH"},
                    {"AttributeName": "sk", "KeyType": "RANGE"},
                ],
                AttributeDefinitions=[
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "sk", "AttributeType": "S"},
                ],
                ProvisionedThroughput={
                    "ReadCapacityUnits": 25,
                    "WriteCapacityUnits": write_units,
                },
            )
        except CloudError as error:
            if "ResourceInUseException" in error.sentence:
                return False
            raise
        self._client.get_waiter("table_exists").wait(TableName=self._table)
        self._call(
            "update_time_to_live",
            TableName=self._table,
            TimeToLiveSpecification={"Enabled": True, "AttributeName": "x"},
        )
        return True

    def put(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Write at most 25 chunks; those that DynamoDB did not take."""
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
        """The bodies of every partition whose key begins so; reads the whole table."""
        yield from self._pages(
            "scan",
            FilterExpression="begins_with(pk, :prefix)",
            ExpressionAttributeValues={":prefix": {"S": prefix}},
        )

    def _pages(self, operation: str, **arguments: Any) -> Iterator[bytes]:
        start: dict[str, Any] = {}
        while True:
            page = self._call(operation, TableName=self._table, **arguments, **start)
            for item in page["Items"]:
                if item["f"]["N"] == str(FORMAT):
                    yield bytes(item["b"]["B"])
            if "LastEvaluatedKey" not in page:
                return
            start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    def _call(self, operation: str, **arguments: Any) -> Any:
        try:
            return getattr(self._client, operation)(**arguments)
        except ClientError as error:
            raise translated(error, f"DynamoDB, table {self._table}") from error
        except BotoCoreError as error:
            raise CloudError(f"DynamoDB is not reached: {error}", accepted=None) from error


def _item(chunk: Chunk) -> dict[str, Any]:
    return {
        "pk": {"S": chunk.pk}, "sk": {"S": chunk.sk}, "b": {"B": chunk.body},
        "n": {"N": str(chunk.events)}, "f": {"N": str(FORMAT)}, "a": {"N": str(chunk.first_at)},
    }  # fmt: skip

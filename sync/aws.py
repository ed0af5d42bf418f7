"""Calls to AWS: every call is made once, errors become our own; rate and repetition are ours."""

from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from server.errors import CloudError, StartError, Throttled
from server.settings import CloudSection

THROTTLES = frozenset({
    "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
    "LimitExceededException",
})  # fmt: skip


def client(service: str, settings: CloudSection, endpoint_url: str = "") -> Any:
    """A boto3 client that tries each call once. Raises StartError for a bad profile or region."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=8,
    )
    url = endpoint_url or settings.endpoint_url or None
    try:
        return boto3.client(service, settings.region, endpoint_url=url, config=config)  # type: ignore[call-overload]
    except (BotoCoreError, ValueError) as error:
        raise StartError(f"AWS cannot be used: {error}") from error


def translated(error: ClientError, where: str) -> CloudError:
    """An AWS error as one of ours. Its `accepted` is None for an error of the server: it is not known."""
    code = error.response.get("Error", {}).get("Code", "?")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLES or status == 429:
        return Throttled(f"{where} asks for fewer requests ({code}).", code=code)
    message = error.response.get("Error", {}).get("Message", "")
    return CloudError(f"{where}: {code}: {message}", accepted=None if status >= 500 else False, code=code)

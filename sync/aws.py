"""Calls to AWS: every call is made once, errors become our own; rate and repetition are ours."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProxyConnectionError,
    SSLError,
    SSOError,
    TokenRetrievalError,
)

from server.errors import AccountFault, CloudError, StartError, Throttled, Unreachable
from server.settings import CloudSection

THROTTLES = frozenset({
    "ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
    "LimitExceededException",
})  # fmt: skip


KEYS = frozenset({
    "ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "UnrecognizedClientException",
    "InvalidAccessKeyId", "InvalidSignatureException", "SignatureDoesNotMatch", "IncompleteSignature",
    "MissingAuthenticationToken", "MissingAuthenticationTokenException", "InvalidToken", "AuthFailure",
})  # fmt: skip
NEVER_LEFT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
BEFORE_THE_CALL = (
    CredentialRetrievalError, NoCredentialsError, NoRegionError, PartialCredentialsError, SSOError,
    TokenRetrievalError,
)  # fmt: skip


class Client:
    """A boto3 client, with the same methods. It is made anew, with the credentials of then, once AWS refuses
    those that it has: keys may be changed in their file while the edge runs. `make` gives a boto3 client.
    """

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make
        self._made = make()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._made, name)

        @wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            try:
                return method(*args, **kwargs)
            except ClientError as error:
                if _code(error) in KEYS:
                    self._renew()
                raise

        return call

    def _renew(self) -> None:
        with suppress(BotoCoreError, ValueError):  # a file that is half written; the next refusal tries again
            self._made = self._make()


def client(service: str, settings: CloudSection, endpoint_url: str = "") -> Client:
    """A client that tries each call once. Raises StartError for a bad profile or region."""
    config = Config(
        retries={"total_max_attempts": 1},
        connect_timeout=5,
        read_timeout=60,
        max_pool_connections=8,
    )
    url = endpoint_url or settings.endpoint_url or None

    def make() -> Any:
        session = boto3.Session(region_name=settings.region)  # boto3's own would keep the old credentials
        return session.client(service, endpoint_url=url, config=config)  # type: ignore[call-overload]

    try:
        return Client(make)
    except (BotoCoreError, ValueError) as error:
        raise StartError(f"AWS cannot be used: {error}") from error


def translated(error: ClientError, where: str) -> CloudError:
    """An AWS error as one of ours. Its `accepted` is None for an error of the server: it is not known."""
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in THROTTLES or status == 429:
        return Throttled(f"{where} asks for fewer requests ({code}).", code=code)
    message = error.response.get("Error", {}).get("Message", "")
    return CloudError(f"{where}: {code}: {message}", accepted=None if status >= 500 else False, code=code)


def unsent(error: BotoCoreError, where: str) -> CloudError:
    """An error of boto3 itself as one of ours: whether the request left, and if not, why."""
    if isinstance(error, BEFORE_THE_CALL):
        return AccountFault(f"{where}: {error}")
    if isinstance(error, NEVER_LEFT):
        return Unreachable(f"{where} is not reached: {error}")
    return CloudError(f"{where} did not answer: {error}", accepted=None)


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "?"))

"""What TLS says, as each port says it, becomes a cause and a cure."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from firmware.causes import sentence
from firmware.link import Link
from firmware.log import WARNING, Log
from firmware.settings import checked
from firmware.troubles import Troubles
from firmware.wire import state
from tests.firmware.fake_board import FakeBoard

EXPIRED = "certificate of the edge has expired"
EARLY = "certificate of the edge is not valid yet"
HOST = "certificate of the edge is for another host"
SIGNER = "certificate of the edge is not signed by the CA of this board"
WEAK = "certificate of the edge has a key or a hash that boards do not trust"
KIND = "certificate of the edge is not for a server"
OWN = "certificate of the CA is damaged here"


@pytest.mark.parametrize(
    ("said", "means"),
    [
        # Mbed TLS, x509_crt.h
        ("The certificate validity has expired\n", EXPIRED),
        ("The certificate validity starts in the future\n", EARLY),
        ("The certificate Common Name (CN) does not match with the expected CN\n", HOST),
        ("The certificate is not correctly signed by the trusted CA\n", SIGNER),
        ("The certificate is signed with an unacceptable hash.\n", WEAK),
        ("The certificate is signed with an unacceptable PK alg (eg RSA vs ECDSA).\n", WEAK),
        ("The certificate is signed with an unacceptable key (eg bad curve, RSA too short).\n", WEAK),
        ("Usage does not match the keyUsage extension\n", KIND),
        ("Usage does not match the extendedKeyUsage extension\n", KIND),
        ("invalid cert", OWN),
        # OpenSSL, x509_txt.c
        ("certificate verify failed: certificate has expired (_ssl.c:1006)", EXPIRED),
        ("certificate verify failed: certificate is not yet valid (_ssl.c:1006)", EARLY),
        ("certificate verify failed: Hostname mismatch, certificate is not valid for 'edge'.", HOST),
        ("certificate verify failed: IP address mismatch, certificate is not valid for '10.0.0.2'.", HOST),
        ("certificate verify failed: unable to get local issuer certificate (_ssl.c:1006)", SIGNER),
        ("certificate verify failed: self-signed certificate (_ssl.c:1006)", SIGNER),
        ("certificate verify failed: unsuitable certificate purpose (_ssl.c:1006)", KIND),
        ("not enough data: cadata does not contain a certificate (_ssl.c:4149)", OWN),
        # others
        ("something new", "certificate of the edge is refused: something new"),
    ],
)
def test_each_word_of_tls_has_its_meaning(said: str, means: str) -> None:
    assert sentence("certificate", said).startswith(means)
    assert len(sentence("certificate", said)) <= 120


class Owner:
    def __init__(self, board: FakeBoard) -> None:
        self.log = Log(board)
        self.troubles = Troubles(board, self.log)


class Refusing(FakeBoard):
    """A board whose TLS fails: as it is made ready, or in the handshake."""

    def __init__(self, error: Exception, at_once: bool = False) -> None:
        super().__init__()
        self._error = error
        self._at_once = at_once

    def tls_context(self) -> None:
        if self._at_once:
            raise self._error

    def no_delay(self, writer: object) -> None:
        raise self._error  # where the first bytes would go


@asynccontextmanager
async def answering(data: bytes = b"") -> AsyncIterator[int]:
    """The port of a server that answers whatever comes with the same bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(data)
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def told(board: FakeBoard, **more: object) -> tuple[str | None, str]:
    """The trouble of a board that cannot connect, and its warning."""
    owner = Owner(board)
    settings = checked({"site": "shop", "device": "till-1", "secret": "s", "host": "127.0.0.1", **more})
    with pytest.raises((OSError, ValueError, MemoryError)):
        await Link(board, settings, None, owner).connect()
    facts: dict[str, object] = {}
    owner.troubles.tell(facts)
    assert state.encode(facts)
    ((_, level, text),) = owner.log.after(0, 1000)[1]  # type: ignore[misc]
    assert level == "warning" and owner.log.level < WARNING
    return facts.get("trouble"), text  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(-0x2700, "MBEDTLS_ERR_X509_CERT_VERIFY_FAILED"), "look at its dates, its host and its CA"),
        (OSError(-0x2700), "look at its dates, its host and its CA"),
        (OSError(-0x2180 - 0x66), "is refused: -8678"),  # it cannot be read
        (OSError(-0x7A00, "MBEDTLS_ERR_SSL_BAD_CERTIFICATE"), KIND),
        (ValueError("The certificate validity has expired\n"), EXPIRED),
    ],
)
async def test_a_certificate_that_is_refused_in_words_or_numbers_is_told_as_one(
    error: Exception, words: str
) -> None:
    async with answering() as port:
        code, text = await told(Refusing(error), port=port)
    assert code == "certificate" and words in text


@pytest.mark.parametrize("error", [OSError(-0x7200), OSError(-0x7280), OSError(104), TimeoutError()])
async def test_tls_that_finds_no_tls_is_told_as_no_edge(error: Exception) -> None:
    async with answering() as port:
        assert (await told(Refusing(error), port=port))[0] == "no-edge"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("settings ask for TLS, but there is no /ca.der"), "of the CA is missing here"),
        (ssl.SSLError("cadata does not contain a certificate"), OWN),
        (OSError(5, "EIO"), "is refused: "),
    ],
)
async def test_a_ca_that_cannot_be_used_is_told_as_a_certificate(error: Exception, words: str) -> None:
    code, text = await told(Refusing(error, at_once=True), tls=True)
    assert code == "certificate" and words in text


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("error", [MemoryError(), OSError(12)])
async def test_a_board_without_memory_for_tls_blames_nobody_else(error: Exception, at_once: bool) -> None:
    async with answering() as port:
        found = await told(Refusing(error, at_once), port=port, tls=at_once)
    assert found == (None, f"link: {type(error).__name__} {error}")


@pytest.mark.parametrize(
    ("code", "trouble"), [(1, "no-edge"), (2, "login"), (3, "no-edge"), (4, "login"), (5, "login")]
)
async def test_each_code_of_a_broker_that_refuses_has_its_trouble(code: int, trouble: str) -> None:
    async with answering(bytes([0x20, 2, 0, code])) as port:
        assert (await told(FakeBoard(), port=port))[0] == trouble

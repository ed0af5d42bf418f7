"""Causes of trouble and their cures, in words. Boards load it only while they need one."""

import asyncio

SENTENCES = {
    "no-wifi": "no Wi-Fi%s: switch the access point on, or bring the board nearer",
    "wifi-password": "the Wi-Fi%s refuses the password: correct it here or there",
    "no-edge": "no edge%s: start it, or correct host and port",
    "login": "the edge refuses the credentials: revoked or wrong, flash the board again",
    "certificate": "certificate %s",
    "outbox-full": "outbox full, events are refused: bring the board online, it empties by itself",
    "settings": "%s: correct it, or flash the board",
    "safe-mode": "safe mode: 5 starts failed, or it was asked for; no program, no inputs; mend, then restart",
}
NOT_LET_IN = (2, 4, 5)  # codes of a CONNACK: client id, password, rights
X509_FIRST, X509_LAST, BAD_CERTIFICATE = -0x3000, -0x2080, -0x7A00  # errors of Mbed TLS
ENOMEM = 12
# The meaning of an error of TLS with one of the words, on MicroPython or CPython; the first row that fits.
# Mbed TLS has numbers where it has no words: BAD_CERTIFICATE, and on old ports the one of each refusal.
TLS = (
    ("of the edge has expired: renew it", "expired"),
    ("of the edge is not valid yet: is the clock right, here and there?", "future", "not yet valid"),
    ("of the edge is not for a server, or its key unknown here: make it anew", "Usage", "purpose", "-31232"),
    ("of the edge has a key or a hash that boards do not trust: make it anew", "unacceptable"),
    ("of the edge is for another host: correct host, or renew the certificate", "match"),
    ("of the edge is not signed by the CA of this board: flash it with --ca", "signed", "issuer"),
    ("of the CA is missing here: flash the board with --ca", "no /ca.der"),
    ("of the CA is damaged here: flash the board with --ca", "invalid cert", "cadata"),
    ("of the edge is refused: look at its dates, its host and its CA", "-9984"),
)


def of_connection(error, code) -> str | None:
    """The trouble behind the error of a connection, None for lack of memory and the like.

    code: with which the broker refused, 0 for no refusal, None when TLS could not even begin.
    """
    number = error.args[0] if isinstance(error, OSError) and error.args else 0
    if isinstance(error, MemoryError) or number == ENOMEM:
        return None
    if code in NOT_LET_IN:
        return "login"
    # TLS tells what is wrong with a certificate in the words of a ValueError, otherwise in numbers.
    if code is None or isinstance(error, ValueError) or number == BAD_CERTIFICATE:
        return "certificate"
    if type(number) is int and X509_FIRST <= number <= X509_LAST:
        return "certificate"
    return "no-edge" if isinstance(error, (OSError, asyncio.TimeoutError)) else None


def sentence(code: str, detail: str) -> str:
    """One line for the log, at most 120 characters unless the detail is long."""
    if code == "certificate":
        detail = certificate(detail)
    elif detail and code != "settings":
        detail = " " + detail
    text = SENTENCES[code]
    return text % detail if "%s" in text else text


def certificate(said: str) -> str:
    """The meaning of an error of TLS, as the end of a sentence."""
    for meaning, *words in TLS:
        for word in words:
            if word in said:
                return meaning
    return "of the edge is refused: " + said.strip()

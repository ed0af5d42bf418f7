"""Causes of trouble and their cures, in words. Boards load it only while they write such a line."""

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
# What TLS says, on MicroPython or on CPython, and what it means.
TLS = (
    ("expired", "of the edge has expired: renew it"),
    ("future", "of the edge is not valid yet: is the clock right, here and there?"),
    ("not yet valid", "of the edge is not valid yet: is the clock right, here and there?"),
    ("Usage", "of the edge is not one for a server: make it anew"),
    ("purpose", "of the edge is not one for a server: make it anew"),
    ("-31232", "of the edge is not one for a server, or its key unknown here: make it anew"),
    ("unacceptable", "of the edge has a key or a hash that boards do not trust: make it anew"),
    ("match", "of the edge is for another host: correct host, or renew the certificate"),
    ("signed", "of the edge is not signed by the CA of this board: flash it with --ca"),
    ("issuer", "of the edge is not signed by the CA of this board: flash it with --ca"),
    ("no /ca.der", "of the CA is missing here: flash the board with --ca"),
    ("invalid cert", "of the CA is damaged here: flash the board with --ca"),
    ("cadata", "of the CA is damaged here: flash the board with --ca"),
    ("-9984", "of the edge is refused: look at its dates, its host and its CA"),  # old ports give numbers
)


def sentence(code: str, detail: str) -> str:
    """One line for the log, at most 120 characters unless the detail is long."""
    if code == "certificate":
        detail = certificate(detail)
    elif detail and code != "settings":
        detail = " " + detail
    text = SENTENCES[code]
    return text % detail if "%s" in text else text


def certificate(said: str) -> str:
    """What an error of TLS means."""
    for word, meaning in TLS:
        if word in said:
            return meaning
    return "of the edge is refused: " + said.strip()

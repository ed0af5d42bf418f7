"""Topics: `bw1/<site>/<device>/<leaf>`, four levels, so that AWS IoT Core fits later."""

ROOT = "bw1"
TO_EDGE = ("up", "state", "res", "json")
TO_BOARD = ("ack", "cmd")
LEAVES = TO_EDGE + TO_BOARD

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
MAX_NAME = 32


def is_name(text: str) -> bool:
    """Whether `text` may name a site or a device: `[a-z0-9][a-z0-9-]{0,31}`."""
    if not 0 < len(text) <= MAX_NAME or text[0] == "-":
        return False
    for letter in text:
        if letter not in _LETTERS and letter != "-":
            return False
    return True


def topic(site: str, device: str, leaf: str) -> str:
    """The topic of one leaf (`up`, `ack`, ...) of a device."""
    return "/".join((ROOT, site, device, leaf))

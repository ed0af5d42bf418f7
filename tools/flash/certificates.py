"""Certificates of CAs, in the form that boards take."""

import ssl
from collections.abc import Sequence
from pathlib import Path

from server.errors import BoardwalkError

MOST = 2


def read(paths: Sequence[Path]) -> list[bytes]:
    """The certificates in these files, one per file, as DER. Raises BoardwalkError."""
    if len(paths) > MOST:
        raise BoardwalkError(f"A board trusts {MOST} CAs at most; --ca is there {len(paths)} times.")
    return [_read(path) for path in paths]


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BoardwalkError(f"The CA file {path} cannot be read ({error.strerror}).") from error
    try:
        if b"-----BEGIN" in data:
            data = ssl.PEM_cert_to_DER_cert(data.decode("ascii").strip())
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=data)
    except (ValueError, ssl.SSLError) as error:
        raise BoardwalkError(
            f"{path} has no certificate of a CA; --ca takes a file with one, as PEM or DER."
        ) from error
    return data

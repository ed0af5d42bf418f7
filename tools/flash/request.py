"""The wishes of a person for a board, checked before anything is changed."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from firmware.errors import SettingsError
from firmware.settings import KEYS, checked
from firmware.wire.topics import is_name
from server.errors import BoardwalkError
from tools.flash.edge import TargetSite, is_loopback
from tools.output import Json

SSID_BYTES, PASSWORD_BYTES = 32, 63


@dataclass(frozen=True)
class FlashRequest:
    """What a person wants on a board; None and empty leave it as it was on the board.

    name: of the device. wifi: ssid and password. host, port: where the board connects, when it is not what
    the edge tells. certificates: of CAs, as DER. inputs: as in /settings.json.
    """

    name: str
    wifi: dict[str, str] | None = field(default=None, repr=False)
    host: str | None = None
    port: int | None = None
    certificates: list[bytes] = field(default_factory=list)
    inputs: list[object] | None = None

    def __post_init__(self) -> None:
        if not is_name(self.name):
            raise BoardwalkError(
                f"{self.name!r} cannot name a device: 1 to 32 of a-z, 0-9 and -, not - first."
            )
        if self.host is not None and not _is_host(self.host):
            raise BoardwalkError(
                f"--host is a name or an address as edge.example or 192.168.1.5, not {self.host!r}; its port "
                "is --port."
            )

    def joining(self, ssid: str, password: str) -> "FlashRequest":
        """The same request for a board in this Wi-Fi. Raises BoardwalkError for an impossible one."""
        if not 1 <= len(ssid.encode()) <= SSID_BYTES:
            raise BoardwalkError(f"The name of a network has 1 to {SSID_BYTES} bytes, not as {ssid!r}.")
        if len(password.encode()) > PASSWORD_BYTES:
            raise BoardwalkError(f"The password of a network has at most {PASSWORD_BYTES} bytes.")
        return replace(self, wifi={"ssid": ssid, "password": password})

    def settings(self, site: TargetSite, secret: str, kept: Mapping[str, object], has_ca: bool) -> Json:
        """/settings.json of the board. kept: the one of before. has_ca: whether the board has a CA already.

        Raises BoardwalkError when the board could not work with them.
        """
        host, port = self.host or site.host, self.port or site.port
        same_way = (kept.get("host"), kept.get("port")) == (host, port)
        tls = site.tls or bool(self.certificates) or (same_way and bool(kept.get("tls")))
        new = {
            "site": site.name, "device": self.name, "secret": secret,
            "host": host, "port": port, "tls": tls, "floor": site.now,
        }  # fmt: skip
        if self.wifi is not None:
            new["wifi"] = self.wifi
        if self.inputs is not None:
            new["inputs"] = self.inputs
        values = _usable(kept, new)
        if tls and not (self.certificates or has_ca):
            raise BoardwalkError("The broker speaks TLS; give the certificate of its CA with --ca FILE.")
        if is_loopback(host) and (values.get("wifi") or site.far):
            what = "A board" if site.far else "A board with Wi-Fi"
            raise BoardwalkError(
                f"{what} cannot reach the edge at {host}; let the broker listen in the network "
                '([mqtt] listen = "0.0.0.0:1883"), or name the address of the edge with --host.'
            )
        return values


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return re.fullmatch(r"(?!-)[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*\.?", text) is not None
    return True


def _usable(kept: Mapping[str, object], new: Json) -> Json:
    try:
        checked(new)
    except SettingsError as error:
        raise BoardwalkError(
            f"A board cannot work with this: {str(error).removeprefix('settings: ')}."
        ) from error
    values = {key: value for key, value in kept.items() if key in KEYS} | new
    try:
        checked(values)
    except SettingsError:
        return new  # the settings on the board could not be used
    return values


def read_inputs(path: Path) -> list[object]:
    """The inputs in a JSON file. Raises BoardwalkError."""
    try:
        told = json.loads(path.read_text())
    except OSError as error:
        raise BoardwalkError(f"The file of inputs {path} cannot be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise BoardwalkError(f"{path} is not JSON ({error}).") from error
    if not isinstance(told, list):
        raise BoardwalkError(f"{path} must be a list of inputs, as {'inputs'!r} of /settings.json.")
    return told


def read_secret(path: Path) -> str:
    """The first line of a file. Raises BoardwalkError."""
    try:
        return path.read_text().split("\n", 1)[0].strip("\r")
    except (OSError, ValueError) as error:
        raise BoardwalkError(
            f"{path} cannot be read ({getattr(error, 'strerror', None) or error})."
        ) from error

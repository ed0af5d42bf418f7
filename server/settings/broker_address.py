"""The address at which boards find the broker of an edge."""

from urllib.parse import urlsplit

import msgspec

from server.settings.sections import MqttSection, address

EVERYWHERE = ("0.0.0.0", "::")


class BrokerAddress(msgspec.Struct, frozen=True):
    """Where a broker listens.

    host: name or address; "" is any of the machine that the edge runs on. port: of TCP. tls: whether it
    speaks TLS.
    """

    host: str
    port: int
    tls: bool


def broker_address(mqtt: MqttSection) -> BrokerAddress:
    """The address of the embedded broker, or that of [mqtt] url."""
    if mqtt.url:
        parts = urlsplit(mqtt.url)
        tls = parts.scheme == "mqtts"
        return BrokerAddress(parts.hostname or "", parts.port or (8883 if tls else 1883), tls)
    host, port = address(mqtt.listen)
    return BrokerAddress("" if host in EVERYWHERE else host, port, False)

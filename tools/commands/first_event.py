"""Where a new device sends its events, and a line that sends the first one."""

import json
import shlex
from dataclasses import dataclass

from firmware.wire import topics
from tools.flash.edge import address_in_network
from tools.output import Json

EVENT = {"kind": "reading.taken", "value": 21.5}


@dataclass(frozen=True)
class FirstEvent:
    """The way of a device's first event.

    credentials: of the device, as the edge told them. host, port: of the broker. tls: whether it speaks TLS.
    topic: that of the device's events.
    """

    credentials: Json
    host: str
    port: int
    tls: bool
    topic: str

    @classmethod
    def of(cls, credentials: Json, site: Json) -> "FirstEvent":
        """The way to a site. site: what `GET /api/v1/site` tells."""
        mqtt = site["mqtt"]
        topic = topics.topic(site["site"], credentials["device"], "json")
        return cls(credentials, mqtt["host"] or address_in_network(), mqtt["port"], mqtt["tls"], topic)

    def row(self) -> Json:
        """All of it for programs."""
        way = {"host": self.host, "port": self.port, "tls": self.tls, "topic": self.topic}
        return self.credentials | way

    def line(self) -> str:
        """A line for a shell that sends an event, with `mosquitto_pub`."""
        user, secret = self.credentials["username"], self.credentials["secret"]
        words = ["mosquitto_pub", "-h", self.host, "-p", str(self.port), "-u", user, "-P", secret, "-i", user]
        tls = ["--tls-use-os-certs"] if self.tls else []
        return shlex.join([*words, *tls, "-q", "1", "-t", self.topic, "-m", json.dumps(EVENT)])

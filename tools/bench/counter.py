"""The yardstick of the receive path: `python -m tools.bench.counter PORT TOPIC`.

A bare paho subscriber, QoS 1, acknowledged by paho. It says "ready", then a line with its count
whenever it has taken another thousand messages.
"""

import sys
import threading

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

STEP = 1000


def main() -> None:
    """Count until the parent ends this."""
    port, topic = int(sys.argv[1]), sys.argv[2]
    taken = 0

    def count(*_: object) -> None:
        nonlocal taken
        taken += 1
        if taken % STEP == 0:
            print(taken, flush=True)

    def connected(client: paho.Client, *_: object) -> None:
        client.subscribe(topic, 1)

    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="counter")
    client.on_message = count
    client.on_connect = connected
    client.on_subscribe = lambda *_: print("ready", flush=True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    threading.Event().wait()


if __name__ == "__main__":
    main()

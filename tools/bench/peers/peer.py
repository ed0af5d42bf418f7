"""The interface of a product to the benchmark."""

from typing import Protocol

from tools.bench.peers.process import Process

FILTER = "bw1/shop/+/json"  # the topics of the messages


class Peer(Protocol):
    """A product that subscribes with QoS 1 in a persistent session, and stores. process: its run."""

    process: Process

    def start(self) -> None:
        """Start it, for the first time or after an end."""

    def settle(self) -> None:
        """Prepare it for a burst; called when it takes messages."""

    def rows(self) -> int:
        """How many events it has stored; quick to ask."""

    def numbers(self) -> list[int]:
        """The `cents` of all events that it has stored, which tell them apart."""

    def close(self) -> None:
        """End it and everything around it."""

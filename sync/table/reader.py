"""Reading events back from the table."""

from collections.abc import Iterator

from server.settings import Settings
from server.store.events import Stored
from sync.table.chunk import distinct, unpack
from sync.table.dynamo import Dynamo


def read_events(settings: Settings) -> Iterator[Stored]:
    """Every event of the site in the table, each once over all generations, in no particular order.

    Raises CloudError. Their id is 0, because rows of a log differ between stores.
    """
    bodies = Dynamo(settings.cloud).scan(f"D#{settings.edge.site}#")
    yield from distinct(event for body in bodies for event in unpack(body))

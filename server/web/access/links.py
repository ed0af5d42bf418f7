"""Links that sign somebody in once, and the addresses that a browser opens for them."""

from server.clock import milliseconds
from server.settings import Settings, address
from server.store import invitations, staff
from server.store.database import Database
from server.store.invitations import Invitation

FIRST_MIN = 24 * 60


async def create_link(database: Database, number: int | None, minutes: int, quick: bool = False) -> str:
    """The token of a new link for one of the staff, or (None) for the first administrator.

    quick: whether it signs in without asking for a password. Earlier links of the same person are void.
    """
    return await database.write(invitations.create, Invitation(number, quick), milliseconds(), minutes)


async def first_link(database: Database) -> str | None:
    """The token of a new link that makes the first administrator, None when there is one already."""
    if not await database.read(staff.is_open):
        return None
    return await create_link(database, None, FIRST_MIN)


def address_of(settings: Settings, token: str) -> str:
    """The address at which a browser opens a link."""
    host, port = address(settings.http.listen)
    host = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"{settings.http.public_url.rstrip('/') or f'http://{host}:{port}'}/welcome/{token}"

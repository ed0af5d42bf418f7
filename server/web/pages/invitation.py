"""One-time links: the first administrator, people who are invited, visitors of a demo.

GET only shows what a link is for, because programs that look into mails must not use it up. POST uses it.
"""

from aiohttp import web

from server.errors import BadInput
from server.store.invitations import Invitation
from server.store.staff import Person
from server.web.access.client_address import address as sender
from server.web.access.client_address import may_sign_in
from server.web.access.passwords import PASSWORDS, judge
from server.web.access.rate_limit import RATE_LIMITS
from server.web.pages.sign_in import enter, forms, no_https
from server.web.parts import PARTS
from server.web.render import page


async def show(request: web.Request) -> web.Response:
    """GET: the purpose of the link."""
    if not may_sign_in(request):
        return no_https(request)
    link, person = await request.app[PARTS].sign_in.look(request.match_info["token"])
    return _gone(request) if link is None else _form(request, link, person)


async def use(request: web.Request) -> web.StreamResponse:
    """POST: sign in the person whom the link is for, with a new password where one is chosen."""
    if not may_sign_in(request):
        return no_https(request)
    sign_in, token = request.app[PARTS].sign_in, request.match_info["token"]
    account = f"welcome {sender(request)}"
    await request.app[RATE_LIMITS].attempt(account, sender(request))
    link, person = await sign_in.look(token)
    if link is None:
        return _gone(request)
    fields = await forms(request)
    try:
        password = await _password(request, link, person, fields)
        session = await sign_in.use(token, fields.get("email", ""), password)
    except BadInput as error:
        return _form(request, link, person, error, fields)
    if session is None:
        return _gone(request)
    await request.app[RATE_LIMITS].succeeded(account, sender(request))
    return enter(request, session, keep=False)


async def _password(
    request: web.Request, link: Invitation, person: Person | None, fields: dict[str, str]
) -> str | None:
    if link.quick:
        return None
    email = person.email if person else fields.get("email", "")
    return await request.app[PASSWORDS].hash(judge(fields.get("password", ""), email))


def _form(
    request: web.Request, link: Invitation, person: Person | None,
    error: BadInput | None = None, fields: dict[str, str] | None = None,
) -> web.Response:  # fmt: skip
    facts = {"link": link, "person": person, "error": error, "email": (fields or {}).get("email", "")}
    return page(request, "welcome.html", facts, 422 if error else 200)


def _gone(request: web.Request) -> web.Response:
    return page(request, "gone.html", {}, 410)

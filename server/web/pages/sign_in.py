"""Signing in and out."""

from aiohttp import web

from server.clock import milliseconds
from server.store import staff
from server.store.staff import Person
from server.web.access import cookie
from server.web.access.caller import CALLER
from server.web.access.client_address import address, may_sign_in
from server.web.access.passwords import PASSWORDS
from server.web.access.rate_limit import RATE_LIMITS
from server.web.errors import TooMany
from server.web.live.watchers import LIVE
from server.web.pages.forms import posted
from server.web.parts import PARTS
from server.web.render import page

WRONG = "This address and password do not belong together."


async def show(request: web.Request) -> web.StreamResponse:
    """GET: the form, or the dashboard for a person who is signed in already."""
    if not may_sign_in(request):
        return no_https(request)
    if request.get(CALLER) is not None:
        return web.Response(status=303, headers={"Location": "/"})
    return _form(request)


async def check(request: web.Request) -> web.StreamResponse:
    """POST: a session for the right password; the same words for a wrong one and an unknown person."""
    if not may_sign_in(request):
        return no_https(request)
    fields = await forms(request)
    email, sender = staff.normal(fields.get("email", ""))[:254], address(request)
    limits = request.app[RATE_LIMITS]
    try:
        await limits.attempt(email, sender)
    except TooMany as error:
        minutes = -(-error.retry_after_s // 60)
        answer = _form(request, email, f"Too many attempts. Try again in {minutes} min.", 429)
        answer.headers["Retry-After"] = str(error.retry_after_s)
        return answer
    person = await _who(request, email, fields.get("password", ""))
    if person is None:
        return _form(request, email, WRONG, 403)
    await limits.succeeded(email, sender)
    session = await request.app[PARTS].sign_in.begin(person)
    return enter(request, session, keep="keep" in fields)


async def leave(request: web.Request) -> web.StreamResponse:
    """POST: end the session, here and wherever else its cookie is."""
    caller = request.get(CALLER)
    if caller is not None and caller.session is not None:
        await request.app[PARTS].sign_in.end(caller.session)
        request.app[LIVE].suspect()
    answer = web.Response(status=303, headers={"Location": "/sign-in"})
    cookie.drop(request, answer)
    return answer


def enter(request: web.Request, session: str, keep: bool) -> web.StreamResponse:
    """The way to the dashboard with the cookie of a new session. keep: whether it outlives the browser."""
    answer = web.Response(status=303, headers={"Location": "/"})
    sealed = cookie.seal(request.app[cookie.KEY], session, milliseconds())
    cookie.put(request, answer, sealed, keep)
    return answer


async def forms(request: web.Request) -> dict[str, str]:
    """The text fields of a posted form. Raises BadInput."""
    fields = await posted(request)
    return {name: value for name, value in fields.items() if isinstance(value, str)}


def no_https(request: web.Request) -> web.Response:
    """The page that says why: passwords are not sent unencrypted."""
    return page(request, "no-https.html", {"host": request.host}, 403)


async def _who(request: web.Request, email: str, password: str) -> Person | None:
    sign_in = request.app[PARTS].sign_in
    person = await sign_in.person(email)
    if await request.app[PASSWORDS].fits(password, person.password if person else None):
        return person
    await sign_in.refuse(email)
    return None


def _form(request: web.Request, email: str = "", wrong: str = "", status: int = 200) -> web.Response:
    return page(request, "sign-in.html", {"email": email, "wrong": wrong}, status)

"""Headers of every answer for browsers: load nothing from elsewhere or inline, show it in no frame."""

from aiohttp import web

from server.web.access.client_address import is_https
from server.web.problems import REQUEST_ID

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
FIXED = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


async def add_headers(request: web.Request, answer: web.StreamResponse) -> None:
    """A signal for `on_response_prepare`; a page may have set a policy of its own before."""
    headers = answer.headers
    headers.setdefault("Content-Security-Policy", CSP)
    for name, value in FIXED.items():
        headers.setdefault(name, value)
    headers["Cache-Control"] = "no-cache" if request.path.startswith("/static/") else "no-store"
    headers["X-Request-ID"] = request.get(REQUEST_ID, "")
    if is_https(request):
        headers["Strict-Transport-Security"] = "max-age=31536000"

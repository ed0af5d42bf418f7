"""The addresses of links that sign somebody in once."""

from server.settings import Settings, address


def address_of(settings: Settings, token: str) -> str:
    """The address at which a browser opens a link."""
    host, port = address(settings.http.listen)
    host = "localhost" if host in ("0.0.0.0", "::") else f"[{host}]" if ":" in host else host
    return f"{settings.http.public_url.rstrip('/') or f'http://{host}:{port}'}/welcome/{token}"

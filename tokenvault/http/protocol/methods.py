"""The methods of a path: the header `Allow` of a 405 (RFC 9110, 10.2.1) lists all of them.

The framework's own names those of the first route with that address only, and no `HEAD`, which `Head` serves.
"""

from fastapi import Request
from starlette.routing import Match

_METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def allowed_methods(request: Request) -> str:
    """All methods that the address of a request takes, as `Allow` lists them."""
    taken = {method for method in _METHODS if _is_taken(request, method)}
    if "GET" in taken:
        taken.add("HEAD")
    return ", ".join(sorted(taken))


def _is_taken(request: Request, method: str) -> bool:
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.router.routes)

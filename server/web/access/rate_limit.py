"""Rate limits: passwords can only be guessed slowly, and no caller of the interface can block others."""

import math
import time

from aiohttp import web
from aiohttp.typedefs import Handler
from limits import RateLimitItem, parse
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter, SlidingWindowCounterRateLimiter

from server.web.access.caller import CALLER
from server.web.access.client_address import address
from server.web.errors import TooMany

PER_ACCOUNT_AND_ADDRESS = parse("5 per 5 minute")  # one account from one address
PER_ACCOUNT = parse("30 per 15 minute")  # from anywhere
PER_ADDRESS = parse("30 per 5 minute")  # any account
PER_CALLER = parse("6000 per minute")
PREFIX = "/api/"


class RateLimits:
    """Counts attempts in memory, so that a restart forgets them."""

    def __init__(self) -> None:
        storage = MemoryStorage()
        self._attempts = MovingWindowRateLimiter(storage)
        self._calls = SlidingWindowCounterRateLimiter(storage)

    async def attempt(self, account: str, sender: str) -> None:
        """Count an attempt to sign in before its password is looked at. Raises TooMany."""
        for limit, key in _limits(account, sender):
            if not await self._attempts.hit(limit, *key):
                raise TooMany(await self._wait(self._attempts, limit, *key))

    async def succeeded(self, account: str, sender: str) -> None:
        """Forget the attempts of somebody who knew the password."""
        for limit, key in _limits(account, sender)[:2]:
            await self._attempts.clear(limit, *key)

    async def call(self, caller: str) -> None:
        """Count a call of the interface. Raises TooMany."""
        if not await self._calls.hit(PER_CALLER, caller):
            raise TooMany(await self._wait(self._calls, PER_CALLER, caller))

    async def _wait(
        self,
        limiter: MovingWindowRateLimiter | SlidingWindowCounterRateLimiter,
        limit: RateLimitItem,
        *key: str,
    ) -> int:
        stats = await limiter.get_window_stats(limit, *key)
        return max(1, math.ceil(stats.reset_time - time.time()))


RATE_LIMITS: web.AppKey[RateLimits] = web.AppKey("rate_limits", RateLimits)


def _limits(account: str, sender: str) -> list[tuple[RateLimitItem, tuple[str, ...]]]:
    return [(PER_ACCOUNT_AND_ADDRESS, (account, sender)), (PER_ACCOUNT, (account,)), (PER_ADDRESS, (sender,))]


@web.middleware
async def limit_rate(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Apply the limit to every caller of the interface, and to everybody who posts forms."""
    if request.path.startswith(PREFIX) or request.method == "POST":
        caller = request.get(CALLER)
        if caller is None or caller.limited:
            await request.app[RATE_LIMITS].call(caller.name if caller else address(request))
    return await handler(request)

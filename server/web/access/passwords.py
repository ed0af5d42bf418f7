"""Passwords: argon2id, off the event loop, at most two at a time."""

import asyncio

from aiohttp import web
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from server.errors import BadInput

SHORTEST, LONGEST = 8, 256
AT_ONCE = 2  # each takes 19 MiB and a core
TOO_COMMON = """
    12345678 123456789 1234567890 11111111 00000000 87654321 12341234 11223344 88888888 147258369
    password password1 password12 password123 password1234 passw0rd p@ssw0rd p@ssword passwort
    qwertyui qwertyuiop qwerty12 qwerty123 qwerty1234 1q2w3e4r 1q2w3e4r5t 1qaz2wsx q1w2e3r4 asdfghjk
    asdfghjkl asdf1234 zxcvbnm1 zaq12wsx abcd1234 abcdefgh abcdefg1 abc12345 a1b2c3d4 aa123456
    iloveyou iloveyou1 sunshine princess football baseball superman batman123 trustno1 starwars
    dragon123 monkey123 welcome1 welcome123 letmein1 letmein123 changeme changeme1 changeme123 admin123
    admin1234 administrator rootroot root1234 test1234 testtest guest123 default1 secret123 master123
    internet computer michelle jennifer whatever liverpool chocolate boardwalk boardwalk1 boardwalk123
    micropython dashboard summer2026 winter2026 hello123 hallo123 correcthorse raspberry raspberrypi
"""


class Passwords:
    """Makes and checks hashes. m=19 MiB, t=2, p=1, as OWASP advises."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self._decoy = self._hasher.hash("nobody has this password")
        self._turn = asyncio.Semaphore(AT_ONCE)

    async def hash(self, password: str) -> str:
        """The hash of a password, which the store keeps."""
        async with self._turn:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def fits(self, password: str, kept: str | None) -> bool:
        """Whether this is the password; takes the same time when there is no hash to compare with."""
        async with self._turn:
            right = await asyncio.to_thread(self._check, kept or self._decoy, password)
        return right and kept is not None

    def _check(self, kept: str, password: str) -> bool:
        try:
            return self._hasher.verify(kept, password)
        except (VerificationError, InvalidHashError):
            return False


PASSWORDS: web.AppKey[Passwords] = web.AppKey("passwords", Passwords)


def judge(password: str, email: str) -> str:
    """The password, when it may be used. Raises BadInput with what to do instead."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise BadInput("password", f"Choose {SHORTEST} characters or more; a short sentence is good.")
    lower = password.lower()
    if lower in TOO_COMMON.split() or len(set(lower)) < 3:
        raise BadInput("password", "That is one of the first that are tried; choose a less common one.")
    if lower in (email.lower(), email.lower().partition("@")[0]):
        raise BadInput("password", "Choose one that is not your address.")
    return password

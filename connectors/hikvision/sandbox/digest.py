"""HTTP Digest as a terminal checks it: nonces that age, counters that grow, a lock after five."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field

from hrhub.sandbox.rest import Asked

_PAIR = re.compile(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))')
_TRIES = 5
REALM = "DS-1a2b3c4d"


@dataclass(slots=True)
class DigestGuard:
    """Lets in who knows the password.

    Attributes:
        user: Its only user.
        password: The password.
        uses: How often a nonce may be used before it is stale.
    """

    user: str
    password: str
    uses: int = 1_000_000
    failures: int = 0
    _made: int = 0
    _counts: dict[str, int] = field(default_factory=dict)

    @property
    def locked(self) -> bool:
        """Whether too many tries failed."""
        return self.failures >= _TRIES

    def challenge(self, *, stale: bool = False) -> str:
        """Return a new challenge."""
        self._made += 1
        nonce = hashlib.sha256(f"nonce-{self._made}".encode()).hexdigest()[:32]
        self._counts[nonce] = 0
        word = "TRUE" if stale else "FALSE"
        return f'Digest qop="auth", realm="{REALM}", nonce="{nonce}", stale="{word}"'

    def admit(self, asked: Asked) -> str | None:
        """Return None for whoever may pass, else the challenge to answer."""
        header = asked.headers.get("authorization", "")
        if not header.lower().startswith("digest "):
            return self.challenge()
        given = {n.lower(): quoted or bare for n, quoted, bare in _PAIR.findall(header)}
        nonce = given.get("nonce", "")
        if nonce not in self._counts or self._counts[nonce] >= self.uses:
            return self.challenge(stale=True)
        try:
            count = int(given.get("nc", ""), 16)
        except ValueError:
            return self.challenge()
        if given.get("response") != self._expected(asked, given):
            self.failures += 1
            return self.challenge()
        if count <= self._counts[nonce]:
            return self.challenge(stale=True)
        self._counts[nonce] = count
        self.failures = 0
        return None

    def _expected(self, asked: Asked, given: dict[str, str]) -> str:
        a1 = _md5(f"{self.user}:{REALM}:{self.password}")
        a2 = _md5(f"{asked.method}:{asked.target}")
        parts = (a1, given.get("nonce"), given.get("nc"), given.get("cnonce"), "auth", a2)
        return _md5(":".join(str(part) for part in parts))


def _md5(text: str) -> str:
    # RFC 7616's older algorithm, which is all that terminals have.
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

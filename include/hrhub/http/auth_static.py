"""Schemes that need no token: key, password, challenge, signature."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from hrhub.ambient import random_bytes
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.auth_base import Channel, Secret, reveal


class _Static:
    """A scheme that has nothing to refresh."""

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Return False: there are no other credentials."""
        return False


@dataclass(frozen=True, slots=True)
class NoAuth(_Static):
    """Send requests as they are."""

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add nothing."""


@dataclass(frozen=True, slots=True)
class Basic(_Static):
    """HTTP Basic (RFC 7617), user and password in UTF-8; some vendors take a key as the user."""

    user: Secret = field(repr=False)
    password: Secret = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the ``Authorization`` header."""
        pair = f"{reveal(self.user)}:{reveal(self.password)}".encode()
        request.headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"


@dataclass(frozen=True, slots=True)
class ApiKey(_Static):
    """A fixed key in a header or in the query."""

    key: Secret = field(repr=False)
    name: str = "X-Api-Key"
    place: Literal["header", "query"] = "header"
    prefix: str = ""

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add the key."""
        slots = request.headers if self.place == "header" else request.params
        slots[self.name] = f"{self.prefix}{reveal(self.key)}"


@dataclass(frozen=True, slots=True)
class HmacSigned(_Static):
    """A signature over a text that the vendor prescribes.

    Attributes:
        secret: The shared key.
        text: Returns the bytes to sign from request, time stamp and nonce.
        place: Puts signature, time stamp and nonce into the request.
        stamp: Time stamp in ``ms`` or ``s`` since 1970.
        algorithm: A name that :mod:`hashlib` knows.
        encoding: How the signature is written.
    """

    secret: Secret = field(repr=False)
    text: Callable[[Outgoing, str, str], bytes]
    place: Callable[[Outgoing, str, str, str], None]
    stamp: Literal["ms", "s"] = "ms"
    algorithm: str = "sha256"
    encoding: Literal["hex", "base64"] = "hex"

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Sign the request as it is now; every try is signed anew."""
        seconds = channel.clock.now().timestamp()
        stamp = str(int(seconds * 1000) if self.stamp == "ms" else int(seconds))
        nonce = random_bytes(16).hex()
        key = reveal(self.secret).encode()
        mac = hmac.new(key, self.text(request, stamp, nonce), self.algorithm)
        signature = (
            mac.hexdigest()
            if self.encoding == "hex"
            else base64.b64encode(mac.digest()).decode("ascii")
        )
        self.place(request, signature, stamp, nonce)


@dataclass(frozen=True, slots=True)
class Digest:
    """HTTP Digest (RFC 7616) with MD5 or SHA-256 and ``qop=auth``, as terminals speak it."""

    user: str
    password: Secret = field(repr=False)

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Answer the last challenge; the first request goes without and is refused."""
        challenge: dict[str, str] | None = channel.state.get("digest")
        if challenge is None:
            return
        count = channel.state["digest_count"] = channel.state.get("digest_count", 0) + 1
        parts = urlsplit(request.target())
        uri = parts.path + (f"?{parts.query}" if parts.query else "")
        request.headers["Authorization"] = self._header(request.method, uri, challenge, count)

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Take the challenge of a 401; refuse one we could not answer with a safe scheme."""
        challenge = _challenge(answer.headers.get("www-authenticate", ""))
        if challenge is None:
            return False
        channel.state["digest"] = challenge
        channel.state["digest_count"] = 0
        return True

    def _header(self, method: str, uri: str, challenge: dict[str, str], count: int) -> str:
        algorithm = challenge.get("algorithm", "MD5")
        name = "sha256" if algorithm.upper().startswith("SHA-256") else "md5"

        def h(text: str) -> str:
            # The scheme's own choice; machines in FIPS mode must be told that it guards nothing.
            return hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()

        realm, nonce = challenge.get("realm", ""), challenge["nonce"]
        cnonce, nc = random_bytes(8).hex(), f"{count:08x}"
        a1 = h(f"{self.user}:{realm}:{reveal(self.password)}")
        if algorithm.lower().endswith("-sess"):
            a1 = h(f"{a1}:{nonce}:{cnonce}")
        a2 = h(f"{method}:{uri}")
        fields = {"username": self.user, "realm": realm, "nonce": nonce, "uri": uri}
        if "qop" in challenge:
            fields["response"] = h(f"{a1}:{nonce}:{nc}:{cnonce}:auth:{a2}")
            bare = f", algorithm={algorithm}, qop=auth, nc={nc}"
            fields["cnonce"] = cnonce
        else:
            fields["response"] = h(f"{a1}:{nonce}:{a2}")
            bare = f", algorithm={algorithm}"
        if "opaque" in challenge:
            fields["opaque"] = challenge["opaque"]
        quoted = ", ".join(f'{name}="{value}"' for name, value in fields.items())
        return f"Digest {quoted}{bare}"


def _challenge(header: str) -> dict[str, str] | None:
    """Read a Digest challenge; None if there is none that we can answer."""
    at = re.search(r"\bdigest\s", header, re.IGNORECASE)
    if at is None:
        return None
    pairs = re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))', header[at.end() :])
    found = {name.lower(): quoted or bare for name, quoted, bare in pairs}
    qop = [word.strip() for word in found.get("qop", "auth").lower().split(",")]
    known = found.get("algorithm", "MD5").upper().removesuffix("-SESS") in ("MD5", "SHA-256")
    return found if "nonce" in found and "auth" in qop and known else None

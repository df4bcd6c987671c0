"""What an authentication scheme is, and what it may use of the client.

A scheme is a declaration without state; what it has to remember lives in the client's ports, so
that all workers of a connection share one token. Nothing here imports an HTTP library.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, MutableMapping
from typing import Any, Protocol

from pydantic import SecretStr

from hrhub.ambient import Clock
from hrhub.http.answer import Answer, Outgoing
from hrhub.http.ports import TokenCache

Secret = SecretStr | str


class Channel(Protocol):
    """What a scheme may use of the client."""

    @property
    def clock(self) -> Clock:
        """The time."""
        ...

    @property
    def tokens(self) -> TokenCache:
        """Tokens shared by all who use the connection."""
        ...

    @property
    def state(self) -> MutableMapping[str, Any]:
        """What a scheme remembers in this client only."""
        ...

    @property
    def labels(self) -> Mapping[str, Any]:
        """Vendor and connection, for errors and for token names."""
        ...

    def ask(self, request: Outgoing) -> Answer:
        """Send a request without authorisation and return the good answer.

        Raises:
            AuthError: The vendor refused the credentials in it.
            HrHubError: What else the vendor's error code or the failure stands for.
        """
        ...


class Auth(Protocol):
    """Complete requests, and recover once when the vendor refuses one."""

    def prepare(self, request: Outgoing, channel: Channel) -> None:
        """Add what authorises the request."""
        ...

    def refresh(self, answer: Answer, channel: Channel) -> bool:
        """Try to get better credentials after a refusal; tell whether to send once more."""
        ...


def token_name(channel: Channel, *account: str) -> str:
    """Return the name under which the token of an account is shared; never holds a secret.

    Args:
        channel: Tells vendor and connection.
        *account: What tells this account from others of the connection.
    """
    digest = hashlib.sha256("\x1f".join(account).encode()).hexdigest()[:32]
    labels = channel.labels
    return f"{labels.get('vendor', '')}:{labels.get('connection', '')}:{digest}"


def reveal(secret: Secret) -> str:
    """Return the clear text of a secret."""
    return secret.get_secret_value() if isinstance(secret, SecretStr) else secret

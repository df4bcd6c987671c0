"""The audit chain: every link's MAC covers the event and the link before.

``mac = HMAC(AUK, "HIHA1" || prev(32) || canonical_json(event))``; the first ``prev`` is zeros.
Events hold who, what, ids, counts and field paths; never values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hmac import compare_digest

from hrhub.crypto.errors import AuditBroken
from hrhub.crypto.framing import canonical_json
from hrhub.crypto.keys import TenantKeys

GENESIS = bytes(32)
"""What the first link of a tenant follows."""

Linker = Callable[[bytes, Mapping[str, object]], bytes]
"""``(mac of the link before, event) -> mac``."""


def audit_linker(keys: TenantKeys) -> Linker:
    """Return the function that computes the next link's MAC under the tenant's AUK."""
    auk = keys.key("auk")
    mac = auk.suite.keyed(auk.key, b"HIHA1")

    def link(prev: bytes, event: Mapping[str, object]) -> bytes:
        if len(prev) != len(GENESIS):
            raise AuditBroken(seq=event.get("seq"))
        return mac(prev + canonical_json(event))

    return link


def verify_links(
    link: Linker,
    links: Iterable[tuple[Mapping[str, object], bytes]],
    *,
    prev: bytes = GENESIS,
    first_seq: int = 1,
) -> tuple[int, bytes]:
    """Check a run of links and return how many held and the last MAC.

    ``links`` are (event, mac) in order; each event carries its ``seq``. Cutting the end is seen
    only by comparing with a checkpoint kept elsewhere.

    Raises:
        AuditBroken: A link was edited, removed, added or moved; ``seq`` is the first wrong one.
    """
    count = 0
    for event, mac in links:
        seq = first_seq + count
        if event.get("seq") != seq or not compare_digest(link(prev, event), mac):
            raise AuditBroken(seq=seq)
        prev = mac
        count += 1
    return count, prev

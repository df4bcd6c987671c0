"""Values and requests on their way out or in, sealed as one piece of any size.

Their length is rounded up, so that it does not tell what is in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from hrhub.crypto import DataKey, SegmentPlace, TenantKeys, open_segment, seal_segment
from hrhub.errors import KeysUnavailable
from hrhub.store import keys as key_store

_STEP = 128
"""Lengths are multiples of this."""
_KEY_ID = slice(4, 20)
"""Where a segment names its key."""


def seal_parcel(
    keys: TenantKeys, key: DataKey, content: Any, *, table: str, connection: str, row_id: str
) -> bytes:
    """Seal content for one row; it opens nowhere else."""
    packed = msgspec.msgpack.encode(_tagged(content))
    padded = len(packed).to_bytes(4, "big") + packed
    padded += bytes(-len(padded) % _STEP)
    place = SegmentPlace(keys.tenant, table, connection, row_id)
    sealed, _ = seal_segment(padded, key, place, page_key=keys.fingerprint_key(table))
    return sealed


def open_parcel(key: DataKey, sealed: bytes, *, table: str, connection: str, row_id: str) -> Any:
    """Open what :func:`seal_parcel` sealed.

    Raises:
        EnvelopeError: It was changed, moved or cut.
    """
    padded = open_segment(sealed, key, SegmentPlace(key.tenant, table, connection, row_id))
    length = int.from_bytes(padded[:4], "big")
    return _untagged(msgspec.msgpack.decode(padded[4 : 4 + length]))


def key_of(tx: Any, keys: TenantKeys, sealed: bytes) -> DataKey:
    """Return the key that a parcel names.

    Raises:
        KeysUnavailable: It was destroyed (``keys.erased``), or is not in the store.
    """
    found = key_store.load_deks_by_id(tx, [bytes(sealed[_KEY_ID])])
    if not found:
        raise KeysUnavailable("keys.unknown", key_ref="dek/" + bytes(sealed[_KEY_ID]).hex())
    return keys.load_dek(found[0])


def _tagged(value: Any) -> Any:
    """Mark the types that the encoding would not bring back."""
    if isinstance(value, datetime):
        return {"$t": value.isoformat()}
    if isinstance(value, date):
        return {"$d": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$n": str(value)}
    if isinstance(value, Mapping):
        return {str(name): _tagged(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_tagged(inner) for inner in value]
    return value


def _untagged(value: Any) -> Any:
    match value:
        case {"$t": text}:
            return datetime.fromisoformat(text)
        case {"$d": text}:
            return date.fromisoformat(text)
        case {"$n": text}:
            return Decimal(text)
        case dict():
            return {name: _untagged(inner) for name, inner in value.items()}
        case list():
            return [_untagged(inner) for inner in value]
    return value

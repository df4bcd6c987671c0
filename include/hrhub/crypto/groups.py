"""The sealed groups of a row, and the seal over the whole row.

All personal values of a row share one envelope, all sensitive ones another, because the right to
read is given per class. The sensitive group is padded, so that its length does not tell which
document or how many digits it holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from hmac import compare_digest

import msgspec

from hrhub.crypto.envelope import MAX_BODY_BYTES, DataKey, aad_prefix
from hrhub.crypto.errors import unreadable
from hrhub.crypto.framing import canonical_json, lp
from hrhub.crypto.values import JSON
from hrhub.errors import RowRejected

PERSONAL = "sealed_personal"
SENSITIVE = "sealed_sensitive"
ROW_SEAL_BYTES = 16

NO_FIELDS = b"{}"
"""Canonical JSON of a group that has no field."""

_PADDED = {PERSONAL: False, SENSITIVE: True}
_JSON_TYPE = bytes((JSON,))
_decode = msgspec.json.Decoder().decode


def seal_group(
    key: DataKey,
    tenant: str,
    entity: str,
    group: str,
    row_uid: str,
    fields: Mapping[str, object],
) -> bytes:
    """Seal the fields of one group; None means supplied as empty, an absent key not supplied.

    Raises:
        UnsealableValue: A value has no canonical form.
        RowRejected: The group is longer than 64 KiB.
        EnvelopeError: The key is another tenant's.
    """
    if tenant != key.tenant:
        raise unreadable("tenant")
    typed = _JSON_TYPE + canonical_json(fields)
    return key.seal_typed(typed, entity, group, row_uid, _PADDED[group])


def open_group(
    key: DataKey, tenant: str, entity: str, group: str, row_uid: str, envelope: bytes
) -> dict[str, object]:
    """Open one group; values are JSON types (dates, times and decimals are text).

    Raises:
        EnvelopeError: It was changed, moved, or belongs to another key.
    """
    if tenant != key.tenant:
        raise unreadable("tenant")
    typed = key.open_typed(envelope, entity, group, row_uid, padded=_PADDED[group])
    if typed[0] != JSON:
        raise unreadable("type")
    try:
        fields = _decode(memoryview(typed)[1:])
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise unreadable("body") from None
    if type(fields) is not dict:
        raise unreadable("body")
    return fields


def row_seal(
    key: DataKey,
    entity: str,
    row_uid: str,
    row_version: int,
    columns: Mapping[str, object],
    envelopes: Mapping[str, bytes],
) -> bytes:
    """Return the 16-byte seal over a row's plain columns and envelopes.

    It shows edited plain columns and the roll-back of a single envelope. ``columns`` that are None
    are left out (SQL NULL); ``envelopes`` are by field path.
    """
    digest = key.suite.digest
    parts = [
        lp(key.tenant, entity, row_uid),
        row_version.to_bytes(8, "big"),
        canonical_json({k: v for k, v in columns.items() if v is not None}),
        *(digest(envelopes[path]) for path in sorted(envelopes)),
    ]
    return key.row_mac(b"".join(parts))[:ROW_SEAL_BYTES]


class RowSealer:
    """Seals the rows of one entity: what is the same for every row is framed once.

    Gives exactly what :func:`seal_group` and :func:`row_seal` give.
    """

    def __init__(self, tenant: str, entity: str) -> None:
        self._tenant = tenant
        self._entity = entity
        self._row = lp(tenant, entity)
        self._personal = aad_prefix(tenant, entity, PERSONAL)
        self._sensitive = aad_prefix(tenant, entity, SENSITIVE)

    def seal(
        self,
        key: DataKey,
        row_uid: str,
        row_version: int,
        columns: bytes,
        personal: bytes = NO_FIELDS,
        sensitive: bytes = NO_FIELDS,
    ) -> tuple[bytes | None, bytes | None, bytes]:
        """Return the envelope of each group and the seal over the row; empty groups have none.

        Columns and groups come as their canonical JSON; ``columns`` has no null.

        Raises:
            RowRejected: A group is longer than 64 KiB.
            EnvelopeError: The key is another tenant's.
        """
        if key.tenant != self._tenant:
            raise unreadable("tenant")
        digest = key.suite.digest
        uid = row_uid.encode()
        framed = len(uid).to_bytes(2, "big") + uid
        message = self._row + framed + row_version.to_bytes(8, "big") + columns
        first = second = None
        if personal != NO_FIELDS:
            first = key.seal_at(self._typed(personal, PERSONAL), self._personal + framed, False)
            message += digest(first)
        if sensitive != NO_FIELDS:
            second = key.seal_at(self._typed(sensitive, SENSITIVE), self._sensitive + framed, True)
            message += digest(second)
        return first, second, key.row_mac(message)[:ROW_SEAL_BYTES]

    def _typed(self, fields: bytes, group: str) -> bytes:
        if len(fields) > MAX_BODY_BYTES:
            path = f"{self._entity}.{group}"
            raise RowRejected("too_large", path, "envelope", bytes=len(fields))
        return _JSON_TYPE + fields


def row_seal_holds(
    seal: bytes,
    key: DataKey,
    entity: str,
    row_uid: str,
    row_version: int,
    columns: Mapping[str, object],
    envelopes: Mapping[str, bytes],
) -> bool:
    """Say whether a stored seal is the one its row should have, in constant time."""
    return compare_digest(seal, row_seal(key, entity, row_uid, row_version, columns, envelopes))

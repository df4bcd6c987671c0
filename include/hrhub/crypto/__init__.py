"""Sealing: keys, envelopes, blind indexes, segments and the audit chain.

The byte formats are final. What was sealed by one version of hrhub opens in every later one.
"""

from __future__ import annotations

from hrhub.crypto.audit import GENESIS, audit_linker, verify_links
from hrhub.crypto.blind import BlindIndex, BlindIndexer
from hrhub.crypto.caching import DataKeyCache, OpenTenants
from hrhub.crypto.envelope import DataKey, dek_id_of
from hrhub.crypto.envkeys import EnvKeys, default_provider
from hrhub.crypto.errors import AuditBroken, EnvelopeError, KeyCommitmentError, UnsealableValue
from hrhub.crypto.framing import CanonicalFields
from hrhub.crypto.groups import (
    NO_FIELDS,
    RowSealer,
    open_group,
    row_seal,
    row_seal_holds,
    seal_group,
)
from hrhub.crypto.keyring import FileKeyring
from hrhub.crypto.keys import TenantKeys, new_tenant_key, open_tenant, rewrap
from hrhub.crypto.normalise import normaliser_for
from hrhub.crypto.providers import Health, KeyProvider
from hrhub.crypto.records import DekRecord, KeyTable, WrappedKey
from hrhub.crypto.segments import (
    Segment,
    SegmentPlace,
    StreamSealer,
    open_segment,
    open_stream,
    read_segment,
    seal_segment,
    write_segment,
)
from hrhub.crypto.values import decode_value, encode_value

__all__ = [
    "GENESIS",
    "NO_FIELDS",
    "AuditBroken",
    "BlindIndex",
    "BlindIndexer",
    "CanonicalFields",
    "DataKey",
    "DataKeyCache",
    "DekRecord",
    "EnvKeys",
    "EnvelopeError",
    "FileKeyring",
    "Health",
    "KeyCommitmentError",
    "KeyProvider",
    "KeyTable",
    "OpenTenants",
    "RowSealer",
    "Segment",
    "SegmentPlace",
    "StreamSealer",
    "TenantKeys",
    "UnsealableValue",
    "WrappedKey",
    "audit_linker",
    "decode_value",
    "default_provider",
    "dek_id_of",
    "encode_value",
    "new_tenant_key",
    "normaliser_for",
    "open_group",
    "open_segment",
    "open_stream",
    "open_tenant",
    "read_segment",
    "rewrap",
    "row_seal",
    "row_seal_holds",
    "seal_group",
    "seal_segment",
    "verify_links",
    "write_segment",
]

"""Tenant keys and data keys: made, wrapped, loaded, checked.

::

    KEK   held by the provider
     ├ TWK  per tenant: wraps data keys in this process, no provider call per person
     │  └ DEK  one per (tenant, subject), per landing batch, per inbox, outbox, quarantine day
     ├ BIK  per tenant: root of blind indexes and fingerprints, never encrypts
     ├ AUK  per tenant: seals the audit chain
     └ CUK  per tenant: cursors, tokens, idempotency keys

A data key is stored as ``nonce12 || GCM(TWK, nonce12, DEK, aad)`` with
``aad = "HIHW1" || lp(tenant, purpose, owner) || twk_id || dek_id || profile_u8`` and
``commit = HMAC(DEK, "HIHC1" || dek_id)``.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NoReturn, get_args

from cryptography.exceptions import InvalidTag

from hrhub.ambient import Clock, SystemClock, random_bytes
from hrhub.crypto.envelope import DataKey
from hrhub.crypto.errors import KeyCommitmentError
from hrhub.crypto.framing import lp
from hrhub.crypto.nonces import nonces
from hrhub.crypto.providers import KeyProvider
from hrhub.crypto.records import DekRecord, KeyTable, TenantKeyPurpose, WrappedKey
from hrhub.crypto.suites import NONCE_BYTES, TAG_BYTES, Aead, Suite, suite_of
from hrhub.errors import ConfigError, KeysUnavailable

_PURPOSES: tuple[TenantKeyPurpose, ...] = get_args(TenantKeyPurpose)
_KEY, _ID = 32, 16
WRAPPED_DEK_BYTES = NONCE_BYTES + _KEY + TAG_BYTES


class TenantKey:
    """One unwrapped version of one tenant key."""

    __slots__ = ("key", "key_id", "purpose", "suite", "version")

    def __init__(self, purpose: str, version: int, key_id: bytes, suite: Suite, key: bytes) -> None:
        self.purpose = purpose
        self.version = version
        self.key_id = key_id
        self.suite = suite
        self.key = key

    def __repr__(self) -> str:
        return f"TenantKey({self.purpose}/{self.version})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")


class TenantKeys:
    """The keys of one tenant, unwrapped, in this process's memory only.

    New data keys follow the profile of the newest TWK; what exists keeps its own.
    """

    def __init__(
        self, tenant: str, keys: Iterable[TenantKey], *, clock: Clock | None = None
    ) -> None:
        self.tenant = tenant
        self._clock = clock or SystemClock()
        self._by_purpose: dict[str, dict[int, TenantKey]] = {p: {} for p in _PURPOSES}
        for key in keys:
            self._by_purpose[key.purpose][key.version] = key
        self._twks = {key.key_id: key for key in self._by_purpose["twk"].values()}
        self._wrappers: dict[tuple[bytes, int], Aead] = {}
        newest = self.key("twk")
        self.profile = newest.suite.number

    def __repr__(self) -> str:
        return f"TenantKeys({self.tenant!r}, profile={self.profile})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("keys are not pickled")

    def key(self, purpose: TenantKeyPurpose, version: int | None = None) -> TenantKey:
        """Return one version of a tenant key, or the newest.

        Raises:
            KeysUnavailable: There is none in a usable state (``keys.unknown``).
        """
        versions = self._by_purpose[purpose]
        found = versions.get(max(versions, default=0) if version is None else version)
        if found is None:
            raise KeysUnavailable("keys.unknown", key_ref=f"{purpose}/{version or 'newest'}")
        return found

    def create_deks(self, purpose: str, owners: Sequence[str]) -> list[tuple[DekRecord, DataKey]]:
        """Make one data key per owner, in the order given; the caller stores the records.

        One call to the system's generator serves the whole batch.
        """
        twk = self.key("twk")
        suite = twk.suite
        profile = suite.number
        encrypt = self._wrapper(twk, profile).encrypt
        start = b"HIHW1" + lp(self.tenant, purpose)
        twk_id = twk.key_id
        suffix = bytes((profile,))
        now = self._clock.now()
        raw = random_bytes((_KEY + _ID + NONCE_BYTES) * len(owners))
        out = []
        at = 0
        for owner in owners:
            key = raw[at : at + 32]
            dek_id = raw[at + 32 : at + 48]
            nonce = raw[at + 48 : at + 60]
            at += 60
            aad = b"%b%b%b%b%b" % (start, lp(owner), twk_id, dek_id, suffix)
            data_key = DataKey(key, dek_id, self.tenant, suite)
            record = DekRecord(
                dek_id,
                self.tenant,
                owner,
                purpose,
                profile,
                twk_id,
                nonce + encrypt(nonce, key, aad),
                data_key.commitment(),
                "active",
                0,
                now,
            )
            out.append((record, data_key))
        return out

    def load_dek(self, record: DekRecord) -> DataKey:
        """Unwrap a data key and check it against its commitment.

        Raises:
            KeyCommitmentError: The record was changed, moved, or holds another key.
            KeysUnavailable: Its TWK cannot be had (``keys.unknown``) or the key was destroyed by
                an erasure (``keys.erased``).
        """
        key = self._unwrap_dek(record)
        uses = record.uses if record.state == "active" else 1 << 24
        data_key = DataKey(key, record.dek_id, record.tenant, suite_of(record.profile), uses=uses)
        data_key.check(record.commit)
        return data_key

    def rewrap_dek(self, record: DekRecord) -> DekRecord:
        """Return the record wrapped by the newest TWK; the data key and its data stay.

        The caller stores it with a compare-and-set on ``twk_id``.

        Raises:
            KeyCommitmentError: As in :meth:`load_dek`.
            KeysUnavailable: As in :meth:`load_dek`.
        """
        self.load_dek(record)
        key = self._unwrap_dek(record)
        twk = self.key("twk")
        moved = replace(record, twk_id=twk.key_id)
        nonce = nonces.take()
        wrapped = self._wrapper(twk, record.profile).encrypt(nonce, key, _dek_aad(moved))
        return replace(moved, wrapped=nonce + wrapped)

    def fingerprint_key(self, purpose_info: str, version: int | None = None) -> bytes:
        """Derive a 32-byte key for keyed comparison hashes, such as the gate's, from the BIK.

        ``HKDF(BIK, salt none, "HIHG1" || lp(tenant, purpose_info), 32)``.
        """
        bik = self.key("bik", version)
        return bik.suite.hkdf(bik.key, b"HIHG1" + lp(self.tenant, purpose_info))

    def cursor_key(self, key_id: bytes | None = None) -> DataKey:
        """Return the key that seals cursors, page tokens and access tokens: the CUK.

        ``key_id`` is what ``dek_id_of`` says of a sealed cursor; None is the newest CUK.

        Raises:
            KeysUnavailable: There is no CUK of this id (``keys.unknown``).
        """
        for cuk in self._by_purpose["cuk"].values():
            if cuk.key_id == key_id:
                break
        else:
            if key_id is not None:
                raise KeysUnavailable("keys.unknown", key_ref="cuk/" + key_id.hex())
            cuk = self.key("cuk")
        return DataKey(cuk.key, cuk.key_id, self.tenant, cuk.suite)

    def idempotency_key(self, target: str, operation: str, row_uid: str, row_version: int) -> str:
        """Return the 32 characters that name one write to a vendor, the same at every retry."""
        cuk = self.key("cuk")
        message = lp(self.tenant, target, operation, row_uid, str(row_version))
        return base64.b32encode(cuk.suite.hmac(cuk.key, message)).decode()[:32]

    def _unwrap_dek(self, record: DekRecord) -> bytes:
        if record.state == "destroyed":
            raise KeysUnavailable("keys.erased", dek_id=record.dek_id.hex())
        twk = self._twks.get(record.twk_id)
        if twk is None:
            raise KeysUnavailable("keys.unknown", key_ref="twk/" + record.twk_id.hex())
        if record.tenant != self.tenant or len(record.wrapped) != WRAPPED_DEK_BYTES:
            raise KeyCommitmentError(dek_id=record.dek_id.hex())
        wrapper = self._wrapper(twk, record.profile)
        nonce, sealed = record.wrapped[:NONCE_BYTES], record.wrapped[NONCE_BYTES:]
        try:
            return wrapper.decrypt(nonce, sealed, _dek_aad(record))
        except InvalidTag:
            raise KeyCommitmentError(dek_id=record.dek_id.hex()) from None

    def _wrapper(self, twk: TenantKey, profile: int) -> Aead:
        """Return the cipher that wraps data keys of a profile under a TWK."""
        found = self._wrappers.get((twk.key_id, profile))
        if found is None:
            suite = suite_of(profile)
            # AES takes the TWK itself; SM4's key is shorter and is derived.
            info = b"HIHW1 " + suite.label.encode()
            key = twk.key if profile == 1 else suite.hkdf(twk.key, info, suite.key_bytes)
            found = self._wrappers[twk.key_id, profile] = suite.aead(key)
        return found


def open_tenant(
    provider: KeyProvider,
    table: KeyTable,
    tenant: str,
    *,
    profile: int | None = None,
    clock: Clock | None = None,
) -> TenantKeys:
    """Load a tenant's keys, making them on first use.

    Args:
        provider: Holder of the key-encryption keys.
        table: Where the wrapped keys are kept.
        tenant: Name of the tenant.
        profile: 1 (international) or 2 (GM) for a new tenant; None is 1. Keys that exist keep the
            profile they were made with.
        clock: Dates the data keys.

    Raises:
        KeysUnavailable: A key is missing or cannot be unwrapped; none is made in its place.
        ConfigError: A profile is asked for that the tenant does not have (``keys.profile``).
    """
    rows = table.load_tenant_keys(tenant)
    if not rows:
        added = [new_tenant_key(provider, tenant, p, profile=profile or 1) for p in _PURPOSES]
        table.add_tenant_keys(added)
        rows = table.load_tenant_keys(tenant)
    # A tenant that lost some of its keys must stop: a new index key in place of a lost one would
    # match nobody and double every person.
    keys = TenantKeys(
        tenant, [_unwrap(provider, row) for row in rows if row.state == "active"], clock=clock
    )
    for purpose in _PURPOSES:
        keys.key(purpose)
    if profile is not None and profile != keys.profile:
        raise ConfigError("keys.profile", profile=profile)
    return keys


def new_tenant_key(
    provider: KeyProvider,
    tenant: str,
    purpose: TenantKeyPurpose,
    *,
    version: int = 1,
    profile: int = 1,
) -> WrappedKey:
    """Make one version of one tenant key; a higher version than the newest is a rotation."""
    suite_of(profile)
    row = WrappedKey(tenant, purpose, version, random_bytes(_ID), provider.current(), b"")
    blob = provider.wrap(row.kek_ref, random_bytes(_KEY), _context(row, profile))
    return replace(row, blob=bytes((profile,)) + blob)


def rewrap(provider: KeyProvider, row: WrappedKey) -> WrappedKey:
    """Return a tenant key wrapped by the provider's current key; the key itself stays."""
    key = _unwrap(provider, row)
    moved = replace(row, kek_ref=provider.current())
    profile = key.suite.number
    blob = provider.wrap(moved.kek_ref, key.key, _context(moved, profile))
    return replace(moved, blob=bytes((profile,)) + blob)


def _unwrap(provider: KeyProvider, row: WrappedKey) -> TenantKey:
    if not row.blob:
        raise KeysUnavailable("keys.refused", key_ref=row.kek_ref)
    suite = suite_of(row.blob[0])
    key = provider.unwrap(row.kek_ref, row.blob[1:], _context(row, suite.number))
    return TenantKey(row.purpose, row.version, row.key_id, suite, key)


def _context(row: WrappedKey, profile: int) -> Mapping[str, str]:
    return {
        "tenant": row.tenant,
        "purpose": row.purpose,
        "version": str(row.version),
        "key_id": row.key_id.hex(),
        "profile": str(profile),
    }


def _dek_aad(record: DekRecord) -> bytes:
    return b"".join(
        (
            b"HIHW1",
            lp(record.tenant, record.purpose, record.owner),
            record.twk_id,
            record.dek_id,
            bytes((record.profile,)),
        )
    )

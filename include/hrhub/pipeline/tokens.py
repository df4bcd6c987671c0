"""Access tokens in the store: sealed, fetched by one worker at a time, kept before they are used.

Some vendors end a token when they give out the next one. Two workers that fetch on their own would
then end each other's tokens for ever.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, or_, select, update

from hrhub.ambient import Clock, new_id
from hrhub.crypto import EnvelopeError, TenantKeys, dek_id_of
from hrhub.errors import StorageError
from hrhub.http.ports import Token
from hrhub.store.bulk import insert_ignore
from hrhub.store.engine import Store
from hrhub.store.lease import now_in
from hrhub.store.schema import hub_oauth_token as _table

LEASE_S = 150
"""How long the others wait for whoever fetches: longer than one request may take."""

_LOOK_EVERY_S = 0.2
_FORGOTTEN_S = 30 * 86_400
"""A token that nobody renewed for so long belongs to an account that is not used any more."""

_TEXT_TYPE = 1


@dataclass(frozen=True, slots=True)
class _Standing:
    """What the store has: a fresh token if there is one, and whether somebody is fetching."""

    token: Token | None
    version: int
    free: bool


class StoredTokens:
    """Tokens of a tenant in ``hub_oauth_token``.

    A token that is fresh is also remembered in this process, so that a request costs no
    transaction.
    """

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._flights: dict[str, threading.Lock] = {}
        self._kept: dict[str, Token] = {}

    def obtain(self, key: str, fetch: Callable[[], Token], *, rejected: str | None = None) -> Token:
        """Return a token that is still fresh, or fetch one and keep it for all workers.

        Raises:
            StorageError: The store did not answer; a token that could not be kept is not used.
        """
        with self._lock:
            flight = self._flights.setdefault(key, threading.Lock())
        with flight:
            kept = self._kept.get(key)
            if kept is None or kept.value == rejected or self._clock.now() >= kept.refresh_at:
                kept = self._kept[key] = self._shared(key, fetch, rejected)
            return kept

    def _shared(self, key: str, fetch: Callable[[], Token], rejected: str | None) -> Token:
        while True:
            standing = self._look(key)
            if standing.token is not None and standing.token.value != rejected:
                return standing.token
            holder = new_id()
            if standing.free and self._hold(key, standing.version, holder):
                fresh = self._fetch(key, fetch, holder)
                if fresh is not None:
                    return fresh
            else:
                self._clock.sleep(_LOOK_EVERY_S)

    def _look(self, key: str) -> _Standing:
        c = _table.c
        with self._store.read() as tx:
            row = tx.execute(
                select(
                    c.sealed_token, c.refresh_at, c.version, c.lease_until, now_in(tx).label("now")
                ).where(*self._at(key))
            ).one_or_none()
        if row is None:
            return _Standing(None, 0, free=True)
        free = row.lease_until is None or row.lease_until <= row.now
        if row.sealed_token is None or row.refresh_at is None or row.refresh_at <= row.now:
            return _Standing(None, row.version, free)
        try:
            value = self._open(key, row.sealed_token)
        except EnvelopeError:
            # Damaged or moved here from elsewhere: as good as none, and replaced by the next one.
            return _Standing(None, row.version, free)
        fresh_for = row.refresh_at - row.now
        return _Standing(Token(value, self._clock.now() + fresh_for), row.version, free)

    def _hold(self, key: str, version: int, holder: str) -> bool:
        """Become the one who fetches, unless somebody is or has just been."""
        c = _table.c
        columns = ("tenant", "name", "version")
        with self._store.write() as tx:
            if version == 0:
                insert_ignore(tx, _table, columns, [(self._keys.tenant, key, 0)], columns[:2])
            held = tx.execute(
                update(_table)
                .where(*self._at(key), c.version == version)
                .where(or_(c.lease_until.is_(None), c.lease_until <= now_in(tx)))
                .values(holder=holder, lease_until=now_in(tx, LEASE_S))
            )
        return held.rowcount == 1

    def _fetch(self, key: str, fetch: Callable[[], Token], holder: str) -> Token | None:
        """Fetch and keep a token; None if it took so long that somebody else fetched as well."""
        try:
            fresh = fetch()
        except BaseException:
            # The lease runs out by itself; what the vendor said must not be replaced.
            with suppress(StorageError):
                self._release(key, holder)
            raise
        c = _table.c
        life_s = max(0, int((fresh.refresh_at - self._clock.now()).total_seconds()))
        sealed = self._seal(key, fresh.value)
        with self._store.write() as tx:
            kept = tx.execute(
                update(_table)
                .where(*self._at(key), c.holder == holder)
                .values(
                    sealed_token=sealed,
                    refresh_at=now_in(tx, life_s),
                    version=c.version + 1,
                    holder=None,
                    lease_until=None,
                )
            )
            tx.execute(
                delete(_table).where(
                    c.tenant == self._keys.tenant,
                    c.holder.is_(None),
                    c.refresh_at < now_in(tx, -_FORGOTTEN_S),
                )
            )
        return fresh if kept.rowcount == 1 else None

    def _release(self, key: str, holder: str) -> None:
        with self._store.write() as tx:
            tx.execute(
                update(_table)
                .where(*self._at(key), _table.c.holder == holder)
                .values(holder=None, lease_until=None)
            )

    def _at(self, key: str) -> tuple[ColumnElement[bool], ...]:
        return _table.c.tenant == self._keys.tenant, _table.c.name == key

    def _seal(self, key: str, value: str) -> bytes:
        return self._keys.cursor_key().seal(
            value.encode(),
            entity="hub_oauth_token",
            field_path="sealed_token",
            row_uid=key,
            type_byte=_TEXT_TYPE,
            padded=True,
        )

    def _open(self, key: str, sealed: bytes) -> str:
        _, body = self._keys.cursor_key(dek_id_of(sealed)).open(
            sealed, entity="hub_oauth_token", field_path="sealed_token", row_uid=key
        )
        return body.decode()

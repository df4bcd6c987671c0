"""The inbox: what vendors report, kept sealed before they are answered.

Vendors repeat a report until somebody says that it arrived, so nothing is answered before it is
committed, and what comes again is known by the ids of its events.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hrhub.ambient import new_id
from hrhub.connector import Connector, Event, Received
from hrhub.crypto import DataKey, EnvelopeError, audit_linker
from hrhub.errors import ConfigError, HrHubError, KeysUnavailable, Refused, StorageError
from hrhub.pipeline.parcel import key_of, open_parcel, seal_parcel
from hrhub.store import audit
from hrhub.store import inbox as table
from hrhub.store import keys as key_store
from hrhub.store.inbox import Kept
from hrhub.store.types import is_row_id

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

REMEMBER = timedelta(days=30)
"""How long an event is known again; vendors repeat for days."""
KEEP = timedelta(days=7)
"""How long a settled request stays."""
RETRY_REASONS = ("connector_mended", "settings_mended", "vendor_back")
"""Why somebody has a request worked on once more (closed list; free text may hold names)."""
DISCARD_REASONS = ("not_needed", "done_by_hand", "not_genuine", "test_data", "no_legal_basis")
"""Why somebody lets go of a request."""

_TABLE = "hub_inbox"
_PURPOSE = "inbox"
_TRIES = 3


@dataclass(slots=True)
class _Letter:
    """A request on its way into the store, and whether it got there."""

    row: Kept
    keys: frozenset[bytes]
    fresh: bool = False
    settled: bool = False
    error: HrHubError | None = field(default=None, repr=False)


class Inbox:
    """The inbox of one tenant; safe for threads.

    Requests that arrive while another one is being committed are committed together after it, so
    that their number is not bounded by how often a disk can be waited for.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._event_key = hub.keys.fingerprint_key("inbox/event")
        self._gather = threading.Lock()
        self._commit = threading.Lock()
        self._waiting: list[_Letter] = []
        self._key_lock = threading.Lock()
        self._key: tuple[str, DataKey] | None = None

    def keep(
        self,
        connector: Connector,
        connection: str,
        receiver: str,
        received: Received,
        events: Sequence[Event],
        *,
        rule: str | None = None,
    ) -> bool:
        """Keep a request; False when all its events came before. Returns once it is committed.

        Args:
            connector: The connector.
            connection: The connection it came for.
            receiver: Name of the receiver.
            received: The request as it came.
            events: What it tells of.
            rule: What it broke, if it cannot be read; it is then kept for people.

        Raises:
            KeysUnavailable: It cannot be sealed; nothing was kept.
            StorageError: It cannot be stored; nothing was kept.
        """
        now = self._hub.clock.now()
        request_id = new_id()
        content = {
            "method": received.method,
            "path": received.path,
            "query": dict(received.query),
            "headers": dict(received.headers),
            "body": received.body,
        }
        row = Kept(
            id=request_id,
            tenant=self._hub.keys.tenant,
            connection=connection,
            connector=connector.name,
            receiver=receiver,
            events=len(events),
            size=len(received.body),
            sealed_request=seal_parcel(
                self._hub.keys,
                self._day_key(),
                content,
                table=_TABLE,
                connection=connection,
                row_id=request_id,
            ),
            state=table.WAITING if rule is None else table.UNREADABLE,
            next_try_at=now,
            received_at=now,
            updated_at=now,
            code=None if rule is None else "inbox.unreadable",
            rule=rule,
        )
        place = f"{connection}\x1f{receiver}\x1f".encode()
        marks = [e.id.encode() for e in events] or [repr(sorted(content.items())).encode()]
        keys = frozenset(
            blake2b(place + mark, key=self._event_key, digest_size=16).digest() for mark in marks
        )
        return self._post(_Letter(row, keys))

    def _post(self, letter: _Letter) -> bool:
        with self._gather:
            self._waiting.append(letter)
        with self._commit:
            if not letter.settled:
                with self._gather:
                    letters, self._waiting = self._waiting, []
                self._store(letters)
        if letter.error is not None:
            raise letter.error
        return letter.fresh

    def _store(self, letters: Sequence[_Letter]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                self._add(letters)
                break
            except HrHubError as error:
                # Another process kept one of the events at the same moment: look again.
                if isinstance(error, StorageError) and error.code == "store.conflict" and left:
                    continue
                for letter in letters:
                    letter.error = error
                break
        for letter in letters:
            letter.settled = True

    def _add(self, letters: Sequence[_Letter]) -> None:
        with self._hub.store.write() as tx:
            known = table.known_events(tx, {key for letter in letters for key in letter.keys})
            fresh: list[_Letter] = []
            new: set[bytes] = set()
            for letter in letters:
                unknown = letter.keys - known - new
                if unknown:
                    fresh.append(letter)
                    new |= unknown
            table.add(tx, [letter.row for letter in fresh], sorted(new), self._hub.clock.now())
        for letter in fresh:
            letter.fresh = True

    def _day_key(self) -> DataKey:
        """Return today's key of the inbox; processes that make it at once agree on one."""
        owner = f"inbox:{self._hub.clock.now().date().isoformat()}"
        keys = self._hub.keys
        with self._key_lock:
            if self._key is None or self._key[0] != owner:
                for left in reversed(range(_TRIES)):
                    with self._hub.store.read() as tx:
                        found = key_store.load_deks(tx, keys.tenant, [owner], purpose=_PURPOSE)
                    if found:
                        self._key = owner, keys.load_dek(found[0])
                        break
                    try:
                        [(record, _)] = keys.create_deks(_PURPOSE, [owner])
                        with self._hub.store.write() as tx:
                            key_store.insert_deks(tx, [record])
                    except StorageError as error:
                        if error.code != "store.conflict" or not left:
                            raise
            assert self._key is not None
            return self._key[1]

    def open(self, tx: Connection, row: Kept) -> Received | None:
        """Return a request as it came; None if nobody can open it any more.

        Raises:
            KeysUnavailable: The key cannot be had now.
        """
        try:
            content: dict[str, Any] = open_parcel(
                key_of(tx, self._hub.keys, row.sealed_request),
                row.sealed_request,
                table=_TABLE,
                connection=row.connection,
                row_id=row.id,
            )
        except EnvelopeError:
            return None
        except KeysUnavailable as error:
            if error.code in ("keys.erased", "keys.unknown"):
                return None
            raise
        return Received(**content)

    def get(self, request_id: str) -> Kept:
        """Return a request.

        Raises:
            ConfigError: There is none of that id (``inbox.unknown``).
        """
        with self._hub.store.read() as tx:
            return self._get(tx, request_id)

    def retry(self, request_id: str, reason: str, *, actor: str) -> Kept:
        """Have a request worked on once more that could not be read, or at once one that waits.

        Raises:
            ConfigError: ``inbox.unknown``, ``inbox.decision``.
            Refused: It is under way or settled (``inbox.state``).
        """
        return self._decide(
            request_id,
            reason,
            RETRY_REASONS,
            actor,
            state=table.WAITING,
            attempts=0,
            code=None,
            rule=None,
            next_try_at=self._hub.clock.now(),
        )

    def discard(self, request_id: str, reason: str, *, actor: str) -> Kept:
        """Let go of a request.

        Raises:
            ConfigError: ``inbox.unknown``, ``inbox.decision``.
            Refused: It is under way or settled (``inbox.state``).
        """
        return self._decide(request_id, reason, DISCARD_REASONS, actor, state=table.DISCARDED)

    def _decide(
        self, request_id: str, reason: str, known: Sequence[str], actor: str, **values: Any
    ) -> Kept:
        if reason not in known:
            raise ConfigError("inbox.decision", known=", ".join(known))
        now = self._hub.clock.now()
        with self._hub.store.write() as tx:
            row = self._get(tx, request_id)
            open_states = (table.WAITING, table.UNREADABLE)
            if row.state not in open_states or not table.decide(
                tx, row, now, by=actor, decision=reason, **values
            ):
                raise Refused("inbox.state", request=request_id, state=row.state)
            audit.append(
                tx,
                audit_linker(self._hub.keys),
                self._hub.keys.tenant,
                at=now,
                actor=actor,
                action=f"inbox.{'retry' if values['state'] == table.WAITING else 'discard'}",
                object_=f"{row.connection}/{row.receiver}",
                rows=[row.id],
                reason=reason,
            )
        return replace(row, state=values["state"])

    def _get(self, tx: Connection, request_id: str) -> Kept:
        row = table.get(tx, self._hub.keys.tenant, request_id) if is_row_id(request_id) else None
        if row is None:
            raise ConfigError("inbox.unknown", request=request_id[:40])
        return row

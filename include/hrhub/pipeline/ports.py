"""What all workers share when they ask a vendor, kept in the store.

Only the database's clock counts, as for leases. Nothing here falls back to this process alone: a
store that does not answer raises, because a worker that counts for itself asks too often.

What rarely changes (circuits that are not closed, blocks) is looked at once a second for all
origins and accounts together, so that a request costs no transaction unless its vendor declares a
rate.
"""

from __future__ import annotations

import math
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    case,
    literal_column,
    null,
    or_,
    select,
    update,
)

from hrhub.ambient import Clock
from hrhub.crypto import TenantKeys
from hrhub.http.breaker import PROBE_EVERY_S, WINDOW, Change, Circuit
from hrhub.http.budget import Rate
from hrhub.http.ports import Ports
from hrhub.pipeline.tokens import StoredTokens
from hrhub.store.bulk import insert_ignore
from hrhub.store.engine import Store
from hrhub.store.lease import now_in
from hrhub.store.schema import hub_breaker, hub_budget

LOOK_EVERY_S = 1.0
"""How old the knowledge of circuits and blocks may be."""

_SOON_S = 0.001
"""Shortest wait that is told; 0 would mean that the request was given."""

_US = 1_000_000


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the store said when it was looked at, in moments of this process's clock.

    Attributes:
        good_until: From then on it must be looked at again.
        blocked: Account -> when its block ends.
        circuits: Origin -> when its next probe is due, None while it is closed. Origins that have
            not failed lately are left out.
    """

    good_until: float
    blocked: Mapping[str, float]
    circuits: Mapping[str, float | None]


class _Outlook:
    """Circuits and blocks of a tenant, at most :data:`LOOK_EVERY_S` old."""

    def __init__(self, store: Store, tenant: str, clock: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._clock = clock
        self._lock = threading.Lock()
        self._seen: _Seen | None = None

    def look(self) -> _Seen:
        """Return what is known, asking the store if that is too old."""
        with self._lock:
            if self._seen is None or self._clock.monotonic() >= self._seen.good_until:
                self._seen = self._ask()
            return self._seen

    def forget(self) -> None:
        """Look anew next time, because something was written."""
        with self._lock:
            self._seen = None

    def _ask(self) -> _Seen:
        budget, breaker = hub_budget.c, hub_breaker.c
        with self._store.read() as tx:
            blocks = tx.execute(
                select(budget.account, budget.blocked_until, now_in(tx)).where(
                    budget.tenant == self._tenant, budget.blocked_until > now_in(tx)
                )
            ).all()
            circuits = tx.execute(
                select(breaker.origin, breaker.next_probe_at, now_in(tx)).where(
                    breaker.tenant == self._tenant,
                    or_(breaker.recent.contains("-"), breaker.next_probe_at.is_not(None)),
                )
            ).all()
        now = self._clock.monotonic()
        return _Seen(
            good_until=now + LOOK_EVERY_S,
            blocked={account: now + _left_s(until, then) for account, until, then in blocks},
            circuits={
                origin: None if due is None else now + _left_s(due, then)
                for origin, due, then in circuits
            },
        )


class StoredBudget:
    """Token buckets in ``hub_budget``.

    A bucket is one number: the moment at which it is full again. Taking a request moves that
    moment on by one interval, and is refused when it lies too far ahead; so one statement both
    checks and takes, and two workers never take the same request.
    """

    def __init__(self, store: Store, tenant: str, outlook: _Outlook, clock: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._outlook = outlook
        self._clock = clock

    def take(self, account: str, rate: Rate | None) -> float:
        """Take one request, or return the seconds to wait.

        Raises:
            StorageError: The store did not answer; nothing was taken.
        """
        if rate is None:
            until = self._outlook.look().blocked.get(account, 0.0)
            return max(0.0, until - self._clock.monotonic())
        interval_us = math.ceil(_US / rate.per_s)
        ahead_us = (max(1, rate.burst) - 1) * interval_us
        with self._store.write() as tx:
            if self._taken(tx, account, interval_us, ahead_us):
                return 0.0
            c = hub_budget.c
            standing = select(c.full_at_us, c.blocked_until, now_in(tx), _now_us(tx)).where(
                *self._at(account)
            )
            row = tx.execute(standing).one_or_none()
            if row is None:
                self._begin(tx, account)
                if self._taken(tx, account, interval_us, ahead_us):
                    return 0.0
                row = tx.execute(standing).one()
            full_at_us, blocked_until, now, now_us = row
        bucket_s = float(full_at_us - ahead_us - now_us) / _US
        blocked_s = 0.0 if blocked_until is None else _left_s(blocked_until, now)
        return max(bucket_s, blocked_s, _SOON_S)

    def block(self, account: str, seconds: float) -> None:
        """Give out nothing for some seconds; a longer block stays.

        Raises:
            StorageError: The store did not answer; nothing is blocked.
        """
        c = hub_budget.c
        with self._store.write() as tx:
            self._begin(tx, account)
            until = now_in(tx, math.ceil(seconds))
            tx.execute(
                update(hub_budget)
                .where(*self._at(account))
                .where(or_(c.blocked_until.is_(None), c.blocked_until < until))
                .values(blocked_until=until)
            )
        self._outlook.forget()

    def _taken(self, tx: Connection, account: str, interval_us: int, ahead_us: int) -> bool:
        c, now_us = hub_budget.c, _now_us(tx)
        done = tx.execute(
            update(hub_budget)
            .where(*self._at(account), c.full_at_us <= now_us + ahead_us)
            .where(or_(c.blocked_until.is_(None), c.blocked_until <= now_in(tx)))
            .values(
                full_at_us=case((c.full_at_us > now_us, c.full_at_us), else_=now_us) + interval_us
            )
        )
        return done.rowcount == 1

    def _begin(self, tx: Connection, account: str) -> None:
        columns = ("tenant", "account", "full_at_us")
        insert_ignore(tx, hub_budget, columns, [(self._tenant, account, 0)], columns[:2])

    def _at(self, account: str) -> tuple[ColumnElement[bool], ...]:
        return hub_budget.c.tenant == self._tenant, hub_budget.c.account == account


class StoredBreaker:
    """Circuits in ``hub_breaker``, by the rules of :mod:`hrhub.http.breaker`.

    While an origin answers well, nothing is written: what went well is counted here and told to
    the store together with the first failure.
    """

    def __init__(self, store: Store, tenant: str, outlook: _Outlook, clock: Clock) -> None:
        self._store = store
        self._tenant = tenant
        self._outlook = outlook
        self._clock = clock
        self._lock = threading.Lock()
        self._untold: dict[str, int] = {}

    def admit(self, origin: str) -> float:
        """Return 0 to go on, or the seconds until the next probe is due.

        A due probe is given to one worker; if that dies, the next one is due half a minute later.

        Raises:
            StorageError: The store did not answer.
        """
        due = self._outlook.look().circuits.get(origin)
        if due is None:
            return 0.0
        wait_s = due - self._clock.monotonic()
        if wait_s > 0:
            return wait_s
        c = hub_breaker.c
        with self._store.write() as tx:
            given = tx.execute(
                update(hub_breaker)
                .where(*self._at(origin), c.next_probe_at <= now_in(tx))
                .values(next_probe_at=now_in(tx, math.ceil(PROBE_EVERY_S)))
            )
            wait_s = 0.0
            if given.rowcount != 1:
                row = tx.execute(
                    select(c.next_probe_at, now_in(tx)).where(*self._at(origin))
                ).one_or_none()
                if row is not None and row[0] is not None:
                    wait_s = max(_left_s(*row), _SOON_S)
        self._outlook.forget()
        return wait_s

    def record(self, origin: str, *, good: bool) -> None:
        """Note how a request went; open or close the circuit for all workers.

        Raises:
            StorageError: The store did not answer.
        """
        if good and origin not in self._outlook.look().circuits:
            with self._lock:
                self._untold[origin] = min(self._untold.get(origin, 0) + 1, WINDOW)
            return
        with self._lock:
            untold = self._untold.pop(origin, 0)
        c = hub_breaker.c
        with self._store.write() as tx:
            columns = ("tenant", "origin", "recent", "good_probes")
            insert_ignore(tx, hub_breaker, columns, [(self._tenant, origin, "", 0)], columns[:2])
            recent, good_probes, due = tx.execute(
                select(c.recent, c.good_probes, c.next_probe_at)
                .where(*self._at(origin))
                .with_for_update()
            ).one()
            outcomes = [*(mark == "+" for mark in recent)]
            if due is None:
                outcomes += [True] * untold
            circuit = Circuit(deque(outcomes, WINDOW), due is not None, good_probes)
            change = circuit.note(good=good)
            values: dict[str, object] = {
                "recent": "".join("+" if well else "-" for well in circuit.recent),
                "good_probes": circuit.good_probes,
            }
            if change is Change.OPENED:
                values["next_probe_at"] = now_in(tx, math.ceil(PROBE_EVERY_S))
            elif change is Change.PROBED:
                values["next_probe_at"] = now_in(tx)
            elif change is Change.CLOSED:
                values["next_probe_at"] = null()
            tx.execute(update(hub_breaker).where(*self._at(origin)).values(values))
        self._outlook.forget()

    def _at(self, origin: str) -> tuple[ColumnElement[bool], ...]:
        return hub_breaker.c.tenant == self._tenant, hub_breaker.c.origin == origin


class StorePorts(Ports):
    """Ports of one tenant, shared by all workers of its store.

    Args:
        store: The open store.
        keys: The tenant's keys; tokens are sealed with them.
        clock: Measures waits within this process.
    """

    def __init__(self, store: Store, keys: TenantKeys, clock: Clock) -> None:
        outlook = _Outlook(store, keys.tenant, clock)
        super().__init__(
            StoredBudget(store, keys.tenant, outlook, clock),
            StoredBreaker(store, keys.tenant, outlook, clock),
            StoredTokens(store, keys, clock),
        )


def _left_s(until: datetime, now: datetime) -> float:
    return (until - now).total_seconds()


def _now_us(tx: Connection) -> ColumnElement[int]:
    """Return the database's time in microseconds since 1970; SQLite tells it to the millisecond."""
    if tx.dialect.name == "sqlite":
        sql = (
            "CAST(strftime('%s', 'now') AS INTEGER) * 1000000"
            " + CAST(substr(strftime('%f', 'now'), 4) AS INTEGER) * 1000"
        )
    else:
        sql = "(extract(epoch FROM clock_timestamp()) * 1000000)::bigint"
    return literal_column(f"({sql})", BigInteger())

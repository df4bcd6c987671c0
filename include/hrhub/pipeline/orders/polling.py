"""Looking after open orders: all that are due, in bulk, gently, and what they bring."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from hrhub.connector import OrderState, OrderStatus
from hrhub.errors import Busy, ConsentError, HrHubError, RowRejected, Throttled, Transient
from hrhub.identity import members_of
from hrhub.pipeline.counts import Counts
from hrhub.pipeline.links import Links
from hrhub.pipeline.orders.consents import Consent, is_withdrawn, of_people
from hrhub.pipeline.orders.desk import Desk
from hrhub.pipeline.orders.ledger import ORDER, Ledger, Service, ledger, sync_id_of
from hrhub.pipeline.orders.placing import carry_out
from hrhub.pipeline.orders.results import STOPS, Taken, take_results
from hrhub.pipeline.orders.states import note_failure, write_state
from hrhub.pipeline.orders.stopping import stop
from hrhub.store import orders
from hrhub.store.orders import Order

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

MOST_AT_ONCE = 500
"""Orders that one look takes on; the next one takes the rest."""

_PUT_OFF = timedelta(minutes=10)
"""For how long others leave alone what a look has taken; if it dies, they take it then."""
_WRITTEN_AT_ONCE = 50
_ENOUGH = 3
"""Orders in a row that the vendor may not answer for, before it is left alone for now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polled:
    """What a look at the due orders of a service came to.

    Attributes:
        looked: Orders that were looked at.
        moved: How many moved to each status.
        failed: How many looks failed, by code of the error.
        results: Orders whose result was taken in.
        counts: Outcomes of the records in those results.
        stopped: What ended the look early; the orders left over are due again.
    """

    connection: str
    service: str
    looked: int = 0
    moved: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    results: int = 0
    counts: Counts = field(default_factory=Counts)
    stopped: HrHubError | None = None


class _Look:
    """One look at the due orders of one service."""

    def __init__(self, desk: Desk, holder: str) -> None:
        self._desk = desk
        self._holder = holder
        self._moved: Counter[str] = Counter()
        self._failed: Counter[str] = Counter()
        self._in_a_row = 0
        self._stopped: HrHubError | None = None

    def at(self, ids: Collection[str] | None, limit: int) -> Polled:
        """Look at the orders that are due, or at these."""
        desk, hub = self._desk, self._desk.hub
        now = hub.clock.now()
        until = now + _PUT_OFF
        with hub.store.write() as tx:
            number = sync_id_of(hub, tx, desk.at)
            taken = orders.take_due(tx, number, now=now, until=until, limit=limit, ids=ids)
        results = Taken()
        try:
            due = self._read(taken)
            self._place([order for order in due if order.status == OrderStatus.REQUESTED])
            there = self._consented([o for o in due if o.status != OrderStatus.REQUESTED])
            self._ask([order for order in there if not order.final])
            if self._stopped is None:
                wanted = [o for o in self._read([o.id for o in there]) if o.result == orders.WANTED]
                results = take_results(desk, wanted, holder=self._holder)
        except Busy as busy:  # somebody else is taking results in
            self._stopped = busy
        finally:
            with hub.store.write() as tx:
                orders.give_back(tx, taken, put_off_until=until, now=now)
        for error in results.failed.values():
            self._failed[error.code] += 1
        return Polled(
            connection=desk.connection,
            service=desk.service.name,
            looked=len(taken),
            moved=dict(sorted(self._moved.items())),
            failed=dict(sorted(self._failed.items())),
            results=results.orders,
            counts=results.counts,
            stopped=self._stopped,
        )

    def _read(self, ids: Sequence[str]) -> list[Order]:
        with self._desk.hub.store.read() as tx:
            found = orders.listed(tx, self._desk.hub.settings.tenant, ids=ids)
        place = {order_id: n for n, order_id in enumerate(ids)}
        return sorted(found, key=lambda order: place[order.id])

    def _place(self, asked_for: Sequence[Order]) -> None:
        """Carry out what was asked for and never ended well."""
        for order in asked_for:
            if self._stopped is not None:
                return
            try:
                self._count(order, OrderStatus(carry_out(self._desk, order.id).status))
            except (ConsentError, RowRejected) as error:  # final, and on record
                self._failed[error.code] += 1
            except Busy:
                continue
            except HrHubError as error:
                self._judge(error)

    def _consented(self, due: Sequence[Order]) -> list[Order]:
        """Stop the orders whose consent was withdrawn; return the others."""
        withdrawn = self._withdrawn(due)
        for order in due:
            if order.id not in withdrawn or self._stopped is not None:
                continue
            try:
                stop(self._desk, order)
            except HrHubError as error:
                self._fail([(order, error)])
            else:
                self._moved[OrderStatus.CANCELLED] += 1
        return [order for order in due if order.id not in withdrawn]

    def _withdrawn(self, due: Sequence[Order]) -> set[str]:
        """Return those orders whose consent does not stand any more."""
        resting = [order for order in due if order.consent_id]
        given: dict[str, list[Consent]] = {}
        with ledger(self._desk.hub, self._desk.at, write=False) as open_:
            members = members_of(open_.tx, {order.person_id for order in resting})
            for one in of_people(open_, set().union(*members.values())):
                given.setdefault(one.person_id, []).append(one)
        found: set[str] = set()
        for order in resting:
            known = [c for member in members[order.person_id] for c in given.get(member, ())]
            own = next((c for c in known if c.id == order.consent_id), None)
            if own is None or is_withdrawn(own, known, self._desk.recipients, open_.now):
                found.add(order.id)
        return found

    def _ask(self, open_orders: Sequence[Order]) -> None:
        """Ask the vendor where orders stand, and write it down in stretches."""
        session = self._desk.session() if open_orders else None
        for start in range(0, len(open_orders), _WRITTEN_AT_ONCE):
            stretch = open_orders[start : start + _WRITTEN_AT_ONCE]
            with ledger(self._desk.hub, self._desk.at, write=False) as read:
                rows = read.orders([order.id for order in stretch])
            told: list[tuple[Order, OrderState]] = []
            failed: list[tuple[Order, HrHubError]] = []
            for order in stretch:
                if self._stopped is not None:
                    break
                assert session is not None
                try:
                    vendor_id = rows[order.id].values["vendor_order_id"]
                    told.append((order, self._desk.service.status(session, vendor_id)))
                    self._in_a_row = 0
                except Exception as problem:
                    error = self._desk.error(problem, order.id)
                    failed.append((order, error))
                    self._judge(error)
            self._write(told)
            self._fail(failed, counted=True)

    def _write(self, told: Sequence[tuple[Order, OrderState]]) -> None:
        with ledger(self._desk.hub, self._desk.at) as open_:
            orders.lock(open_.tx, [order.id for order, _ in told])
            rows = open_.orders([order.id for order, _ in told])
            for order, state in told:
                moved = write_state(open_, self._desk.service, order, rows[order.id], state)
                self._count(order, moved)

    def _fail(self, failed: Sequence[tuple[Order, HrHubError]], *, counted: bool = False) -> None:
        with ledger(self._desk.hub, self._desk.at) as open_:
            for order, error in failed:
                note_failure(open_, order, error)
        for _, error in failed:
            if not counted:
                self._judge(error)

    def _judge(self, error: HrHubError) -> None:
        """Count a failed look, and stop where the next order would fare no better."""
        self._failed[error.code] += 1
        self._in_a_row = self._in_a_row + 1 if isinstance(error, Transient) else 0
        if isinstance(error, (*STOPS, Throttled)) or self._in_a_row >= _ENOUGH:
            self._stopped = error

    def _count(self, order: Order, status: OrderStatus) -> None:
        if order.status != status:
            self._moved[status.value] += 1


def poll(
    desk: Desk, *, holder: str, ids: Collection[str] | None = None, limit: int = MOST_AT_ONCE
) -> Polled:
    """Look at the due orders of a service: place, ask, stop, take results in.

    Args:
        desk: The service.
        holder: Under which name the run of the results holds its lease.
        ids: Look at these orders, due or not.
        limit: Look at no more than so many; the next look takes the rest.

    Raises:
        ConfigError: Results cannot be taken in: mapping, credentials or settings are wrong.
    """
    return _Look(desk, holder).at(ids, limit)


def order_event(hub: Hub, connection: str, service: str | None, vendor_id: str) -> bool:
    """Let the order that an event is about be looked at next; tell whether there is one.

    ``service`` may be None where the event does not tell which service it is about.

    An event about an order that ended with a result lets the result be fetched again: vendors
    revise reports. One about an order that ended without changes nothing.
    """
    at = Service(connection=connection, connector=None, name=service or "-")
    with ledger(hub, at) as open_:
        sync = open_.batch.sync
        key = sync.key_of(vendor_id)
        order_id = Links(sync).targets(open_.tx, ORDER, [key]).get(key)
        if order_id is None:
            return False
        orders.lock(open_.tx, [order_id])
        order = open_.order(order_id)
        if service not in (None, order.service):
            return False
        return _call(open_, order)


def call_for_result(hub: Hub, order: Order) -> bool:
    """Let the result of an order be fetched again; tell whether it has one."""
    with ledger(hub) as open_:
        orders.lock(open_.tx, [order.id])
        current = open_.order(order.id)
        if current.status == OrderStatus.PARTIAL or current.result != orders.NONE:
            orders.note(open_.tx, order.id, next_at=open_.now, failures=0, result=orders.WANTED)
            return True
    return False


def _call(open_: Ledger, order: Order) -> bool:
    """Let an order be due now, unless it ended without a result."""
    if order.final and order.result == orders.NONE:
        return False
    result = orders.WANTED if order.final else order.result
    orders.note(open_.tx, order.id, next_at=open_.now, failures=0, result=result)
    return True

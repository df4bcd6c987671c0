"""Placing orders: exactly one at the vendor, whatever fails in between.

The intent, with what the vendor is to be told, is committed before the vendor hears of it. One
process at a time carries it out; whoever comes after one that never told how it went asks the
vendor first whether the order is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from itertools import count
from typing import Any

from hrhub.ambient import new_id
from hrhub.connector import OrderRequest, OrderState, OrderStatus, Package, Session
from hrhub.errors import ConfigError, ConsentError, HrHubError, RowRejected
from hrhub.pipeline.orders.consents import covering, of_people, whose
from hrhub.pipeline.orders.desk import Desk
from hrhub.pipeline.orders.ledger import ORDER, Ledger, ledger
from hrhub.pipeline.orders.states import end, note_failure, write_state
from hrhub.pipeline.orders.subject import Subject, retyped, subject_of
from hrhub.pipeline.orders.turns import Turn, turn
from hrhub.store import orders
from hrhub.store.orders import Order

_KEY = re.compile(r"[A-Za-z0-9._:-]{8,64}")
_KEY_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What placing an order would tell whom; names and masks only.

    Attributes:
        vendor: Who would be told.
        known: Id of the order that stands already and would be returned; None: a new one.
        told: Feed name -> mask.
    """

    vendor: str
    connection: str
    service: str
    package: str
    package_name: str
    person_id: str
    consent_id: str | None
    known: str | None
    told: Mapping[str, str]


def place(
    desk: Desk,
    package: str,
    person: str,
    *,
    actor: str,
    key: str | None = None,
    callback_url: str | None = None,
) -> Order:
    """Place an order, or return the one that stands under the same key.

    Without a key the unfinished order of the same package about the same person is returned, or
    a new one placed if there is none.

    Raises:
        ConsentError: No consent in force covers it; nothing was sent, the refusal is on record.
        ConfigError: Person, package or key are not usable; nothing was sent.
        Refused: Something the package needs is not known of the person; nothing was sent.
        RowRejected: The vendor refuses what it was told; the order has failed.
        Busy: Somebody else is placing it at this moment.
        VendorError: It is not known yet whether the vendor has it; the next look finds out.
    """
    _check_key(key)
    try:
        order = _standing(desk, package, person, key)
        if order is None:
            wanted = _package(desk, desk.session(), package)
            order = _intend(desk, wanted, person, key, callback_url, actor)
    except ConsentError as refusal:
        _keep_refusal(desk, package, person, actor, refusal)
        raise
    if order.status != OrderStatus.REQUESTED:
        return order
    return carry_out(desk, order.id)


def show(desk: Desk, package: str, person: str, *, key: str | None = None) -> Shown:
    """Return what :func:`place` would tell whom; nothing is written, no person's value is sent.

    Raises:
        As :func:`place`, up to where it would tell the vendor.
    """
    _check_key(key)
    known = _standing(desk, package, person, key)
    wanted = _package(desk, desk.session(), package)
    with ledger(desk.hub, desk.at, write=False) as open_:
        person_id, members = whose(open_.tx, person)
        consent_id = _consent_of(desk, open_, members)
        subject = subject_of(open_, person_id, members, wanted.needs)
    return Shown(
        vendor=desk.connector.title,
        connection=desk.connection,
        service=desk.service.name,
        package=wanted.code,
        package_name=wanted.title,
        person_id=person_id,
        consent_id=consent_id,
        known=known.id if known else None,
        told=subject.masked(),
    )


def carry_out(desk: Desk, order_id: str) -> Order:
    """Tell the vendor of an order that was asked for; look first if somebody began to before.

    Raises:
        As :func:`place`.
    """
    hub, service = desk.hub, desk.service
    with turn(hub, order_id) as mine:
        with ledger(hub, desk.at) as open_:
            mine.fence(open_.tx)
            order = open_.order(order_id)
            if order.status != OrderStatus.REQUESTED:
                return order
            _, members = whose(open_.tx, order.person_id)
            stopped: ConsentError | None = None
            try:
                _consent_of(desk, open_, members)
            except ConsentError as refusal:
                stopped = refusal
            else:
                request = _request(open_, order)
                orders.note(open_.tx, order_id, tries=order.tries + 1)
        try:
            session = desk.session()
            if stopped is not None:
                _stop(desk, mine, order, session, stopped)
                raise stopped
            state = service.find(session, order.key) if order.tries else None
            return placed(desk, mine, order, state or service.place(session, request))
        except ConsentError:
            raise
        except Exception as problem:
            raise _not_placed(desk, mine, order, problem) from None


def _stop(desk: Desk, mine: Turn, order: Order, session: Session, refusal: ConsentError) -> None:
    """End an order that lost its consent before it was known to be at the vendor.

    Should an earlier try have reached the vendor, the order is there and due to be stopped there.
    """
    found = desk.service.find(session, order.key) if order.tries else None
    if found is not None:
        placed(desk, mine, order, found)
    with ledger(desk.hub, desk.at) as open_:
        mine.fence(open_.tx)
        if found is not None:
            orders.due_soonest(open_.tx, [order.id], open_.now)
            return
        row = open_.orders([order.id])[order.id]
        end(open_, order, row, OrderStatus.CANCELLED, refusal)
        open_.audit("order.stop", order.actor, [order.id], code=refusal.code)


def placed(desk: Desk, mine: Turn, order: Order, state: OrderState) -> Order:
    """Write down that the vendor has an order, and return it as it stands."""
    with ledger(desk.hub, desk.at) as open_:
        mine.fence(open_.tx)
        row = open_.orders([order.id])[order.id]
        write_state(open_, desk.service, order, row, state)
        open_.audit("order.placed", order.actor, [order.id], status=state.status.value)
    with desk.hub.store.read() as tx:
        (found,) = orders.listed(tx, desk.hub.settings.tenant, ids=[order.id])
    return found


def _not_placed(desk: Desk, mine: Turn, order: Order, problem: Exception) -> HrHubError:
    """Keep why an order was not placed: for good if the vendor refuses the person's data."""
    error = desk.error(problem, order.id)
    with ledger(desk.hub, desk.at) as open_:
        mine.fence(open_.tx)
        if isinstance(error, RowRejected):
            row = open_.orders([order.id])[order.id]
            end(open_, order, row, OrderStatus.FAILED, error)
            open_.audit("order.refused", order.actor, [order.id], code=error.code)
        else:
            note_failure(open_, order, error)
    return error


def _standing(desk: Desk, package: str, person: str, key: str | None) -> Order | None:
    """Return the order that stands already, None where a new one is to be made.

    Raises:
        ConsentError: A new one would lack its consent.
    """
    with ledger(desk.hub, desk.at, write=False) as open_:
        _, members = whose(open_.tx, person)
        found = _same(desk, open_, package, members, key)
        if found is None:
            _consent_of(desk, open_, members)
        return found


def _same(
    desk: Desk, open_: Ledger, package: str, members: list[str], key: str | None
) -> Order | None:
    tenant = open_.tenant
    if key is None:
        unfinished = orders.listed(
            open_.tx,
            tenant,
            connection=desk.connection,
            service=desk.service.name,
            people=members,
            statuses=[s.value for s in OrderStatus if s.value not in orders.FINAL],
        )
        return next((order for order in unfinished if order.package == package), None)
    for order in orders.listed(open_.tx, tenant, key=key):
        same = (desk.connection, desk.service.name, package)
        if (order.connection, order.service, order.package) != same or (
            order.person_id not in members
        ):
            raise ConfigError("order.key_taken", order=order.id)
        return order
    return None


def _intend(
    desk: Desk,
    package: Package,
    person: str,
    key: str | None,
    callback_url: str | None,
    actor: str,
) -> Order:
    """Commit that an order is to be placed, or return the one that somebody else just asked for."""
    service, order_id = desk.service, new_id()
    with ledger(desk.hub, desk.at) as open_:
        tx, sync = open_.tx, open_.batch.sync
        person_id, members = whose(tx, person)
        orders.lock_service(tx, sync.sync_id)
        found = _same(desk, open_, package.code, members, key)
        if found is not None:
            return found
        consent_id = _consent_of(desk, open_, members)
        subject = subject_of(open_, person_id, members, package.needs)
        if key is None:
            key = _fresh_key(desk, open_, person_id, package.code)
        open_.add(ORDER, order_id, _values(desk, package, person_id, consent_id, key), person_id)
        open_.enter(
            {
                "order_id": order_id,
                "tenant": open_.tenant,
                "sync_id": sync.sync_id,
                "actor": actor,
                "sealed_request": _sealed(open_, order_id, subject, callback_url),
                "tries": 0,
                "result": orders.NONE,
                "next_at": open_.now,
                "failures": 0,
                "changed_at": open_.now,
            }
        )
        open_.audit(
            "order.place",
            actor,
            [order_id, person_id],
            connection=desk.connection,
            service=service.name,
            package=package.code,
            consent=consent_id,
            fields=subject.fields(),
        )
    with desk.hub.store.read() as tx:
        (order,) = orders.listed(tx, desk.hub.settings.tenant, ids=[order_id])
    return order


def _values(
    desk: Desk, package: Package, person_id: str, consent_id: str | None, key: str
) -> dict[str, Any]:
    values = {
        "kind": desk.service.kind.value,
        "person_id": person_id,
        "connection_id": desk.connection,
        "package_code": package.code,
        "package_name": package.title,
        "idempotency_key": key,
        "consent_id": consent_id,
        "status": OrderStatus.REQUESTED.value,
        "due_at": desk.hub.clock.now() + (package.turnaround or desk.service.turnaround),
        "cost": package.price,
        "cost_currency": package.currency,
    }
    return {name: value for name, value in values.items() if value is not None}


def _sealed(open_: Ledger, order_id: str, subject: Subject, callback_url: str | None) -> bytes:
    request = {"subject": subject.values, "callback_url": callback_url}
    return open_.seal_request(order_id, subject.person_id, request)


def _request(open_: Ledger, order: Order) -> OrderRequest:
    sealed = orders.sealed_request(open_.tx, order.id)
    assert sealed is not None and order.package is not None, "kept until the order is placed"
    kept = open_.open_request(order.id, order.person_id, sealed)
    return OrderRequest(
        key=order.key,
        package=order.package,
        subject=retyped(kept["subject"]),
        consent=order.consent_id,
        callback_url=kept["callback_url"],
    )


def _consent_of(desk: Desk, open_: Ledger, members: list[str]) -> str | None:
    if desk.service.consent is None:
        return None
    given = of_people(open_, members)
    found = covering(given, desk.service, desk.recipients, open_.now)
    return found.id if found else None


def _package(desk: Desk, session: Session, code: str) -> Package:
    known = desk.service.catalog(session)
    for package in known:
        if package.code == code:
            return package
    raise ConfigError(
        "order.package_unknown",
        connection=desk.connection,
        package=code[:80],
        known=", ".join(sorted(p.code for p in known)),
    )


def _keep_refusal(desk: Desk, package: str, person: str, actor: str, refusal: ConsentError) -> None:
    """Put on record that an order was refused for want of consent."""
    with ledger(desk.hub) as open_:
        open_.audit(
            "order.refused",
            actor,
            [person],
            code=refusal.code,
            connection=desk.connection,
            service=desk.service.name,
            package=package[:80],
        )


def _fresh_key(desk: Desk, open_: Ledger, person_id: str, package: str) -> str:
    """Return the key of the next order of a package about a person; it tells nothing of them."""
    secret = desk.hub.keys.fingerprint_key("order")
    for attempt in count(1):
        digest = blake2b(key=secret, digest_size=_KEY_BYTES)
        for part in (desk.connection, desk.service.name, package, person_id, str(attempt)):
            digest.update(len(part.encode()).to_bytes(4, "big") + part.encode())
        if not orders.listed(open_.tx, open_.tenant, key=digest.hexdigest()):
            break
    return digest.hexdigest()


def _check_key(key: str | None) -> None:
    if key is not None and not _KEY.fullmatch(key):
        raise ConfigError("order.key_malformed")

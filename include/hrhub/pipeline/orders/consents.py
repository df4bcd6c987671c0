"""Consent: who agreed to what, towards whom, and what that means for orders.

Nothing about a person goes to a vendor unless a consent in force names the purpose and the vendor
(PIPL Art. 23 and 29). A withdrawal ends every consent to the same purpose that was given before it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from hrhub.ambient import new_id
from hrhub.connector import Connector, OrderKind, OrderService
from hrhub.errors import ConfigError, ConsentError
from hrhub.identity import members_of, resolve_id
from hrhub.model.entities.consents import LEGAL_BASES, PURPOSES
from hrhub.pipeline.orders.ledger import Ledger, ledger
from hrhub.pipeline.writes import StoredRow
from hrhub.store import bulk, orders
from hrhub.store.engine import Tx
from hrhub.store.schema import ENTITY_TABLES

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

CONSENT = "consent"
WITHDRAWAL_REASONS = ("person_asked", "purpose_over", "given_in_error")
"""Why a consent is withdrawn (closed list; free text may hold names)."""

_CONSENT_ONLY = (OrderKind.BACKGROUND, OrderKind.SOCIAL_SECURITY)
"""Kinds of order for which no other legal basis will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent, or another legal ground.

    Attributes:
        recipients: Who may get the data: connectors, connections or vendors' names.
        notice_version: Which text the person was shown.
        evidence: Where the proof is kept; a reference, not the proof.
    """

    id: str
    person_id: str
    purpose: str
    legal_basis: str
    recipients: tuple[str, ...]
    granted_at: datetime | None
    expires_at: datetime | None
    withdrawn_at: datetime | None
    notice_version: str | None
    evidence: str | None

    def names(self, recipients: Collection[str]) -> bool:
        """Tell whether it names one of some recipients."""
        wanted = {name.casefold() for name in recipients}
        return any(name.casefold() in wanted for name in self.recipients)


def give(
    hub: Hub,
    person: str,
    purpose: str,
    recipients: Sequence[str],
    *,
    actor: str,
    evidence: str,
    legal_basis: str = "consent",
    expires_at: datetime | None = None,
    notice_version: str | None = None,
) -> Consent:
    """Put a consent on record.

    Args:
        hub: The hub.
        person: Who agreed.
        purpose: To what: one of the model's purposes.
        recipients: Towards whom: connectors, connections or vendors' names.
        actor: Who records it.
        evidence: Where the proof is kept.
        legal_basis: ``consent``, or another ground of the model.
        expires_at: Until when; None: until it is withdrawn.
        notice_version: Which text the person was shown.

    Raises:
        ConfigError: The person, the purpose or the legal basis is unknown, nobody is named, or
            the proof is missing (``consent.incomplete``).
    """
    lacking = [
        name
        for name, good in (
            ("purpose", purpose in PURPOSES),
            ("legal_basis", legal_basis in LEGAL_BASES),
            ("recipients", bool(recipients) and all(recipients)),
            ("evidence", bool(evidence.strip())),
        )
        if not good
    ]
    if lacking:
        raise ConfigError("consent.incomplete", fields=", ".join(lacking))
    consent_id = new_id()
    with ledger(hub) as open_:
        person_id, _ = whose(open_.tx, person)
        values: dict[str, Any] = {
            "person_id": person_id,
            "purpose": purpose,
            "legal_basis": legal_basis,
            "scope": {"recipients": list(recipients)},
            "granted_at": open_.now,
            "expires_at": expires_at,
            "evidence_file": evidence.strip(),
            "notice_version": notice_version,
        }
        open_.add(
            CONSENT, consent_id, {n: v for n, v in values.items() if v is not None}, person_id
        )
        open_.audit("consent.give", actor, [consent_id, person_id], purpose=purpose)
    return consent(hub, consent_id)


def withdraw(hub: Hub, consent_id: str, *, reason: str, actor: str) -> tuple[Consent, int]:
    """Withdraw a consent; orders that rest on it are stopped by the next look at them.

    Returns:
        The consent, and how many orders are to be stopped.

    Raises:
        ConfigError: There is no such consent, or the reason is not of the list.
    """
    if reason not in WITHDRAWAL_REASONS:
        raise ConfigError("consent.reason", known=", ".join(WITHDRAWAL_REASONS))
    with ledger(hub) as open_:
        row = _row(open_, consent_id)
        stopped = _resting_on(open_, _read(row))
        if row.values.get("withdrawn_at") is None:
            open_.change(CONSENT, row, {"withdrawn_at": open_.now})
            orders.due_soonest(open_.tx, stopped, open_.now)
            open_.audit("consent.withdraw", actor, [row.id], reason=reason, n=len(stopped))
    return consent(hub, consent_id), len(stopped)


def consent(hub: Hub, consent_id: str) -> Consent:
    """Return one consent.

    Raises:
        ConfigError: There is none (``consent.unknown``).
    """
    with ledger(hub, write=False) as open_:
        return _read(_row(open_, consent_id))


def consents(hub: Hub, person: str) -> list[Consent]:
    """Return what is on record for a person, oldest first.

    Raises:
        ConfigError: There is nobody of that id (``person.unknown``).
    """
    with ledger(hub, write=False) as open_:
        _, members = whose(open_.tx, person)
        return of_people(open_, members)


def whose(tx: Tx, person: str) -> tuple[str, list[str]]:
    """Return under which id a person is read, and all ids of that person, this one first.

    Raises:
        ConfigError: There is nobody of that id (``person.unknown``).
    """
    try:
        wanted = str(UUID(person))
    except ValueError:
        raise ConfigError("person.unknown", person=person[:36]) from None
    if not bulk.fetch_by(tx, ENTITY_TABLES["person"], "id", [wanted], ("id",)):
        raise ConfigError("person.unknown", person=wanted)
    person_id = resolve_id(tx, wanted)
    return person_id, [person_id, *sorted(members_of(tx, [person_id])[person_id] - {person_id})]


def of_people(open_: Ledger, people: Collection[str]) -> list[Consent]:
    """Return what is on record for people, oldest first."""
    found = map(_read, open_.rows(CONSENT, "person_id", people))
    return sorted(found, key=lambda c: (c.granted_at is not None, c.granted_at, c.id))


def recipients_of(connector: Connector, connection: str) -> tuple[str, str, str]:
    """Return the names under which a consent may name a vendor."""
    return connector.name, connection, connector.title


def covering(
    given: Iterable[Consent],
    service: OrderService,
    recipients: Collection[str],
    now: datetime,
) -> Consent | None:
    """Return the consent that covers an order, None where the service needs none.

    Raises:
        ConsentError: None does; the code says what comes closest: ``consent.missing``,
            ``consent.other_recipient``, ``consent.expired`` or ``consent.withdrawn``.
    """
    if service.consent is None:
        return None
    known = [c for c in given if c.purpose == service.consent]
    if service.kind in _CONSENT_ONLY:
        known = [c for c in known if c.legal_basis == "consent"]
    named = [c for c in known if c.names(recipients)]
    standing = [c for c in named if not is_withdrawn(c, known, recipients, now)]
    current = [
        c
        for c in standing
        if c.granted_at is not None
        and c.granted_at <= now
        and (c.expires_at is None or now < c.expires_at)
    ]
    if current:
        return max(current, key=lambda c: (c.granted_at, c.id))
    code = "consent.missing"
    if known:
        code = "consent.other_recipient"
    if named:
        code = "consent.expired" if standing else "consent.withdrawn"
    raise ConsentError(code, purpose=service.consent)


def is_withdrawn(
    one: Consent, given: Iterable[Consent], recipients: Collection[str], now: datetime
) -> bool:
    """Tell whether a consent was withdrawn, itself or by a later word on the same purpose."""
    for other in given:
        at = other.withdrawn_at
        if at is None or at > now or other.purpose != one.purpose:
            continue
        if other.id == one.id:
            return True
        meant = not other.recipients or other.names(recipients)
        if meant and (one.granted_at is None or one.granted_at <= at):
            return True
    return False


def _resting_on(open_: Ledger, one: Consent) -> list[str]:
    """Return the unfinished orders about a person that a withdrawal of a consent stops."""
    _, members = whose(open_.tx, one.person_id)
    purpose_of = {c.id: c.purpose for c in of_people(open_, members)}
    return [
        order.id
        for order in orders.listed(open_.tx, open_.tenant, people=members)
        if order.consent_id
        and purpose_of.get(order.consent_id) == one.purpose
        and (not order.final or order.result == orders.WANTED)
    ]


def _row(open_: Ledger, consent_id: str) -> StoredRow:
    try:
        wanted = str(UUID(consent_id))
    except ValueError:
        raise ConfigError("consent.unknown", consent=consent_id[:36]) from None
    for row in open_.rows(CONSENT, "id", [wanted]):
        return row
    raise ConfigError("consent.unknown", consent=wanted)


def _read(row: StoredRow) -> Consent:
    values = row.values
    scope = values.get("scope")
    named = scope.get("recipients") if isinstance(scope, dict) else None
    return Consent(
        id=row.id,
        person_id=values["person_id"],
        purpose=values["purpose"],
        legal_basis=values.get("legal_basis") or "consent",
        recipients=tuple(n for n in named if isinstance(n, str)) if isinstance(named, list) else (),
        granted_at=values.get("granted_at"),
        expires_at=values.get("expires_at"),
        withdrawn_at=values.get("withdrawn_at"),
        notice_version=values.get("notice_version"),
        evidence=values.get("evidence_file"),
    )

"""Orders: work that a vendor does for us about one person, and answers later.

Assessments, interviews by a machine, background checks, social-security queries and education
checks are orders, not streams: somebody decides to place one, it may need the person's consent, it
takes minutes to weeks, it costs money, and its result belongs to the order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from hrhub.connector.stream import JsonRecords, Page, RecordFormat, Session
from hrhub.errors import ContractChanged, RowRejected


class OrderKind(StrEnum):
    """What an order is about."""

    ASSESSMENT = "assessment"
    INTERVIEW = "interview"
    BACKGROUND = "background"
    SOCIAL_SECURITY = "social_security"
    EDUCATION = "education"
    OTHER = "other"


class OrderStatus(StrEnum):
    """Where an order stands. Steps go one way; :data:`FINAL` ones are never left."""

    REQUESTED = "requested"
    PLACED = "placed"
    AWAITING_SUBJECT = "awaiting_subject"
    IN_PROGRESS = "in_progress"
    PARTIAL = "partial"
    COMPLETED = "completed"
    FAILED = "failed"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


FINAL = frozenset(
    {OrderStatus.COMPLETED, OrderStatus.FAILED, OrderStatus.EXPIRED, OrderStatus.CANCELLED}
)
_SHOWABLE = re.compile(r"[\w.:/ -]{1,40}", re.ASCII)
"""What of a vendor's words may stand in a message."""

_RANK = {status: rank for rank, status in enumerate(OrderStatus)}


def may_follow(before: OrderStatus, after: OrderStatus) -> bool:
    """Tell whether a vendor's report may move an order; late reports never move it back."""
    return before not in FINAL and (after in FINAL or _RANK[after] >= _RANK[before])


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Something that can be ordered.

    Attributes:
        code: The vendor's code.
        title: What people read.
        needs: Names of subject fields that must be given (canonical feed names).
        doc: What the person and the buyer get.
        turnaround: How long it usually takes; None: as its service says.
        price: What one order costs, if the vendor says so.
        currency: ISO 4217 code of the price.
    """

    code: str
    title: str
    needs: tuple[str, ...] = ()
    doc: str = ""
    turnaround: timedelta | None = None
    price: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """One order to place.

    Attributes:
        key: Idempotency key: the same key never makes a second order.
        package: Code of the package.
        subject: Values about the person, by canonical feed name; hidden in ``repr``.
        consent: Reference of the consent that covers it, None where none is needed.
        callback_url: Where the vendor may report, if it can.
    """

    key: str
    package: str
    subject: Mapping[str, Any] = field(repr=False)
    consent: str | None = None
    callback_url: str | None = None

    def require(self, names: Iterable[str], rule: str) -> None:
        """Refuse to order about a person of whom something is not known.

        Args:
            names: What the vendor needs, by canonical feed name.
            rule: The connector's word for whom it needs it of, such as ``acme.person``.

        Raises:
            RowRejected: ``required``, with the first name that has no value.
        """
        for name in names:
            if not self.subject.get(name):
                raise RowRejected("required", name, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """What the vendor says of an order.

    Attributes:
        vendor_id: The vendor's id of the order.
        status: In our words.
        vendor_status: In the vendor's.
        changed_at: When it changed, if the vendor says so.
        invite_url: Where the person goes; a secret.
        aliases: Other ids under which the vendor's events name this order.
    """

    vendor_id: str
    status: OrderStatus
    vendor_status: str
    changed_at: datetime | None = None
    invite_url: str | None = field(default=None, repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class OrderService:
    """A kind of order that a vendor takes.

    Attributes:
        name: Name inside the connector: lower case, unique, stable.
        consent: Purpose that the person must have agreed to before an order is placed; None for
            none. Background checks and social-security queries always name one.
        feed: Feed of its results.
        records: How a result page holds records.
        statuses: The vendor's status words in ours; an unknown word is an error, never a guess.
        turnaround: After how long an order counts as overdue.
    """

    name: str
    title: str
    kind: OrderKind
    feed: str
    statuses: Mapping[str, OrderStatus]
    consent: str | None = None
    records: RecordFormat = field(default_factory=JsonRecords)
    turnaround: timedelta = timedelta(days=14)

    def catalog(self, session: Session) -> Sequence[Package]:
        """Return what can be ordered."""
        raise NotImplementedError

    def place(self, session: Session, request: OrderRequest) -> OrderState:
        """Place an order; the same key again returns the order that is there.

        Raises:
            RowRejected: The vendor refuses this person's data; nothing was ordered.
            VendorError: It is not known whether an order was made; look it up before another try.
        """
        raise NotImplementedError

    def find(self, session: Session, key: str) -> OrderState | None:
        """Return the order that was placed under a key, for use after a lost answer."""
        raise NotImplementedError

    def status(self, session: Session, vendor_id: str) -> OrderState:
        """Return where an order stands."""
        raise NotImplementedError

    def result(self, session: Session, vendor_id: str) -> Page:
        """Return the result of an order as it came; it is landed and mapped like any page.

        A page's ``meta`` may name the order by the vendor's id; the hub lands its own id instead.
        """
        raise NotImplementedError

    def cancel(self, session: Session, vendor_id: str) -> OrderState:
        """Cancel an order; one that is final already is left as it is."""
        raise NotImplementedError

    def state_of(
        self,
        vendor_id: str,
        word: str,
        *,
        changed_at: datetime | None = None,
        invite_url: str | None = None,
        aliases: tuple[str, ...] = (),
    ) -> OrderState:
        """Return the state that the vendor's word for it stands for in ``statuses``.

        Raises:
            ContractChanged: ``order.status_unknown``: the word is none of them; nobody guesses.
        """
        status = self.statuses.get(word)
        if status is None:
            shown = word if _SHOWABLE.fullmatch(word) else "unreadable"
            raise ContractChanged("order.status_unknown", vendor_code=shown)
        return OrderState(
            vendor_id=vendor_id,
            status=status,
            vendor_status=word,
            changed_at=changed_at,
            invite_url=invite_url,
            aliases=aliases,
        )

"""Sinks: what we write back to a vendor, once in effect whatever happens on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from hrhub.connector.stream import Session


class Delivery(StrEnum):
    """What may be done when the answer to a write was lost."""

    IDEMPOTENT = "idempotent"
    """Send it again: the vendor knows our key, or the write sets a state."""
    LOOKUP = "lookup"
    """Read back first, then decide."""
    NONE = "none"
    """A person must look; a blind second try could do it twice."""


class WriteStatus(StrEnum):
    """What became of one write."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """One record to write.

    Attributes:
        key: Idempotency key; the same for every try.
        values: What to write, by canonical feed name; hidden in ``repr``.
        number: Short number that only this write has, for protocols whose ids are short; 0 in a
            trial.
    """

    key: str
    number: int = 0
    values: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a write would send, for a dry run; names only.

    Attributes:
        target: Method and path, entity or function at the vendor.
        fields: The vendor's field names that would be set.
    """

    key: str
    target: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the vendor said of one write.

    Attributes:
        vendor_id: The vendor's id of what was written, if it gives one.
        code: Code of the message catalogue for a refusal, the vendor's code in the context.
        vendor_code: The vendor's own code.
    """

    key: str
    status: WriteStatus
    vendor_id: str | None = None
    code: str | None = None
    vendor_code: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sink:
    """A write-back that a vendor takes.

    Attributes:
        name: Name inside the connector: lower case, unique, stable.
        fields: Canonical feed names it writes; nothing else is handed to it.
        required: Those without which a write is refused before it is sent.
        delivery: What may be done after a lost answer.
        batch: How many writes may go in one call.
        fetched: Nothing is sent: devices come for their writes through an event receiver's
            ``ask``. The ``subject`` of a write names the device. A lost answer cannot be looked
            up, so ``delivery`` is ``IDEMPOTENT`` or ``NONE``.
    """

    name: str
    title: str
    fields: tuple[str, ...]
    required: tuple[str, ...] = ()
    delivery: Delivery = Delivery.LOOKUP
    batch: int = 1
    fetched: bool = False

    def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
        """Say what would be sent, without sending anything that changes the vendor."""
        raise NotImplementedError

    def write(self, session: Session, writes: Sequence[Write]) -> list[Written]:
        """Write; one outcome per write, in order.

        A write that was not made because the vendor asked to wait, refused the credentials or
        could not be reached is simply tried again; so with ``Delivery.NONE`` one write must be one
        call that changes something.

        Raises:
            VendorError: It is not known what was written; ``delivery`` says what to do.
        """
        raise NotImplementedError

    def find(self, session: Session, write: Write) -> Written | None:
        """Read back whether a write has arrived (``Delivery.LOOKUP``)."""
        raise NotImplementedError

"""Orders, write-backs and events that do things twice, guess, or believe everybody."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from hrhub.ambient import new_id
from hrhub.conformance.subject import Subject
from hrhub.connector import (
    ConnectorConfig,
    Event,
    OrderRequest,
    OrderState,
    OrderStatus,
    Page,
    Planned,
    Pushed,
    Received,
    Session,
    Write,
    WriteStatus,
    Written,
)
from hrhub.errors import AuthError, RowRejected, VendorError
from tests.conformance.broken.variant import (
    BESIDE_STREAMS,
    CHANGES,
    CONTACTS,
    ORDERS,
    Variant,
    like,
    variant,
    with_connector,
    with_mapping,
)
from tests.conformance.reference.connector import AcmeConfig, Assessments, Changes, Contacts
from tests.conformance.reference.connector import signature as signed


def _orders(good: Subject, kind: type[Assessments], **changes: Any) -> Subject:
    return with_connector(good, orders=(like(kind, ORDERS, **changes),))


def _sinks(good: Subject, kind: type[Contacts], **changes: Any) -> Subject:
    return with_connector(good, sinks=(like(kind, CONTACTS, **changes),))


def _events(good: Subject, kind: type[Changes], **changes: Any) -> Subject:
    return with_connector(good, events=(like(kind, CHANGES, **changes),))


@variant("an order placed without a look", "orders.once")
def blind_order(good: Subject, tmp: Path) -> Subject:
    class Blind(Assessments):
        def place(self, session: Session, request: OrderRequest) -> OrderState:
            body = {"externalId": request.key, "package": request.package}
            return self.state(session.http.post("orders", json=body))

    return _orders(good, Blind)


@variant("an order that is sent again when the answer is lost", "orders.once")
def repeating_order(good: Subject, tmp: Path) -> Subject:
    class Repeating(Assessments):
        def place(self, session: Session, request: OrderRequest) -> OrderState:
            if (there := self.find(session, request.key)) is not None:
                return there
            body = {"externalId": request.key, "package": request.package}
            return self.state(session.http.post("orders", json=body, idempotent=True))

    return _orders(good, Repeating)


@variant("an order under a key of its own", "orders.once")
def lost_key(good: Subject, tmp: Path) -> Subject:
    class Renaming(Assessments):
        def place(self, session: Session, request: OrderRequest) -> OrderState:
            return super().place(session, replace(request, key=new_id()))

    return _orders(good, Renaming)


@variant("an unknown status guessed", "orders.status")
def guessing(good: Subject, tmp: Path) -> Subject:
    class Guessing(Assessments):
        def read(self, data: dict[str, Any]) -> OrderState:
            status = self.statuses.get(data["status"], OrderStatus.IN_PROGRESS)
            return OrderState(vendor_id=data["id"], status=status, vendor_status=data["status"])

    return _orders(good, Guessing)


@variant("a second cancellation that fails", "orders.cancel", "orders.final")
def cancels_once(good: Subject, tmp: Path) -> Subject:
    class Once(Assessments):
        def cancel(self, session: Session, vendor_id: str) -> OrderState:
            return self.state(session.http.post(f"orders/{vendor_id}/cancel", json={}))

    return _orders(good, Once)


@variant("a cancellation that is only said", "orders.cancel", "orders.final")
def cancels_in_words(good: Subject, tmp: Path) -> Subject:
    class Words(Assessments):
        def cancel(self, session: Session, vendor_id: str) -> OrderState:
            state = self.status(session, vendor_id)
            return replace(state, status=OrderStatus.CANCELLED)

    return _orders(good, Words)


@variant("a result without a mapping", "orders.result")
def unmapped(good: Subject, tmp: Path) -> Subject:
    changed = with_mapping(good, tmp, "assessments", lambda text: text)
    (changed.mappings / "acme" / "assessments.yaml").unlink()
    return changed


@variant("a result that names another order", "orders.result")
def misattributed(good: Subject, tmp: Path) -> Subject:
    class Other(Assessments):
        def result(self, session: Session, vendor_id: str) -> Page:
            page = super().result(session, vendor_id)
            return replace(page, body=page.body.replace(vendor_id.encode(), b"n0"))

    return _orders(good, Other)


@variant("a result that is another one every time", "orders.result")
def restless(good: Subject, tmp: Path) -> Subject:
    class Restless(Assessments):
        def result(self, session: Session, vendor_id: str) -> Page:
            page = super().result(session, vendor_id)
            return replace(page, body=page.body.replace(b'"P1"', f'"{new_id()}"'.encode()))

    return _orders(good, Restless)


@variant("a finished order that can be cancelled", "orders.final")
def undone(good: Subject, tmp: Path) -> Subject:
    class Undone(Assessments):
        def cancel(self, session: Session, vendor_id: str) -> OrderState:
            state = self.status(session, vendor_id)
            if state.status is OrderStatus.CANCELLED:
                return state
            return self.state(session.http.post(f"orders/{vendor_id}/cancel", json={}))

    return _orders(good, Undone)


@variant("late reports that are taken for the state of an order", "orders.final")
def regressing(good: Subject, tmp: Path) -> Subject:
    asked: list[str] = []

    class Regressing(Assessments):
        def status(self, session: Session, vendor_id: str) -> OrderState:
            state = super().status(session, vendor_id)
            if state.status is OrderStatus.COMPLETED:
                asked.append(vendor_id)
            if asked.count(vendor_id) > 1:
                return replace(state, status=OrderStatus.IN_PROGRESS)
            return state

    return _orders(good, Regressing)


@variant("an order that shows whom it is about when it fails", "secrecy.quiet", "orders.once")
def talking_order(good: Subject, tmp: Path) -> Subject:
    class Talking(Assessments):
        def place(self, session: Session, request: OrderRequest) -> OrderState:
            try:
                return super().place(session, request)
            except VendorError:
                raise ValueError(f"no order for {request.subject}") from None

    return _orders(good, Talking)


@variant("a write-back that logs what it writes", "secrecy.quiet")
def talking_sink(good: Subject, tmp: Path) -> Subject:
    class Talking(Contacts):
        def body(self, write: Write) -> dict[str, Any]:
            logging.getLogger("acme").debug("writing %s", write.values)
            return super().body(write)

    return _sinks(good, Talking)


@variant("a refused report that is quoted", "secrecy.quiet", "events.parse")
def quoting(good: Subject, tmp: Path) -> Subject:
    class Quoting(Changes):
        def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
            assert isinstance(config, AcmeConfig)
            try:
                return super().parse(config, received)
            except RowRejected:
                raise ValueError(config.signing_key.get_secret_value()) from None

    return _events(good, Quoting)


@variant("a dry run that writes", "sinks.dry_run")
def wet_run(good: Subject, tmp: Path) -> Subject:
    class Wet(Contacts):
        def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
            self.write(session, writes)
            return super().plan(session, writes)

    return _sinks(good, Wet)


@variant("a dry run that shows values", "sinks.dry_run")
def showing(good: Subject, tmp: Path) -> Subject:
    class Showing(Contacts):
        def plan(self, session: Session, writes: Sequence[Write]) -> list[Planned]:
            target = f"POST contacts {writes[0].values['mobile']}"
            return [replace(p, target=target) for p in super().plan(session, writes)]

    return _sinks(good, Showing)


@variant("a write that is sent although it lacks something", "sinks.dry_run")
def careless(good: Subject, tmp: Path) -> Subject:
    class Careless(Contacts):
        def one(self, session: Session, write: Write) -> Written:
            if self.required and not write.values:
                session.http.post("contacts", json={"externalId": write.key})
            return super().one(session, write)

    return _sinks(good, Careless)


@variant("a write without a look", "sinks.once")
def blind_write(good: Subject, tmp: Path) -> Subject:
    class Blind(Contacts):
        def one(self, session: Session, write: Write) -> Written:
            if not write.values:
                return super().one(session, write)
            data = session.http.post("contacts", json=self.body(write)).json()["data"]
            return Written(key=write.key, status=WriteStatus.WRITTEN, vendor_id=data["id"])

    return _sinks(good, Blind)


@variant("a lost answer taken for done under a key of its own", "sinks.once")
def wishful(good: Subject, tmp: Path) -> Subject:
    class Wishful(Contacts):
        def body(self, write: Write) -> dict[str, Any]:
            return {**super().body(write), "externalId": new_id()}

    return _sinks(good, Wishful)


@variant("reports believed without a signature", "events.signature", "events.replay")
def believing(good: Subject, tmp: Path) -> Subject:
    class Believing(Changes):
        def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
            return

    return _events(good, Believing)


@variant("a signature that leaves the body out", "events.signature")
def half_signed(good: Subject, tmp: Path) -> Subject:
    class Half(Changes):
        def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
            try:
                super().verify(config, received, now)
            except AuthError:
                if not received.headers or b"employee" not in received.body[:24]:
                    raise
                assert isinstance(config, AcmeConfig)
                if abs(now.timestamp() - float(received.headers["x-acme-time"])) > 300:
                    raise
                if received.headers["x-acme-signature"].isupper():
                    raise

    return _events(good, Half)


@variant("reports of any age", "events.replay")
def ageless(good: Subject, tmp: Path) -> Subject:
    class Ageless(Changes):
        def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
            assert isinstance(config, AcmeConfig)
            headers = received.headers
            wanted = signed(
                config.signing_key.get_secret_value(),
                headers.get("x-acme-id", ""),
                headers.get("x-acme-time", ""),
                received.body,
            )
            if not hmac.compare_digest(wanted, headers.get("x-acme-signature", "")):
                raise AuthError("event.refused")

    return _events(good, Ageless)


@variant("a new id for every repetition", "events.replay")
def new_every_time(good: Subject, tmp: Path) -> Subject:
    class Renaming(Changes):
        def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
            return [replace(e, id=new_id()) for e in super().parse(config, received)]

    return _events(good, Renaming)


@variant("a damaged report that is fatal", "events.parse")
def fragile(good: Subject, tmp: Path) -> Subject:
    class Fragile(Changes):
        def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
            data = msgspec.json.decode(received.body)
            return [Event(id=received.headers["x-acme-id"], type=data["type"])]

    return _events(good, Fragile)


@variant("a report that says something else once it is kept", "events.parse")
def forgetful(good: Subject, tmp: Path) -> Subject:
    class Forgetful(Changes):
        def keepable(self, config: ConnectorConfig, received: Received) -> Received:
            return replace(received, body=received.body.replace(b"employee", b"somebody"))

    return _events(good, Forgetful)


@variant("events of a stream nobody knows", "events.parse")
def elsewhere(good: Subject, tmp: Path) -> Subject:
    class Elsewhere(Changes):
        def parse(self, config: ConnectorConfig, received: Received) -> Sequence[Event]:
            return [replace(e, stream="people") for e in super().parse(config, received)]

    return _events(good, Elsewhere)


@variant("records of a stream nobody knows", "events.parse")
def misplaced(good: Subject, tmp: Path) -> Subject:
    class Misplaced(Changes):
        def pages(self, config: ConnectorConfig, received: Received) -> Sequence[Pushed]:
            return [Pushed(stream="salaries", page=Page(body=b"[]"))]

    return _events(good, Misplaced)


@variant("forged reports told as vendor errors", "events.signature", "events.replay")
def misnaming(good: Subject, tmp: Path) -> Subject:
    class Misnaming(Changes):
        def verify(self, config: ConnectorConfig, received: Received, now: datetime) -> None:
            try:
                super().verify(config, received, now)
            except AuthError:
                raise VendorError("vendor.failed") from None

    return _events(good, Misnaming)


VARIANTS: tuple[Variant, ...] = tuple(
    replace(v, only=BESIDE_STREAMS) for v in list(globals().values()) if isinstance(v, Variant)
)

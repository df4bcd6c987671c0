"""Secrecy: neither secrets nor people appear in logs, exceptions or representations."""

from __future__ import annotations

import contextlib
import io
import logging
import traceback
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any

from hrhub.ambient import SystemClock, new_id
from hrhub.conformance.checks.orders import order_request
from hrhub.conformance.checks.tokens import writes
from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand, some
from hrhub.conformance.people import somebody
from hrhub.conformance.proxy import Fault, failed_with_page, half_body, login_page, status
from hrhub.connector import EventReceiver, Write
from hrhub.connector.config import secrets_of
from hrhub.errors import HrHubError, RowRejected
from hrhub.http.lookup import find_text
from hrhub.mapping import Mapped
from hrhub.mapping.plan import Path
from hrhub.model import FEEDS, Kind, Privacy
from hrhub.sandbox.vendor import Reporting

_SHORTEST = 5
_KEYS = ("person", "employee", "work_no")


class _Ears(logging.Handler):
    """Hear everything that is logged, at any level, arguments and traces included."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record as text."""
        self.heard.append(f"{record.name} {record.getMessage()} {record.args!r}")
        if record.exc_info:
            self.heard.append("".join(traceback.format_exception(*record.exc_info)))


@check(
    "secrecy.quiet",
    means="No secret and no personal value appears in logs, exceptions, output or addresses.",
    hint="Log ids, counts and codes; raise errors with codes, `from None` where a cause has data.",
)
def quiet(lab: Lab, _: None) -> str:
    """Read everything, well and badly, with logs at DEBUG, and search what was said."""
    said: list[str] = []
    with _listening(said):
        mark = lab.proxy.mark() if lab.http else 0
        for act in _acts(lab):
            try:
                act()
            except Exception as error:
                said += _of_error(error)
        answers = lab.proxy.answers(mark) if lab.http else []
    secrets = {v for v in secrets_of(lab.config) if len(v) >= _SHORTEST}
    tokens = lab.token_paths if lab.http else frozenset()
    for asked, answered in answers:
        if asked.path in tokens and answered is not None:
            token = find_text(answered.body, "access_token")
            secrets |= {token} if token else set()
    personal = _personal(lab)
    text = "\n".join(said)
    demand(not any(s in text for s in secrets), "a secret appears in logs, errors or output")
    found = sorted({field for value, field in personal.items() if value in text})
    demand(not found, f"personal values appear in logs, errors or output: {some(found)}")
    addresses = "\n".join(a.url for a, _ in answers)
    # Before a write-back the vendor is asked by its own key of the person; some put it there.
    keys = _KEYS if lab.connector.sinks else ()
    found = sorted({f for value, f in personal.items() if f not in keys and value in addresses})
    demand(not found, f"personal values appear in addresses: {some(found)}")
    return f"{len(secrets)} secrets and {len(personal)} values searched for"


def _acts(lab: Lab) -> Iterator[Callable[[], Any]]:
    """Yield what is done while everything is heard; most of it fails."""
    connector = lab.connector
    yield lambda: connector.check(lab.session())
    for stream in connector.streams:
        yield lambda stream=stream: lab.read(stream)  # type: ignore[misc]
        yield lambda stream=stream: _damaged(lab, stream)  # type: ignore[misc]
    if lab.http:
        for stream in lab.kinds():
            for fails in (login_page, failed_with_page, half_body, status(401), status(400)):
                fault = lab.fault(stream, fails)
                yield lambda s=stream, f=fault: _with(lab, f, lambda: lab.read(s))  # type: ignore[misc]
        yield lambda: _with(lab, Fault(status(401)), lambda: connector.check(lab.session()))
    yield from _outward(lab)
    person = somebody(lab.site.world)
    yield lambda: connector.config.model_validate({**lab.site.given, "no_such_setting": person})


def _outward(lab: Lab) -> Iterator[Callable[[], Any]]:
    """Yield orders, write-backs and reports, all of them disturbed."""
    connector, person = lab.connector, somebody(lab.site.world)
    faults = [lambda: None]
    if lab.http:
        when = writes(lab)
        faults += [
            lambda act=act: Fault(act, when=when, times=1)  # type: ignore[misc]
            for act in (failed_with_page, half_body, status(400))
        ]
    for service in connector.orders:
        yield lambda service=service: service.status(lab.session(), "no-such-order")  # type: ignore[misc]
        for fault in faults:
            request = order_request(lab, service)
            yield lambda s=service, r=request, f=fault: _with(  # type: ignore[misc]
                lab, f(), lambda: s.place(lab.session(), r)
            )
    for sink in connector.sinks:
        values = {name: person[name] for name in sink.fields if name in person}
        for fault in faults:
            write = Write(key=new_id(), values=values)
            yield lambda s=sink, w=write, f=fault: _with(  # type: ignore[misc]
                lab, f(), lambda: s.write(lab.sinking(s), [w])
            )
    for receiver in connector.events:
        yield lambda receiver=receiver: _damaged_reports(lab, receiver)  # type: ignore[misc]


def _damaged_reports(lab: Lab, receiver: EventReceiver) -> None:
    """Verify and parse a real report that was cut or forged; refusals are raised at the end."""
    running, now = lab.site.running, SystemClock().now()
    if not isinstance(running, Reporting):
        return
    genuine, refusals = running.report(receiver.name, now), list[Exception]()
    for body in (genuine.body, genuine.body[:-1], genuine.body + b"}", b"{}"):
        forged = replace(genuine, body=body, headers={})
        for act in (
            lambda one=forged: receiver.verify(lab.config, one, now),
            lambda one=forged: receiver.parse(lab.config, one),
        ):
            try:
                act()
            except Exception as error:
                refusals.append(error)
    if refusals:
        raise ExceptionGroup("damaged reports", refusals)


def _with(lab: Lab, fault: Fault | None, act: Callable[[], Any]) -> None:
    with lab.proxy.armed(fault) if fault else contextlib.nullcontext():
        act()


def _damaged(lab: Lab, stream: Any) -> None:
    """Decode real records that were cut or doubled; refusals are raised at the end."""
    refusals: list[Exception] = []
    for raw in lab.whole(stream).raws[:5]:
        for data in (raw.data[:-1], raw.data[: len(raw.data) // 2], raw.data + b"}", b"{}"):
            try:
                stream.records.decode(data, raw.meta)
            except Exception as error:
                refusals.append(error)
    if refusals:
        raise ExceptionGroup("damaged records", refusals)


@contextlib.contextmanager
def _listening(said: list[str]) -> Iterator[None]:
    ears, root = _Ears(), logging.getLogger()
    before = root.level
    out, err = io.StringIO(), io.StringIO()
    root.addHandler(ears)
    root.setLevel(logging.DEBUG)
    try:
        with (
            warnings.catch_warnings(record=True) as warned,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("always")
            yield
    finally:
        root.removeHandler(ears)
        root.setLevel(before)
    said += [*ears.heard, out.getvalue(), err.getvalue(), *(str(w.message) for w in warned)]


def _of_error(error: BaseException) -> Iterator[str]:
    """Yield everything an error says, causes and notes included."""
    if isinstance(error, BaseExceptionGroup):
        yield from chain.from_iterable(_of_error(inner) for inner in error.exceptions)
        return
    yield "".join(traceback.format_exception(error))
    yield repr(error)
    if isinstance(error, HrHubError):
        yield repr(error.context)
    if isinstance(error, RowRejected):
        yield f"{error.reason} {error.field_path} {error.rule}"


def _personal(lab: Lab) -> dict[str, str]:
    """Return personal values of the records, as sent and as mapped, with their fields."""
    found: dict[str, str] = {}
    for stream in lab.connector.streams:
        plan = lab.plan(stream)
        sealed = {
            rule.source.steps: rule.target.name
            for rule in plan.rules
            if isinstance(rule.source, Path) and rule.target.field.privacy is not Privacy.OPEN
        }
        docs = lab.whole(stream).docs
        for doc, outcome in zip(docs, lab.mapped(stream).map(docs), strict=True):
            for steps, name in sealed.items():
                value: Any = doc
                for step in steps:
                    value = value.get(step) if isinstance(value, dict) else None
                _note(found, value, name)
            if isinstance(outcome, Mapped):
                for name, value in outcome.values.items():
                    field = plan.feed.by_name[name].field
                    # Codes are words of the hub's own, such as "rejected", and may be said.
                    if field.privacy is not Privacy.OPEN and field.kind is not Kind.CODE:
                        _note(found, value, name)
    if lab.connector.orders or lab.connector.sinks:
        known = {**FEEDS["person"].by_name, **FEEDS["employee"].by_name}
        for name, value in somebody(lab.site.world).items():
            if name in known and known[name].field.privacy is not Privacy.OPEN:
                _note(found, value, name)
    if not found and not secrets_of(lab.config):
        raise NotApplicable("there is neither a secret nor a personal value")
    return found


def _note(found: dict[str, str], value: Any, name: str) -> None:
    text = str(value) if isinstance(value, str) else ""
    # Short texts such as codes would be found everywhere; two Chinese characters would not.
    if len(text) >= _SHORTEST or (len(text) > 1 and not text.isascii()):
        found[text] = name

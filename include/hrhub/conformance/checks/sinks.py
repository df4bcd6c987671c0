"""Write-backs: a dry run writes nothing, a lost answer does not write twice."""

from __future__ import annotations

from hrhub.ambient import new_id
from hrhub.conformance.checks.orders import order_request
from hrhub.conformance.checks.tokens import writes
from hrhub.conformance.lab import Lab
from hrhub.conformance.law import Broken, NotApplicable, check, demand, some
from hrhub.conformance.people import somebody
from hrhub.conformance.proxy import Asked, Fault, lost_answer
from hrhub.connector import Delivery, Sink, Write, WriteStatus
from hrhub.errors import HrHubError, VendorError

_DONE = (WriteStatus.WRITTEN, WriteStatus.UNCHANGED)


@check(
    "sinks.dry_run",
    scope="sink",
    means="A dry run tells target and fields and writes nothing; a lack is refused before sending.",
    hint="`plan` only builds the request; check `required` before anything is sent.",
)
def dry_run(lab: Lab, sink: Sink) -> str:
    """Plan a write, and watch that nothing but reads reaches the vendor."""
    write = _write(lab, sink)
    session = lab.sinking(sink)
    mark = _mark(lab)
    planned = sink.plan(session, [write])
    sent = _writing(lab, mark)
    demand(not sent, f"a dry run sent {len(sent)} requests that write")
    demand([p.key for p in planned] == [write.key], "a dry run does not answer write by write")
    demand(planned[0].fields and planned[0].target, "a dry run tells no target or no fields")
    shown = repr(planned)
    told = [n for n, v in write.values.items() if len(str(v)) > 3 and str(v) in shown]
    demand(not told, f"a dry run shows values of {some(told)}")
    if sink.required and not sink.fetched:
        lack = Write(key=new_id(), values={})
        (refusal,) = sink.write(lab.sinking(sink), [lack])
        demand(refusal.status is WriteStatus.REFUSED, f"a lack is told as {refusal.status}")
        demand(not _writing(lab, mark), "a write that lacks something was sent")
    return some(planned[0].fields)


@check(
    "sinks.once",
    scope="sink",
    means="Written once is written; another try after a lost answer does not write twice.",
    hint="Send the key; with `lookup` implement `find`; with `none` answer `unknown`.",
)
def once(lab: Lab, sink: Sink) -> str:
    """Write, write again, and write while the answer gets lost."""
    if sink.fetched:
        raise NotApplicable("devices come for it: the hub hands it out and settles it")
    write = _write(lab, sink)
    mark = _mark(lab)
    (first,) = sink.write(lab.sinking(sink), [write])
    demand(first.status is WriteStatus.WRITTEN, f"a first write is told as {first.status}")
    writing = _writing(lab, mark)
    if sink.delivery is not Delivery.NONE:
        (again,) = sink.write(lab.sinking(sink), [write])
        demand(again.status in _DONE, f"the same write again is told as {again.status}")
        demand(again.vendor_id == first.vendor_id, "the same write again made a second entry")
    if not writing:
        raise NotApplicable("the protocol is not HTTP")
    other = _write(lab, sink, 1)
    fault = Fault(lost_answer, when=writes(lab), times=1)
    status = WriteStatus.UNKNOWN
    try:
        with lab.proxy.armed(fault):
            (result,) = sink.write(lab.sinking(sink), [other])
            status = result.status
    except VendorError:
        status = WriteStatus.UNKNOWN
    except HrHubError as error:
        raise Broken(f"a lost answer is told as {error.code}") from None
    if sink.delivery is Delivery.NONE:
        demand(status is WriteStatus.UNKNOWN, f"a lost answer is told as {status}")
        return "unknown is told"
    if sink.delivery is Delivery.LOOKUP:
        found = sink.find(lab.sinking(sink), other)
        demand(found is not None, "a write whose answer was lost is not found")
        demand(
            sink.find(lab.sinking(sink), _write(lab, sink, 2)) is None, "a write of nobody is found"
        )
    (settled,) = sink.write(lab.sinking(sink), [other])
    (again,) = sink.write(lab.sinking(sink), [other])
    demand(settled.status in _DONE, f"after a lost answer it is told as {settled.status}")
    demand(settled.vendor_id == again.vendor_id, "a lost answer made a second entry")
    return "written once"


def _write(lab: Lab, sink: Sink, number: int = 0) -> Write:
    person = somebody(lab.site.world, number) | _about_order(lab, sink, number)
    lacking = set(sink.fields) - person.keys()
    demand(set(sink.required) <= set(sink.fields), "`required` names fields that are not written")
    demand(
        not lacking & set(sink.required),
        f"required fields that no person of the company has: {some(sorted(lacking))}",
    )
    # Vendors that keep people know this one already: a new number is something to write.
    person["mobile"] = f"1390001{number:04d}"
    return Write(key=new_id(), values={n: person[n] for n in sink.fields if n in person})


def _about_order(lab: Lab, sink: Sink, number: int) -> dict[str, str]:
    """Return what sinks write about an order: one that was placed, and what a person decided."""
    if "order" not in sink.fields or not lab.connector.orders:
        return {}
    service = lab.connector.orders[0]
    placed = service.place(lab.session(), order_request(lab, service, number))
    return {"order": placed.vendor_id, "verdict": "yes", "reviewer": f"reviewer-{number}"}


def _mark(lab: Lab) -> int:
    """Return a place in the proxy's log."""
    if not lab.http:
        return 0
    writes(lab)  # asks for what tells requests apart, before the place is taken
    return lab.proxy.mark()


def _writing(lab: Lab, mark: int) -> list[Asked]:
    """Return requests that write; those for tokens do not."""
    if not lab.http:
        return []
    writing = writes(lab)
    return [asked for asked in lab.proxy.since(mark) if writing(asked)]

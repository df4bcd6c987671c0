"""Pages: they come one at a time, they end, circles are noticed, totals agree."""

from __future__ import annotations

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.conformance.proxy import Echo, Fault
from hrhub.connector import Stream
from hrhub.errors import ContractChanged, HrHubError

_PATIENCE = 40


@check(
    "paging.ends",
    scope="stream",
    means="Pages are handed on as they come, the reading ends, and totals agree with the records.",
    hint="Yield each page before the one after next is asked for; do not gather a whole stream.",
)
def ends(lab: Lab, stream: Stream) -> str:
    """Watch how far the requests run ahead of the pages, and count."""
    reading = lab.whole(stream)
    totals = {p.total for p in reading.pages if p.total is not None}
    got = len(reading.raws)
    demand(totals <= {got}, f"totals of {sorted(totals)} are told, {got} records came")
    if lab.http and len(reading.pages) > 3:
        first = lab.read(stream, pages=1)
        ahead = sum(a.path == lab.data_path(stream) for a in first.asked)
        demand(ahead <= 2, f"{ahead} pages were asked for before the first one was handed on")
    return f"{len(reading.pages)} pages"


@check(
    "paging.loops",
    scope="stream",
    means="A vendor that leads in circles is noticed, and what it repeats is not taken for data.",
    hint="Use the pagings and the LoopGuard of hrhub.http.paging.",
)
def loops(lab: Lab, stream: Stream) -> str:
    """Let the vendor answer the first page again and again."""
    if not lab.http:
        raise NotApplicable("the protocol has no pages")
    if len(lab.whole(stream).pages) < 2:
        raise NotApplicable("the stream has one page at this size")
    fault = Fault(Echo(), path=lab.data_path(stream))
    try:
        with lab.proxy.armed(fault):
            reading = lab.read(stream, pages=_PATIENCE)
    except ContractChanged as error:
        lab.words(error)
        return f"noticed after {fault.hits} requests"
    except HrHubError as error:
        demand(False, f"told as {error.code}, which is no change of the contract")
    demand(reading.whole, f"still reading after {_PATIENCE} pages")
    demand(False, f"it ended as if {len(reading.pages)} equal pages were all there is")
    return ""

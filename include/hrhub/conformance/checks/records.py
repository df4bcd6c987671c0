"""Records of every stream: they decode, they have keys, they stay the same, none is missing."""

from __future__ import annotations

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand, some
from hrhub.conformance.reading import at
from hrhub.connector import Deletes, Mode, Stream
from hrhub.mapping import Rejected


@check(
    "records.fit",
    scope="stream",
    means="Every record decodes and maps; only as many are refused as the simulator announces.",
    hint="Compare the stream's RecordFormat and its mapping with what the vendor really sends.",
)
def fit(lab: Lab, stream: Stream) -> str:
    """Split, decode and map a whole reading."""
    reading = lab.whole(stream)
    demand(reading.raws, "the simulator serves no record")
    bad = [n for p in reading.pages for n, v in p.meta.items() if not isinstance(v, str | int)]
    demand(not bad, f"facts of a page that are neither text nor number: {some(bad)}")
    undecoded = sum(raw.doc is None for raw in reading.raws)
    outcomes = lab.mapped(stream).map(reading.docs)
    refused = [o for o in outcomes if isinstance(o, Rejected)]
    announced = lab.site.truth[stream.name].rejected if stream.name in lab.site.truth else 0
    rules = sorted({f"{r.reason} at {r.field_path or '-'}" for r in refused})
    slices = max((len(raws) for _, raws in reading.series), default=1)
    demand(
        len(refused) + undecoded <= announced * slices,
        f"{len(refused) + undecoded} refused, {announced} announced: {some(rules)}",
    )
    return f"{len(reading.raws)} records, {len(refused) + undecoded} refused"


@check(
    "records.keys",
    scope="stream",
    means="Every record has its key; no two different records share one; series stay together.",
    hint="`key` names the vendor's fields that identify a record; grouped streams need key order.",
)
def keys(lab: Lab, stream: Stream) -> str:
    """Look at the keys of a whole reading."""
    reading = lab.whole(stream)
    lacking = {n for doc in reading.docs for n in stream.key if at(doc, n) in (None, "")}
    demand(not lacking, f"key fields that are missing or empty in some records: {some(lacking)}")
    seen: dict[tuple[str, ...], bytes] = {}
    twice = 0
    for key, raws in reading.series:
        body = b"".join(raw.data for raw in raws)
        twice += seen.setdefault(key, body) != body
    demand(not twice, f"{twice} records differ from another one with the same key")
    return f"{len(seen)} keys"


@check(
    "records.stable",
    scope="stream",
    means="Two readings of an unchanged vendor give the same records.",
    hint="Declare fields that change without meaning as `volatile`; keep no state in the stream.",
)
def stable(lab: Lab, stream: Stream) -> str:
    """Read twice and compare what the records say."""
    first, second = lab.whole(stream).content(), lab.read(stream).content()
    changed = sum(first[k] != second[k] for k in first.keys() & second.keys())
    demand(first.keys() == second.keys(), f"{len(first)} records, then {len(second)}")
    if changed:
        names = _differing(lab, stream)
        demand(False, f"{changed} of {len(first)} records differ, in {some(names)}")
    return f"{len(first)} records twice"


def _differing(lab: Lab, stream: Stream) -> list[str]:
    one, two = ({r.key: r.doc for r in x.raws} for x in (lab.whole(stream), lab.read(stream)))
    found = {
        name
        for key, doc in one.items()
        for name, value in (doc or {}).items()
        if (two.get(key) or {}).get(name) != value
    }
    return sorted(found - set(stream.volatile))


@check(
    "records.counted",
    scope="stream",
    means="A whole reading gives as many records as the vendor has.",
    hint="Compare with `truth` of the simulator: paging that ends early, filters, doubled pages.",
)
def counted(lab: Lab, stream: Stream) -> str:
    """Compare with the simulator's truth."""
    if stream.name not in lab.site.truth:
        raise NotApplicable("the simulator announces no number")
    reading, truth = lab.whole(stream), lab.site.truth[stream.name]
    got = len(reading.content())
    demand(got == truth.pulled, f"{got} records, the vendor has {truth.pulled}")
    return f"{got} records"


PEOPLE_FEEDS = ("person", "employee", "employment", "assignment", "device_user")


@check(
    "records.leavers",
    scope="stream",
    means="People who left are visible, or the stream declares that they are not.",
    hint="Ask the vendor for inactive people too, or declare `deletes` on the stream.",
)
def leavers(lab: Lab, stream: Stream) -> str:
    """Look for the company's leavers among the records."""
    if stream.feed not in PEOPLE_FEEDS:
        raise NotApplicable("the stream is not about people")
    world = lab.site.world
    gone = {
        spell.user_id
        for person in world.people
        for spell in person.spells
        if spell.end_date is not None and spell.end_date < world.as_of
    }
    if stream.feed == "person":
        employed = {p.person_id for p, _ in world.employed}
        gone |= {p.person_id for p in world.people if p.person_id not in employed}
    seen = {v for doc in lab.whole(stream).docs for v in doc.values() if isinstance(v, str)}
    visible = len(gone & seen)
    if stream.deletes is Deletes.VISIBLE:
        demand(visible or not gone, f"none of {len(gone)} leavers is among the records")
        return f"{visible} leavers visible"
    demand(not visible, f"declared {stream.deletes}, but {visible} leavers are visible")
    demand(
        stream.deletes is not Deletes.ABSENT or stream.mode is Mode.FULL,
        "absence tells something only in a stream that is read in full",
    )
    return f"declared {stream.deletes}"

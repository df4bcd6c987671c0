"""Texts: rare characters and leading zeros survive, full-width digits do no harm."""

from __future__ import annotations

from hrhub.conformance.lab import Lab
from hrhub.conformance.law import NotApplicable, check, demand
from hrhub.conformance.reading import at
from hrhub.conformance.samples import bench
from hrhub.connector import Stream
from hrhub.mapping import Mapped
from hrhub.model import Kind

_RARE = "𠮷䶮㛃·乄"
_EMOJI = "王芳😀"
_ZEROS = "0004217"
_FULL_WIDTH = "１３８００１３８０００"


@check(
    "text.kept",
    scope="stream",
    means="Rare characters and leading zeros arrive unchanged; full-width digits end nothing.",
    hint="Keep ids as text and names as they are; decode with the vendor's real character set.",
)
def kept(lab: Lab, stream: Stream) -> str:
    """Compare the company's names and numbers, then exchange texts of a real record."""
    people = lab.site.world.people
    latin = {p.latin_name for p in people}
    # Some vendors know names in Latin letters only, given name first.
    names = {p.display_name for p in people} | latin
    names |= {" ".join(reversed(name.split(" ", 1))) for name in latin}
    work = bench(lab, stream)
    tried = 0
    for outcome in lab.mapped(stream).map(lab.whole(stream).docs):
        if isinstance(outcome, Mapped) and (name := outcome.values.get("display_name")):
            tried += 1
            demand(name in names, "display_name: a name that nobody of the company has")
    guarded = {
        path.steps
        for rule in lab.plan(stream).rules
        if rule.target.field.check or rule.clean
        for path in rule.vendor_paths
    }
    for rule in work.rules():
        target = rule.target
        if target.field.kind not in (Kind.TEXT, Kind.REF) or rule.codes is not None:
            continue
        doc = work.sample(rule)
        if doc is None or not isinstance(work.value(doc, rule), str):
            continue
        tried += 1
        work.with_value(doc, rule, _FULL_WIDTH)
        if guarded & {path.steps for path in rule.vendor_paths}:
            continue
        for text in (_RARE, _EMOJI, _ZEROS) if target.field.kind is Kind.TEXT else (_ZEROS,):
            outcome = work.with_value(doc, rule, text)
            got = outcome.values.get(target.name) if isinstance(outcome, Mapped) else None
            demand(got == text, f"{target.name}: a text with rare characters or zeros is changed")
    ids = [r for r in stream.key if isinstance(at(lab.whole(stream).docs[0], r), str)]
    if not tried and not ids:
        raise NotApplicable("no text is mapped")
    return f"{tried} texts"

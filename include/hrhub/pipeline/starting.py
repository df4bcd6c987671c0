"""What a process is to be started for: interviews that were passed, each once.

Who passed is what the mapping made of the source's words; whether a passed interview leads on is
for a person to say, in the first step of the process.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hrhub.crypto import audit_linker
from hrhub.identity import resolve_ids
from hrhub.model import Privacy
from hrhub.reading.opening import Opener
from hrhub.store import audit, processes

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

PASSED = ("strong_yes", "yes")
"""Verdicts that count as passed unless a process says otherwise."""

AT_ONCE = 50
"""Runs that one look asks for; the next one takes the rest."""

RECENT = timedelta(days=30)
"""Older interviews start nothing: whoever switches a process on does not begin with the past."""

_READ_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Start:
    """A run that is to be started: ids of the hub, nothing personal.

    Attributes:
        run: Id of the run: it follows from the order or the application that was interviewed for.
        person: Whom it is about.
        interview: The row that was passed.
    """

    run: str
    person: str
    interview: str


def passed_interviews(
    hub: Hub, process: str, *, verdicts: Collection[str] = PASSED, mode: str | None = None
) -> list[Start]:
    """Return runs that interviews passed since the last look ask for; those not passed are noted.

    A run stays asked for until :func:`note_started`. A second round for the same order or
    application asks for none, nor does an interview older than :data:`RECENT`, nor one whose person
    was erased.

    Args:
        hub: The hub.
        process: Id of the DAG.
        verdicts: What counts as passed.
        mode: Only interviews of this mode, such as ``ai``.
    """
    tenant, opener = hub.settings.tenant, Opener(hub.keys, hub.data_keys)
    since = hub.clock.now() - RECENT
    wanted: dict[str, Start] = {}
    after: str | None = None
    while len(wanted) < AT_ONCE:
        over: list[tuple[str, int, str | None]] = []
        with hub.store.read() as tx:
            unseen = processes.unseen_interviews(
                tx, tenant, process, mode=mode, since=since, after=after, limit=_READ_AT_ONCE
            )
            ids = [row_id for row_id, _, _ in unseen]
            opened = opener.rows(tx, "interview", "id", ids, {Privacy.SENSITIVE})
            runs = {row_id: f"interview_{about}" for row_id, about, _ in unseen}
            known = processes.started(tx, tenant, process, set(runs.values()))
            people = resolve_ids(tx, {one.columns["subject_id"] for one in opened})
        if not unseen:
            break
        after = ids[-1]
        rows = {one.columns["id"]: one for one in opened}
        for row_id, _, version in unseen:
            run, row = runs[row_id], rows.get(row_id)
            if row is None or row.values.get("verdict") not in verdicts or run in known:
                over.append((row_id, version, None))
            elif run not in wanted:
                wanted[run] = Start(run, people[row.columns["subject_id"]], row_id)
        with hub.store.write() as tx:
            processes.note(tx, tenant, process, over, hub.clock.now())
    return list(wanted.values())[:AT_ONCE]


def note_started(hub: Hub, process: str, starts: Sequence[Start], *, actor: str) -> None:
    """Note that runs were started: nothing is ever started for them again."""
    if not starts:
        return
    now = hub.clock.now()
    with hub.store.write() as tx:
        judged = [(one.interview, 0, one.run) for one in starts]
        processes.note(tx, hub.settings.tenant, process, judged, now)
        audit.append(
            tx,
            audit_linker(hub.keys),
            hub.settings.tenant,
            at=now,
            actor=actor,
            action="process.start",
            object_=process,
            rows=[row for one in starts for row in (one.interview, one.person)],
        )

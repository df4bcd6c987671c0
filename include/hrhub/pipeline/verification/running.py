"""One verification of a person: compare, and bring what is stored in step with what was found.

There is one verification per person; running it again changes only what has changed. What a person
has decided is never lost: where the facts are no longer those it was decided on, it is marked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from hrhub.crypto import audit_linker
from hrhub.errors import ConfigError
from hrhub.identity import members_of, resolve_ids
from hrhub.identity.settling import take_turn
from hrhub.pipeline.batch import Batch
from hrhub.pipeline.desk import desk
from hrhub.pipeline.verification.compare import compare
from hrhub.pipeline.verification.facts import Finding, Outcome
from hrhub.pipeline.verification.gathering import Gathered, gather, rows_about
from hrhub.pipeline.verification.policy import VerificationPolicy, load_verification_policy
from hrhub.pipeline.writes import StoredRow, shape
from hrhub.store import audit, bulk

if TYPE_CHECKING:
    from hrhub.pipeline.hub import Hub

VERIFICATION, DISCREPANCY = "employment_verification", "employment_discrepancy"
OPEN = "open"
_encode = msgspec.json.Encoder(decimal_format="string", order="sorted").encode
_FACTS = ("severity", "claimed", "recorded", "delta_months")
"""What a decision rests on."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a run came to; ids, counts and shares only.

    Attributes:
        id: The verification.
        person_id: Whose.
        coverage: Share of claimed months with any record.
        found: Differences found.
        new: Of them, not known before.
        changed: Of them, known with other facts.
        gone: Open ones that no longer arise.
        outdated: Decided ones whose facts have changed.
    """

    id: str
    person_id: str
    coverage: str
    found: int
    new: int
    changed: int
    gone: int
    outdated: int


def verify_employment(hub: Hub, person_id: str, *, actor: str) -> Verified:
    """Hold a person's newest resume against the records of their work.

    Raises:
        ConfigError: There is nobody of that id (``person.unknown``).
        MappingError: The policy file is wrong.
        KeysUnavailable: The person was erased.
    """
    policy = load_verification_policy(hub.settings.mappings)
    with hub.store.write() as tx:
        # One after the other, for two runs at once would each make a verification.
        take_turn(tx, hub.settings.tenant)
        read_as, members = members_or_refuse(tx, hub.settings.tenant, person_id)
        with desk(hub, tx) as batch:
            gathered = gather(batch, members)
            outcome = compare(gathered.facts, policy)
            done = _Step(batch, read_as, members).bring(gathered, outcome, policy)
            batch.writes.flush(tx, new_keys=False)
        audit.append(
            tx,
            audit_linker(hub.keys),
            hub.settings.tenant,
            at=batch.now,
            actor=actor,
            action="verification.run",
            object_=VERIFICATION,
            rows=[done.id],
            n=done.found,
        )
    return done


def members_or_refuse(tx: Any, tenant: str, person_id: str) -> tuple[str, set[str]]:
    """Return under which id a person is read, and all ids that are this person.

    Raises:
        ConfigError: There is nobody of that id (``person.unknown``).
    """
    where = {"tenant": tenant}
    known = (
        bulk.fetch_by(tx, shape("person").table, "id", [person_id], ("id",), where)
        if _is_id(person_id)
        else ()
    )
    if not known:
        raise ConfigError("person.unknown", person=person_id[:36])
    return resolve_ids(tx, [person_id])[person_id], members_of(tx, [person_id])[person_id]


def _is_id(text: str) -> bool:
    """Tell whether a text can be an id; PostgreSQL refuses to compare any other."""
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


def facts_hash(values: Mapping[str, Any]) -> str:
    """Return the hash of what a decision rests on; it is kept sealed beside the decision."""
    told = _encode([values.get(name) for name in _FACTS])
    return blake2b(told, digest_size=16).hexdigest()


class _Step:
    """Bring the stored rows of one person in step with an outcome."""

    def __init__(self, batch: Batch, person_id: str, members: set[str]) -> None:
        self._batch = batch
        self._person_id = person_id
        self._members = members
        self._counts: Counter[str] = Counter()

    def bring(self, gathered: Gathered, outcome: Outcome, policy: VerificationPolicy) -> Verified:
        """Write what has changed."""
        verification_id = self._verification(gathered, outcome, policy)
        self._findings(verification_id, outcome.findings)
        return Verified(
            id=verification_id,
            person_id=self._person_id,
            coverage=str(outcome.coverage),
            found=len(outcome.findings),
            new=self._counts["new"],
            changed=self._counts["changed"],
            gone=self._counts["gone"],
            outdated=self._counts["outdated"],
        )

    def _verification(
        self, gathered: Gathered, outcome: Outcome, policy: VerificationPolicy
    ) -> str:
        complete = bool(gathered.facts.claims and gathered.facts.months)
        values: dict[str, Any] = {
            "person_id": self._person_id,
            "resume_id": gathered.resume_id,
            "order_ids": list(gathered.order_ids),
            "ruleset_version": policy.ruleset,
            "tolerance_months": policy.tolerance_months,
            "status": "done" if complete else "needs_input",
            "verdict": outcome.verdict,
            "score": outcome.score,
            "coverage": outcome.coverage,
        }
        values = {n: v for n, v in values.items() if v is not None}
        rows = rows_about(self._batch, VERIFICATION, self._members)
        own = [row for row in rows if row.subject == self._person_id]
        for row in rows:
            if row not in own[:1]:  # of people who were merged; what was decided moves over
                self._batch.writes.retire(VERIFICATION, row.id, "merged")
        if own:
            self._update(VERIFICATION, own[0], values)
            return own[0].id
        return self._insert(VERIFICATION, values, self._person_id)

    def _findings(self, verification_id: str, findings: Sequence[Finding]) -> None:
        known = {
            (row.values["code"], row.values.get("about", "")): row
            for row in rows_about(self._batch, DISCREPANCY, self._members)
        }
        for finding in findings:
            row = known.pop((finding.code, finding.about), None)
            facts: dict[str, Any] = {
                "verification_id": verification_id,
                "code": finding.code,
                "severity": finding.severity,
                "resume_job_id": finding.claim_id,
                "record_refs": list(finding.records),
                "claimed": finding.claimed,
                "recorded": finding.recorded,
                "delta_months": finding.delta_months,
                "about": finding.about,
            }
            facts = {n: v for n, v in facts.items() if v is not None}
            if row is None:
                self._insert(DISCREPANCY, {**facts, "state": OPEN}, self._person_id)
                self._counts["new"] += 1
                continue
            values = {**{n: v for n, v in row.values.items() if n in _DECIDED}, **facts}
            outdated = self._outdated(row, facts_hash(facts))
            values |= {"outdated": True} if outdated else {}
            self._counts["outdated"] += outdated
            self._counts["changed"] += self._update(DISCREPANCY, row, values)
        for row in known.values():
            if row.values.get("state", OPEN) == OPEN:
                self._batch.writes.retire(DISCREPANCY, row.id, "source_deleted")
                self._counts["gone"] += 1
            else:
                values = {**row.values, "verification_id": verification_id, "outdated": True}
                self._update(DISCREPANCY, row, values)
                self._counts["outdated"] += 1

    @staticmethod
    def _outdated(row: StoredRow, now: str) -> bool:
        return row.values.get("state", OPEN) != OPEN and row.values.get("decided_on") != now

    def _insert(self, entity: str, values: dict[str, Any], subject: str) -> str:
        row_id = self._batch.writes.new_id()
        self._batch.subjects.load(self._batch.tx, [subject])
        content = self._batch.sync.content_of(_encode(values))
        self._batch.writes.insert(entity, row_id, values, content, subject=subject)
        return row_id

    def _update(self, entity: str, row: StoredRow, values: dict[str, Any]) -> bool:
        """Write a row's new values; tell whether anything is new."""
        if {n: v for n, v in row.values.items() if v is not None} == values:
            return False
        rewrite(self._batch, entity, row, values)
        return True


_DECIDED = (
    "state",
    "resolution",
    "decided_by",
    "decided_on",
    "candidate_note",
    "resolution_note",
    "resolved_by",
    "resolved_at",
)


def rewrite(batch: Batch, entity: str, row: StoredRow, values: dict[str, Any]) -> None:
    """Replace all values of a row."""
    content = batch.sync.content_of(_encode(values))
    batch.writes.update(entity, row.id, values, content, row.row_version + 1, subject=row.subject)

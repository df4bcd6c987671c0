"""Resumes and records of work of one person, brought into a hub the way vendors bring them."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from hrhub.ambient import new_id
from hrhub.connector import JsonRecords
from hrhub.pipeline import Hub
from hrhub.pipeline.desk import desk
from hrhub.pipeline.records import source_key
from hrhub.sandbox.world import build_world
from tests.support.reading import rows
from tests.support.shelf import ShelfConfig, ShelfStream, put_page, shelf

PERSON = build_world(40, faulty=0).people[0]
CONNECTION = "papers"
CODE = "91310115MA1K0YUN0A"
EMPLOYER = "上海云禾信息技术有限公司"


def _stream(name: str, feed: str, key: tuple[str, ...] = ("id",)) -> ShelfStream:
    return ShelfStream(name=name, title=name, feed=feed, key=key, records=JsonRecords("rows"))


VENDOR = shelf(
    _stream("candidates", "candidate"),
    _stream("resumes", "resume"),
    _stream("months", "social_security_month", ("order", "month", "payer")),
    _stream("checks", "background_check"),
)
MAPPINGS = {
    "candidates": """
to: candidate
key: id
fields: {display_name: name, national_id: idCard, mobile: mobile}
""",
    "resumes": """
to: resume
key: id
fields: {candidate: candidate, version: version, parsed_at: parsed}
each:
  resume_job:
    from: jobs
    fields: {seq: seq, employer_name: employer, employer_uscc: code, start_date: start,
             start_precision: precision, end_date: end, end_precision: precision,
             is_current: current, city: city, claimed_pay: pay}
""",
    "months": """
to: social_security_month
key: [order, month, payer]
fields: {order: order, month: month, payer_name: payer, payer_uscc: code, region_code: region,
         scheme: {const: pension}, state: state, base: base, queried_at: queried,
         asked_from: asked}
""",
    "checks": """
to: background_check
key: id
fields: {order: order, overall: {const: clear}}
each:
  item:
    from: items
    fields: {kind: {const: employment}, verdict: verdict, source_desc: employer}
""",
}


def put_mappings(folder: Path) -> Path:
    """Write the mappings into a folder and return it."""
    (folder / "shelf").mkdir(parents=True)
    for name, text in MAPPINGS.items():
        path = folder / "shelf" / f"{name}.yaml"
        path.write_text(f"stream: shelf.{name}{text}", encoding="utf-8")
    return folder


def job(employer: str, start: str, end: str | None, **more: Any) -> dict[str, Any]:
    """Return a job as a resume tells it; months as ``2020-03``."""
    return {
        "employer": employer,
        "start": f"{start}-01",
        "end": end and f"{end}-01",
        "current": end is None,
        "precision": "month",
        **more,
    }


@dataclass
class Papers:
    """One person's papers."""

    hub: Hub
    folder: Path
    pages: int = 0
    orders: dict[str, str] = field(default_factory=dict)

    def tell(self, stream: str, *records: dict[str, Any]) -> Any:
        """Put a page and sync it."""
        self.pages += 1
        put_page(self.folder, stream, self.pages, records)
        config = ShelfConfig(folder=str(self.folder))
        counts = self.hub.sync(VENDOR, config, CONNECTION, stream, holder="test")
        assert counts.quarantined == 0, f"{stream} does not fit its mapping"
        return counts

    def candidate(self, key: str = "C1", **changes: Any) -> str:
        """Bring the person; return the id."""
        record = {
            "id": key,
            "name": PERSON.display_name,
            "idCard": PERSON.national_id,
            "mobile": PERSON.mobile,
        }
        self.tell("candidates", record | changes)
        return str(next(rows(self.hub, "candidate"))["person_id"])

    def resume(self, *jobs: dict[str, Any], key: str = "R1", version: int = 1) -> None:
        """Bring a resume."""
        told = [{"seq": n, **one} for n, one in enumerate(jobs, 1)]
        parsed = f"2026-10-{version:02d}T08:00:00Z"
        record = {"id": key, "candidate": "C1", "version": version, "parsed": parsed}
        self.tell("resumes", record | {"jobs": told})

    def order(self, person_id: str, key: str = "A1", kind: str = "social_security") -> None:
        """Make an order that results can refer to."""
        with self.hub.store.write() as tx, desk(self.hub, tx) as batch:
            batch.sync.connection, batch.sync.run_id = CONNECTION, new_id()
            batch.subjects.load(tx, [person_id])
            row_id = batch.writes.new_id()
            values = {
                "kind": kind,
                "person_id": person_id,
                "connection_id": CONNECTION,
                "idempotency_key": key,
                "status": "completed",
            }
            batch.writes.insert("service_order", row_id, values, b"0" * 16, subject=person_id)
            keyed = blake2b(
                key=self.hub.keys.fingerprint_key(f"source/{CONNECTION}"), digest_size=16
            )
            link_id = batch.writes.new_id()
            batch.writes.link(link_id, "service_order", row_id, source_key(keyed, (key,)))
            batch.writes.flush(tx, new_keys=False)
        self.orders[key] = row_id

    def months(
        self,
        first: str,
        last: str,
        payer: str = EMPLOYER,
        *,
        code: str | None = CODE,
        order: str = "A1",
        queried: str = "2026-11-10T08:00:00Z",
        **more: Any,
    ) -> None:
        """Bring the months of one payer; months as ``2020-03``."""
        start, end = (int(m[:4]) * 12 + int(m[5:]) - 1 for m in (first, last))
        self.tell(
            "months",
            *(
                {
                    "order": order,
                    "month": f"{n // 12:04d}-{n % 12 + 1:02d}-01",
                    "payer": payer,
                    "code": code,
                    "region": "310115",
                    "state": "paid",
                    "base": "12000.00",
                    "queried": queried,
                    "asked": "2019-11-01",
                    **more,
                }
                for n in range(start, end + 1)
            ),
        )

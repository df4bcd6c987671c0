"""Views for reports: what business-intelligence tools may read, open columns only.

Views hold nothing, so they are made anew by every migration, and no migration has to keep old ones
alive. A day is a day of UTC; punches are counted on the day of the device's own clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

_TODAY = {"sqlite": "date('now')", "postgresql": "(now() AT TIME ZONE 'UTC')::date"}
_LOCAL_DAY = {
    "sqlite": "date(substr(p.punched_at, 1, 19), coalesce(p.local_offset_min, 0) || ' minutes')",
    "postgresql": "((p.punched_at AT TIME ZONE 'UTC') + "
    "make_interval(mins => coalesce(p.local_offset_min, 0)))::date",
}
_NUMBER = {"sqlite": "CAST({} AS REAL)", "postgresql": "{}"}


@dataclass(frozen=True, slots=True)
class View:
    """One view.

    Attributes:
        doc: What one row is.
        columns: Its columns in order, and where a name does not say enough, what it holds.
        select: What it selects; ``{today}`` and its kind stand for a database's own words.
    """

    doc: str
    select: str
    columns: Mapping[str, str] = field(default_factory=dict)


_UNITS_TODAY = """
    SELECT * FROM (
        SELECT tenant, series_id, code, name, kind, parent_id, manager_employee_id, cost_center,
            status, ext, row_number() OVER (PARTITION BY series_id
                ORDER BY CASE dated_by WHEN 'source' THEN 0 ELSE 1 END, valid_from DESC, seq DESC,
                    id) AS place
        FROM org_unit
        WHERE superseded_at IS NULL AND valid_from <= {today} AND valid_to > {today}
    ) ranked_units WHERE place = 1
"""
_JOBS_TODAY = """
    SELECT * FROM (
        SELECT a.*, row_number() OVER (
            PARTITION BY CASE coalesce(kind, 'primary') WHEN 'primary' THEN employment_id
                ELSE series_id END
            ORDER BY CASE dated_by WHEN 'source' THEN 0 ELSE 1 END, valid_from DESC, seq DESC, id
            ) AS place
        FROM assignment a
        WHERE superseded_at IS NULL AND valid_from <= {today} AND valid_to > {today}
    ) ranked_jobs WHERE place = 1
"""
_POSITIONS_TODAY = """
    SELECT * FROM (
        SELECT series_id, code, title, row_number() OVER (PARTITION BY series_id
            ORDER BY valid_from DESC, seq DESC, id) AS place
        FROM position
        WHERE superseded_at IS NULL AND valid_from <= {today} AND valid_to > {today}
    ) ranked_positions WHERE place = 1
"""
_EMPLOYEES_TODAY = f"""
SELECT e.tenant, coalesce(p.survivor_id, p.id) AS person_id, e.id AS employee_id,
    s.id AS employment_id, e.status, s.employer_code, s.hire_date, s.seniority_date, s.end_date,
    s.probation_end, s.contract_type, s.contract_end, j.kind AS job_kind, u.code AS org_unit_code,
    u.name AS org_unit_name, o.code AS position_code, o.title AS position_title, j.job_code,
    j.job_title, j.grade, j.location, j.cost_center, {{number_fte}} AS fte, j.employment_type,
    j.manager_employee_id, e.ext AS employee_ext, s.ext AS employment_ext, j.ext AS job_ext
FROM employment s
JOIN employee e ON e.id = s.employee_id
JOIN person p ON p.id = e.person_id
LEFT JOIN ({_JOBS_TODAY}) j ON j.employment_id = s.id
LEFT JOIN ({_UNITS_TODAY}) u ON u.series_id = j.org_unit_id
LEFT JOIN ({_POSITIONS_TODAY}) o ON o.series_id = j.position_id
WHERE e.removed_at IS NULL AND s.removed_at IS NULL AND s.hire_date <= {{today}}
    AND (s.end_date IS NULL OR s.end_date >= {{today}})
    AND coalesce(j.status, e.status, 'active') <> 'terminated'
"""

VIEWS: Mapping[str, View] = {
    "v_employees_today": View(
        "One job of one spell of employment that runs today; spells without a job have one row.",
        _EMPLOYEES_TODAY,
        {
            "tenant": "",
            "person_id": "under which merged people are read",
            "employee_id": "",
            "employment_id": "",
            "status": "",
            "employer_code": "",
            "hire_date": "",
            "seniority_date": "",
            "end_date": "last day covered",
            "probation_end": "",
            "contract_type": "",
            "contract_end": "",
            "job_kind": "primary, concurrent, secondment",
            "org_unit_code": "",
            "org_unit_name": "",
            "position_code": "",
            "position_title": "",
            "job_code": "",
            "job_title": "",
            "grade": "",
            "location": "",
            "cost_center": "",
            "fte": "",
            "employment_type": "",
            "manager_employee_id": "",
            "employee_ext": "open custom fields of the employee, as JSON",
            "employment_ext": "those of the spell",
            "job_ext": "those of the job",
        },
    ),
    "v_headcount_by_unit": View(
        "One unit that is there today, with those who work in it, units under it left out.",
        """
SELECT u.tenant, u.code AS org_unit_code, u.name AS org_unit_name, u.kind,
    count(DISTINCT t.person_id) AS people, coalesce(sum(t.fte), 0) AS fte
FROM ({units_today}) u
LEFT JOIN ({employees_today}) t ON t.tenant = u.tenant AND t.org_unit_code = u.code
GROUP BY u.tenant, u.series_id, u.code, u.name, u.kind
""",
        {
            "tenant": "",
            "org_unit_code": "",
            "org_unit_name": "",
            "kind": "",
            "people": "people, each once",
            "fte": "sum of what the jobs say; 0 where none does",
        },
    ),
    "v_org_tree": View(
        "One unit that is there today, with its place in the tree.",
        """
WITH RECURSIVE units AS ({units_today}),
tree (series_id, depth, path) AS (
    SELECT u.series_id, 0, CAST(u.code AS text) FROM units u
    WHERE u.parent_id IS NULL OR u.parent_id NOT IN (SELECT series_id FROM units)
    UNION ALL
    SELECT u.series_id, t.depth + 1, t.path || '/' || u.code
    FROM units u JOIN tree t ON u.parent_id = t.series_id WHERE t.depth < 100
)
SELECT u.tenant, u.series_id AS org_unit_id, u.code, u.name, u.kind, u.status, u.cost_center,
    u.parent_id, a.code AS parent_code, u.manager_employee_id, t.depth, t.path, u.ext
FROM units u LEFT JOIN tree t ON t.series_id = u.series_id
LEFT JOIN units a ON a.series_id = u.parent_id
""",
        {
            "tenant": "",
            "org_unit_id": "",
            "code": "",
            "name": "",
            "kind": "",
            "status": "",
            "cost_center": "",
            "parent_id": "",
            "parent_code": "",
            "manager_employee_id": "",
            "depth": "0 at the top; null: the unit is its own superior, by some way",
            "path": "codes from the top, with slashes; null as depth",
            "ext": "open custom fields, as JSON",
        },
    ),
    "v_assignments_history": View(
        "One slice of one assignment, those no longer believed among them.",
        """
SELECT a.tenant, coalesce(p.survivor_id, p.id) AS person_id, s.employee_id, a.employment_id,
    a.id AS slice_id, a.series_id, a.valid_from, a.valid_to, a.seq, a.recorded_at,
    a.superseded_at, a.dated_by, a.kind, a.event, a.event_reason, a.org_unit_id, a.position_id,
    a.job_code, a.job_title, a.grade, a.location, a.cost_center, {number_fte} AS fte,
    a.employment_type, a.status, a.manager_employee_id, a.ext
FROM assignment a
JOIN employment s ON s.id = a.employment_id
JOIN employee e ON e.id = s.employee_id
JOIN person p ON p.id = e.person_id
""",
        {
            "tenant": "",
            "person_id": "under which merged people are read",
            "employee_id": "",
            "employment_id": "",
            "slice_id": "",
            "series_id": "",
            "valid_from": "",
            "valid_to": "first day after; 9999-12-31: open",
            "seq": "order on one day; the highest holds",
            "recorded_at": "since when it was believed",
            "superseded_at": "until when; null: it still is",
            "dated_by": "source or observed",
            "kind": "",
            "event": "",
            "event_reason": "",
            "org_unit_id": "",
            "position_id": "",
            "job_code": "",
            "job_title": "",
            "grade": "",
            "location": "",
            "cost_center": "",
            "fte": "",
            "employment_type": "",
            "status": "",
            "manager_employee_id": "",
            "ext": "open custom fields, as JSON",
        },
    ),
    "v_punches_daily": View(
        "One employee's stamps of one day.",
        """
SELECT p.tenant, p.employee_id, {local_day} AS work_date, count(*) AS punches,
    min(p.punched_at) AS first_at, max(p.punched_at) AS last_at,
    count(DISTINCT p.device_id) AS devices
FROM attendance_punch p
WHERE p.removed_at IS NULL
GROUP BY p.tenant, p.employee_id, {local_day}
""",
        {
            "tenant": "",
            "employee_id": "",
            "work_date": "by the device's own clock",
            "punches": "",
            "first_at": "UTC",
            "last_at": "UTC",
            "devices": "",
        },
    ),
    "v_sync_status": View(
        "One stream of one connection, with its newest run and what waits in quarantine.",
        """
SELECT s.tenant, s.connection, s.stream, s.connector, r.id AS run_id, r.kind, r.status,
    r.exit_status, r.started_at, r.finished_at, r.seen, r.inserted, r.updated, r.unchanged,
    r.quarantined, r.error_code,
    (SELECT count(*) FROM hub_quarantine q WHERE q.sync_id = s.id AND q.state = 'open')
        AS waiting_in_quarantine
FROM hub_sync s
LEFT JOIN hub_run r ON r.id = (
    SELECT n.id FROM hub_run n WHERE n.sync_id = s.id
    ORDER BY n.started_at DESC, n.id DESC LIMIT 1)
""",
        {
            "tenant": "",
            "connection": "",
            "stream": "",
            "connector": "",
            "run_id": "the newest run",
            "kind": "",
            "status": "running, done, failed",
            "exit_status": "",
            "started_at": "UTC",
            "finished_at": "UTC",
            "seen": "",
            "inserted": "",
            "updated": "",
            "unchanged": "",
            "quarantined": "by that run",
            "error_code": "",
            "waiting_in_quarantine": "open records of all runs",
        },
    ),
}
"""Name -> view."""


def statement(name: str, dialect: str) -> str:
    """Return what makes a view on a database."""
    words = {
        "today": _TODAY[dialect],
        "local_day": _LOCAL_DAY[dialect],
        "units_today": _UNITS_TODAY.format(today=_TODAY[dialect]),
        "number_fte": "",
    }
    job = "j" if name in ("v_employees_today", "v_headcount_by_unit") else "a"
    words["number_fte"] = _NUMBER[dialect].format(f"{job}.fte")
    words["employees_today"] = _EMPLOYEES_TODAY.format(**words)
    return f"CREATE VIEW {name} AS {VIEWS[name].select.format(**words)}"


def drop(tx: Connection) -> None:
    """Drop the views, so that migrations may change what they read."""
    for name in VIEWS:
        tx.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")


def create(tx: Connection) -> None:
    """Make the views."""
    for name in VIEWS:
        tx.exec_driver_sql(statement(name, tx.dialect.name))

"""Reports of the simulated agency, and the screenings that can be read along."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Row = dict[str, Any]


def report_of(id_: str, invitation: Mapping[str, Any], now: str) -> Row:
    """Return the report that an answered invitation starts."""
    return {
        "id": id_,
        "object": "report",
        "uri": f"/v1/reports/{id_}",
        "status": "pending",
        "result": None,
        "assessment": None,
        "adjudication": None,
        "created_at": now,
        "completed_at": None,
        "turnaround_time": None,
        "package": invitation["package"],
        "source": "web",
        "candidate_id": invitation["candidate_id"],
        "tags": [],
        "includes_canceled": False,
        "ssn_trace_id": id_[::-1],
        "national_criminal_search_id": id_[1:] + id_[0],
        "county_criminal_search_ids": [],
        "document_ids": [],
        "geo_ids": [],
    }


def with_included(report: Row, include: str) -> Row:
    """Return a report with the screenings that were asked for by name."""
    wanted = [name for name in include.split(",") if name in _SCREENINGS]
    return {**report, **{name: _screening(report, name) for name in wanted}}


def _screening(report: Row, name: str) -> Row:
    done = report["status"] == "complete"
    return {
        "id": f"{name[:4]}{report['id'][4:]}",
        "object": name,
        "status": "complete" if done else "pending",
        "result": "clear" if done else None,
        "created_at": report["created_at"],
        "completed_at": report["completed_at"],
        "records": [dict(record) for record in _SCREENINGS[name]] if done else [],
    }


_SCREENINGS: Mapping[str, tuple[Row, ...]] = {
    "ssn_trace": (),
    "global_watchlist_search": (),
    "employment_verification": (
        {
            "id": "e1",
            "status": "clear",
            "employer": {
                "name": "Sandbox Works",
                "position": "Engineer",
                "start_date": "2018-03-01",
                "end_date": "2021-06-30",
            },
            "result": {"position": {"verified": "yes", "comments": None, "ignored": False}},
        },
        {
            "id": "e2",
            "status": "consider",
            "employer": {"name": "Example Labs", "position": "Manager"},
            "result": {"position": {"verified": "no", "comments": None, "ignored": False}},
        },
    ),
    "education_verification": (
        {
            "id": "s1",
            "status": "clear",
            "school": {"name": "Sandbox University", "degree": "BSc", "year_awarded": "2017"},
            "result": {"verified": True, "degrees": []},
        },
    ),
}

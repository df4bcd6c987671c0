"""Attendance: stamps at terminals, and the days that a time system makes of them.

Biometric templates and punch photos have no field here on purpose: they are never stored.
"""

from __future__ import annotations

from hrhub.model.declare import (
    OPEN,
    PERSONAL,
    SENSITIVE,
    code,
    data,
    day,
    flag,
    integer,
    moment,
    ref,
    text,
)
from hrhub.model.types import Entity

VERIFY_METHODS = ("card", "pin", "face", "finger", "palm", "gps", "wifi", "qr", "manual", "mixed")
DIRECTIONS = ("in", "out", "break_out", "break_in", "overtime_in", "overtime_out", "unknown")
INVALID_REASONS = (
    "duplicate",
    "out_of_area",
    "unknown_network",
    "unknown_device",
    "simulated_place",
    "revoked",
    "other",
)
DAY_RESULTS = (
    "normal",
    "late",
    "early",
    "absent",
    "leave",
    "trip",
    "rest",
    "holiday",
    "missing_punch",
)

attendance_punch = Entity(
    "attendance_punch",
    (
        ref("employee_id", "employee", required=True),
        moment("punched_at", OPEN, required=True),
        integer("local_offset_min", OPEN, doc="minutes east of UTC on the device"),
        text("device_id", OPEN),
        code("verify_method", OPEN, VERIFY_METHODS),
        code("direction", PERSONAL, DIRECTIONS),
        text("work_code", PERSONAL),
        flag("is_valid", PERSONAL, doc="whether the source counts it"),
        code("invalid_reason", PERSONAL, INVALID_REASONS),
        text("place_label", PERSONAL, doc="the source's name of the place"),
        data("geo", SENSITIVE, doc="latitude, longitude, accuracy_m; map it only on purpose"),
        moment("received_at", OPEN, doc="when the device or app handed it over"),
        integer("clock_skew_s", OPEN, doc="seconds that the device's clock was ahead"),
    ),
    subject="subject_id",
    via="employee_id",
    fact=True,
    doc="One stamp at a terminal. How it was verified, never the template or the photo.",
)

attendance_day = Entity(
    "attendance_day",
    (
        ref("employee_id", "employee", required=True),
        day("work_date", OPEN, required=True),
        text("shift_code", PERSONAL),
        moment("planned_in", PERSONAL),
        moment("planned_out", PERSONAL),
        moment("first_in", PERSONAL),
        moment("last_out", PERSONAL),
        integer("worked_min", PERSONAL),
        integer("late_min", PERSONAL),
        integer("early_min", PERSONAL),
        integer("absent_min", PERSONAL),
        integer("overtime_min", PERSONAL),
        code("result", PERSONAL, DAY_RESULTS),
        data("exceptions", PERSONAL, doc="list of the source's own exception codes"),
        integer("revision", PERSONAL, doc="days are revised after approvals"),
    ),
    subject="subject_id",
    via="employee_id",
    doc="One working day by the source's own arithmetic; the hub does not recompute pay time.",
)

ALL = (attendance_punch, attendance_day)

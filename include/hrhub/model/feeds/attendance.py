"""Feeds of terminals and time systems."""

from __future__ import annotations

from hrhub.model.entities import attendance as e
from hrhub.model.feeds.parts import MODIFIED, ref, take
from hrhub.model.types import Feed, FeedField, Field, Privacy

device_user = Feed(
    "device_user",
    "employee",
    (
        FeedField(
            "work_no",
            Field(
                name="work_no",
                privacy=Privacy.PERSONAL,
                required=True,
                doc="work number as entered on the device",
            ),
        ),
        FeedField("display_name", Field(name="display_name", privacy=Privacy.PERSONAL)),
    ),
    doc="A user of a terminal; links the device's user id to an employee, creates nobody.",
)
punch = Feed(
    "punch",
    "attendance_punch",
    (
        ref(
            "employee", e.attendance_punch, "employee_id", "the device's user id or the work number"
        ),
        *take(
            e.attendance_punch,
            "punched_at",
            "local_offset_min",
            "device_id",
            "verify_method",
            "direction",
            "work_code",
            "is_valid",
            "invalid_reason",
            "place_label",
            "geo",
            "received_at",
            "clock_skew_s",
        ),
    ),
    doc="A stamp at a terminal.",
)
attendance_day = Feed(
    "attendance_day",
    "attendance_day",
    (
        ref("employee", e.attendance_day, "employee_id", "the employee's source id"),
        *take(
            e.attendance_day,
            "work_date",
            "shift_code",
            "planned_in",
            "planned_out",
            "first_in",
            "last_out",
            "worked_min",
            "late_min",
            "early_min",
            "absent_min",
            "overtime_min",
            "result",
            "exceptions",
            "revision",
        ),
        MODIFIED,
    ),
    doc="A working day as a time system sums it up; days are revised, so read them again.",
)

ALL = (device_user, punch, attendance_day)

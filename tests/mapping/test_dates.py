"""Dates: strict calendar, explicit zones, vendor formats."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hrhub.mapping.convert import Reject
from hrhub.mapping.dates import DateReader, parser, zone_of

SHANGHAI = zone_of("Asia/Shanghai")
NEW_YORK = zone_of("America/New_York")


def read_date(value, *formats, zone=None):
    return DateReader(formats or ("iso", "odata"), zone).date(value)


def read_time(value, *formats, zone=None):
    return DateReader(formats or ("iso", "odata"), zone).timestamp(value)


def refusal(read, *args, **kwargs):
    with pytest.raises(Reject) as caught:
        read(*args, **kwargs)
    return caught.value.reason, caught.value.rule


@pytest.mark.parametrize(
    ("written", "formats"),
    [
        ("2026-02-30", ()),
        ("2026-02-29", ("%Y-%m-%d",)),
        ("20260431", ("%Y%m%d",)),
        ("2026-13-01", ()),
        ("31.02.2026", ("%d.%m.%Y",)),
        ("2026-00-10", ()),
        ("2026-01-01T24:01", ()),
        ("2026-01-01T12:60", ()),
        ("2026-01-01 23:59:60", ()),
        ("2026-01-01T00:00+19:00", ()),
        ("0000-00-00", ()),
        ("00 Foo 2026", ("%d %b %Y",)),
    ],
)
def test_what_no_calendar_or_clock_has_is_refused(written, formats):
    assert refusal(read_time, written, *formats, zone=UTC) == ("date", "date.calendar")


@pytest.mark.parametrize(
    "written",
    [
        "tomorrow",
        "2026-1-1",
        "2026/01/01",
        "２０２６-01-01",
        "2026-W01-1",
        "20260101",
        "2026-01-01T",
        "x" * 100_000,
        "/Date(1)",
        "2026-01-01x09:00:00",
    ],
)
def test_another_form_is_refused(written):
    assert refusal(read_date, written)[0] in ("date", "too_large")


def test_no_other_type_is_a_date():
    for value in (True, [], {}, Decimal("1.5"), Decimal("NaN"), 10**30, 1.5):
        assert refusal(read_date, value, "epoch_s", zone=UTC)[0] in ("type", "date")


@pytest.mark.parametrize(
    ("written", "formats", "expected"),
    [
        ("2026-01-31", (), date(2026, 1, 31)),
        (" 2026-01-31 ", ("%Y-%m-%d",), date(2026, 1, 31)),
        ("2026年1月31日", ("%Y年%m月%d日",), date(2026, 1, 31)),
        ("2026/1/2", ("%Y-%m-%d", "%Y/%m/%d"), date(2026, 1, 2)),
        (20260131, ("%Y%m%d",), date(2026, 1, 31)),
        ("31-JAN-26", ("%d-%b-%y",), date(2026, 1, 31)),
        ("01.02.69", ("%d.%m.%y",), date(1969, 2, 1)),
        ("2026-01-31T24:00:00", (), date(2026, 1, 31)),
        ("/Date(1583107200000)/", (), date(2020, 3, 2)),
        ("/Date(253402214400000)/", (), date(9999, 12, 31)),
        ("/Date(-2208988800000)/", (), date(1900, 1, 1)),
        (date(2026, 1, 31), (), date(2026, 1, 31)),
        ("", (), None),
        (None, (), None),
    ],
)
def test_days_are_read(written, formats, expected):
    assert read_date(written, *formats) == expected


def test_digits_without_separators_must_be_complete():
    assert refusal(read_date, "2026111", "%Y%m%d") == ("date", "date.format")


def test_a_calendar_day_is_the_same_in_every_zone_but_an_instant_is_not():
    assert read_date("/Date(1583107200000)/", zone=NEW_YORK) == date(2020, 3, 2)
    assert read_date("/Date(1583107200000+0000)/", zone=NEW_YORK) == date(2020, 3, 1)
    assert read_date(1593532800000, "epoch_ms", zone=SHANGHAI) == date(2020, 7, 1)
    assert read_date(1593532800, "epoch_s", zone=UTC) == date(2020, 6, 30)
    assert refusal(read_date, 1593532800, "epoch_s") == ("date", "date.zone")
    assert read_date("2026-01-31T20:00:00Z") == date(2026, 1, 31)
    assert read_date("2026-01-31T20:00:00Z", zone=SHANGHAI) == date(2026, 2, 1)


@pytest.mark.parametrize(
    ("written", "formats", "zone", "expected"),
    [
        ("2026-01-31T09:00:00Z", (), None, "2026-01-31T09:00:00"),
        ("2026-01-31 09:00:00.1234567+08:00", (), None, "2026-01-31T01:00:00.123456"),
        ("2026-01-31T09:00:00-0330", (), SHANGHAI, "2026-01-31T12:30:00"),
        ("2026-01-31 09:00:00", (), SHANGHAI, "2026-01-31T01:00:00"),
        ("2026-01-31 09:00:00", ("%Y-%m-%d %H:%M:%S",), SHANGHAI, "2026-01-31T01:00:00"),
        ("2026-01-31 24:00", (), SHANGHAI, "2026-01-31T16:00:00"),
        ("01/31/2026 12:05 AM", ("%m/%d/%Y %I:%M %p",), UTC, "2026-01-31T00:05:00"),
        ("2026-1-31 下午1:05", ("%Y-%m-%d %p%I:%M",), UTC, "2026-01-31T13:05:00"),
        ("/Date(1618796144000+0000)/", (), SHANGHAI, "2021-04-19T01:35:44"),
        (Decimal(1618796144), ("epoch_s",), None, "2021-04-19T01:35:44"),
        (datetime(2026, 1, 31, 9), (), SHANGHAI, "2026-01-31T01:00:00"),
        (
            datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=1))),
            (),
            None,
            "2026-01-31T08:00:00",
        ),
    ],
)
def test_instants_are_read_in_utc(written, formats, zone, expected):
    assert read_time(written, *formats, zone=zone) == datetime.fromisoformat(expected + "+00:00")


def test_a_naive_time_without_a_zone_is_refused():
    assert refusal(read_time, "2026-01-31 09:00:00") == ("date", "date.zone")


def test_an_hour_that_happens_twice_is_the_earlier_one():
    got = read_time("2026-11-01 01:30:00", zone=NEW_YORK)

    assert got == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_what_lies_beyond_the_calendar_is_out_of_range():
    assert refusal(read_time, "9999-12-31T23:00:00", zone=NEW_YORK) == ("range", "date.range")
    assert refusal(read_date, "0001-01-01") == ("range", "date.year")
    assert refusal(read_date, 10**14, "epoch_s", zone=UTC) == ("date", "date.calendar")


def test_a_record_can_name_its_own_zone(bench):
    rule = "modified_at: {from: t, zone: {from: z}}"
    nine, expected = "2026-01-31 09:00:00", datetime(2026, 1, 31, 1, tzinfo=UTC)

    for zone in ("Asia/Shanghai", "+08:00", 480):
        assert bench.value(rule, {"t": nine, "z": zone}) == expected
    assert bench.value(rule, {"t": nine}, zone="Asia/Shanghai") == expected
    assert bench.reject(rule, {"t": nine})[:2] == ("date", "date.zone")
    for zone in ("Mars/Olympus", "../../etc/passwd", 5000, [], "x" * 500):
        assert bench.reject(rule, {"t": nine, "z": zone})[0] == "date"


def test_the_zone_of_the_connection_serves_rules_without_one(bench):
    got = bench.value("modified_at: t", {"t": "2026-01-31 09:00:00"}, zone="Asia/Shanghai")

    assert got == datetime(2026, 1, 31, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "pattern",
    [
        "%Y-%m",
        "%d %B %Y",
        "%Y-%m-%d %I:%M",
        "%Y-%Y-%m-%d",
        "%Y-%m-%d %",
        "",
        "ISO",
        "%y %Y-%m-%d",
        "%c",
    ],
)
def test_a_pattern_that_cannot_name_a_day_is_refused(pattern):
    with pytest.raises(ValueError, match=r".+"):
        parser(pattern)


PATTERNS = ("%Y-%m-%d", "%Y/%m/%d", "%d.%m.%Y", "%Y%m%d", "%Y年%m月%d日")


@settings(max_examples=60, deadline=None)
@given(st.dates(date(1800, 1, 1)), st.sampled_from(PATTERNS))
def test_dates_go_round(day, pattern):
    written = pattern
    for letter, width, value in (("Y", 4, day.year), ("m", 2, day.month), ("d", 2, day.day)):
        written = written.replace(f"%{letter}", f"{value:0{width}}")

    assert read_date(written, *PATTERNS) == day


@settings(max_examples=60, deadline=None)
@given(
    st.datetimes(datetime(1800, 1, 2), datetime(9999, 12, 30)),
    st.sampled_from(["UTC", "Asia/Shanghai", "+05:30"]),
)
def test_local_times_go_round(local, zone):
    tz = zone_of(zone)
    at = local.replace(tzinfo=tz, fold=0)

    assert read_time(local.isoformat(" "), zone=tz) == at.astimezone(UTC)


def test_a_reader_answers_the_same_the_second_time():
    reader = DateReader()

    assert reader.date("2026-01-31") == reader.date("2026-01-31") == date(2026, 1, 31)
    assert reader.memo == {"2026-01-31": date(2026, 1, 31)}


def test_what_is_remembered_is_bounded():
    reader = DateReader(["epoch_s"], UTC)
    for second in range(50_001):
        reader.timestamp(second)

    assert len(reader.memo) == 1

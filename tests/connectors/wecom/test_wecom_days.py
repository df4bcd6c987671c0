"""Daily reports of WeCom: which days are asked for, what a day comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from connectors.wecom import connector
from connectors.wecom.sandbox import sandbox
from hrhub.ambient import FakeClock
from hrhub.connector import open_session
from hrhub.errors import ContractChanged, Throttled

Serve = Callable[..., Any]
DAYS = connector.stream("days")


class VendorMinutes(FakeClock):
    """A clock whose minutes are the simulator's too."""

    def __init__(self, served: Any) -> None:
        super().__init__(served.world.now)
        self._served = served

    def sleep(self, seconds: float) -> None:
        before = self.monotonic() // 60
        super().sleep(seconds)
        if self.monotonic() // 60 > before:
            self._served.running.enterprise.next_minute()


def _bodies(served: Any) -> list[Any]:
    return [r.json() for r in served.running.requests if r.path.endswith("daydata")]


def test_every_member_has_a_day_for_each_day_before_today(serve: Serve) -> None:
    served = serve()

    docs = served.docs("days")

    assert len(docs) == sandbox.truth(served.world)["days"].pulled
    assert len({(d["acctid"], d["date"]) for d in docs}) == len(docs)
    assert all(b["endtime"] - b["starttime"] <= 30 * 86400 for b in _bodies(served))


def test_a_day_that_is_not_over_is_left_out_though_it_comes(serve: Serve) -> None:
    served = serve()
    yesterday = FakeClock(served.world.now - timedelta(days=1))
    config = connector.config(**sandbox.connection(served.world, served.running))
    whole = served.docs("days")

    pages = list(DAYS.read(open_session(connector, config, clock=yesterday), None))

    got = [DAYS.records.decode(raw, {}) for p in pages for raw in DAYS.records.split(p.body)]
    last = max(d["date"] for d in whole)
    assert max(d["date"] for d in got) < last
    assert len(got) == sum(d["date"] < last for d in whole)


def test_days_are_asked_for_once_a_day_and_then_as_far_back_as_they_are_revised(
    serve: Serve,
) -> None:
    served = serve()
    until = served.pages("days")[-1].cursor

    assert served.pages("days", until) == []
    before = len(_bodies(served))
    a_day_earlier = "2026-11-18T16:00:00+00:00"
    again = served.pages("days", a_day_earlier, history_from=date(2026, 1, 1))

    assert again[-1].cursor == until
    first = min(b["starttime"] for b in _bodies(served)[before:])
    assert first == 1793462400 - 45 * 86400 + 18 * 86400


def test_more_calls_than_a_minute_allows_are_spread_over_minutes(serve: Serve) -> None:
    served = serve(limits="yes")
    given = sandbox.connection(served.world, served.running) | {"page_size": 1}
    clock = VendorMinutes(served)
    session = open_session(connector, connector.config(**given), clock=clock)

    list(DAYS.read(session, None))

    assert len(_bodies(served)) > 100
    assert clock.monotonic() > 60


def test_the_simulator_keeps_the_limit_of_the_interface(serve: Serve) -> None:
    session = serve(limits="yes").session()
    body = {"starttime": 1793462400, "endtime": 1793548800, "useridlist": ["wx00001"]}

    with pytest.raises(Throttled):
        for _ in range(101):
            session.http.post("/checkin/getcheckin_daydata", json=body)


def test_an_answer_about_somebody_else_is_refused(serve: Serve) -> None:
    served = serve()
    page = served.pages("days")[0]
    window = next(iter(DAYS.windows(served.session(), served.session().config, None)))

    with pytest.raises(ContractChanged) as refused:
        DAYS.taken(page, window, {"wx-somebody"})

    assert refused.value.context["rule"] == "people"


def test_days_say_what_the_stamps_say(serve: Serve) -> None:
    served = serve()
    world = served.world

    mapped = [one.values for one in served.mapped("days")]

    results = Counter(one["result"] for one in mapped)
    assert {"normal", "late", "missing_punch", "leave"} <= results.keys()
    stamps = {(p.user_id, p.at.date()) for p in world.punches() if p.at.date() < world.as_of}
    came = [one for one in mapped if one["first_in"] is not None]
    assert len(came) == len(stamps)
    assert max(one["late_min"] for one in mapped if one["result"] == "late") > 0
    assert not [one for one in mapped if one["result"] == "normal" and one["late_min"]]
    away = sum(s.job_on(world.as_of).status != "A" for _, s in world.employed)
    assert results["leave"] <= 4 * away

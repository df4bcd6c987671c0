"""A vendor is recorded, scrubbed, written and replayed; failures first."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from hrhub.ambient import FakeClock
from hrhub.connector import (
    Checked,
    Connector,
    ConnectorConfig,
    HttpStream,
    JsonRecords,
    ModifiedSince,
    Session,
    open_session,
    setting,
)
from hrhub.errors import ConfigError, Refused
from hrhub.http.auth import ClientCredentials
from hrhub.http.paging import CursorParam, NextLink, Offset, PageNumber, Paging, ScrollId
from hrhub.mapping import Mapping, load_mapping
from hrhub.recording import (
    Bounds,
    Fakes,
    RecordedSandbox,
    Recording,
    Scrubber,
    read_recording,
    record,
    write_recording,
)
from hrhub.sandbox.rest import (
    Asked,
    Reply,
    RestServer,
    Tokens,
    basic,
    changed_since,
    iso,
    page_after,
    page_by_number,
    page_by_offset,
)
from hrhub.sandbox.world import World, build_world
from tests.support.persons import mails, mobiles, names, resident_ids

TODAY = date(2026, 11, 20)
SECRET = "the-secret-of-the-real-vendor"


class Config(ConnectorConfig):
    url: str = setting(title="Address", help="Root.", slot="host")
    client_id: str = setting(title="Client id", help="Id.", slot="login")
    client_secret: SecretStr = setting(title="Secret", help="Secret.", slot="password")


MAPPING = """\
stream: real.staff
to: employee
key: id
version: updatedAt
fields:
  work_no: id
  display_name: name
  national_id: idNumber
  mobile: mobile
  work_email: email
  birth_date: born
  hire_date: hiredOn
  status: {from: state, codes: {A: active, U: on_leave, P: on_leave}, else: reject}
  job_title: title
"""

PAGINGS: dict[str, tuple[Paging, Callable[[Asked, Any], dict[str, Any]]]] = {}


def paging(name: str, declared: Paging) -> Callable[[Any], Any]:
    def keep(serve: Any) -> Any:
        PAGINGS[name] = (declared, serve)
        return serve

    return keep


@paging("number", PageNumber(size=20, records="data.items"))
def by_number(asked: Asked, rows: Any) -> dict[str, Any]:
    return {"items": page_by_number(asked, rows)}


@paging("offset", Offset(size=20, records="data.items"))
def by_offset(asked: Asked, rows: Any) -> dict[str, Any]:
    return {"items": page_by_offset(asked, rows)}


@paging("cursor", CursorParam("data.next", "cursor", extra={"limit": 20}))
def by_cursor(asked: Asked, rows: Any) -> dict[str, Any]:
    items, token = page_after(asked, rows)
    return {"items": items, "next": token}


@paging("link", NextLink("data.next", extra={"limit": 20}))
def by_link(asked: Asked, rows: Any) -> dict[str, Any]:
    items, token = page_after(asked, rows)
    root = f"http://{asked.headers['host']}{asked.path}"
    return {"items": items, "next": token and f"{root}?limit=20&cursor={token}"}


@paging("scroll", ScrollId("scroll", "data.items", path="data.scroll", extra={"limit": 20}))
def by_scroll(asked: Asked, rows: Any) -> dict[str, Any]:
    items, token = page_after(asked, rows, token="scroll", scroll=True)
    return {"items": items, "scroll": token}


def rows_of(world: World) -> list[dict[str, Any]]:
    return [
        {
            "id": spell.user_id,
            "name": person.display_name,
            "idNumber": person.national_id,
            "mobile": person.mobile,
            "email": person.work_email,
            "born": person.birth_date.isoformat(),
            "hiredOn": spell.hire_date.isoformat(),
            "state": job.status,
            "title": job.job_title,
            "pay": {"base": 12345.67, "note": f"call {person.mobile} or {person.personal_email}"},
            "manager": job.manager_user_id,
            "updatedAt": iso(person.modified_at),
            "raw": json.dumps({"mobile": person.mobile, "name": person.display_name}),
        }
        for person, spell in world.employed
        if (job := spell.job_on(world.as_of)) is not None
    ]


@dataclass
class Real:
    """A vendor that stands for a real one."""

    connector: Connector
    session: Session
    plan: Mapping
    rows: list[dict[str, Any]]
    server: RestServer


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(100, seed=5, faulty=2)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Mapping:
    path = tmp_path_factory.mktemp("mappings") / "staff.yaml"
    path.write_text(MAPPING, encoding="utf-8")
    return load_mapping(path)


@pytest.fixture
def real(world: World, plan: Mapping) -> Iterator[Callable[..., Real]]:
    servers: list[RestServer] = []

    def start(how: str = "cursor", headers: dict[str, str] | None = None) -> Real:
        declared, serve = PAGINGS[how]
        held = rows_of(world)
        tokens = Tokens()

        def answer(asked: Asked) -> Reply:
            if asked.path == "/oauth/token":
                return Reply.json(tokens.issue(), 200 if basic(asked) == ("hub", SECRET) else 401)
            if not tokens.alive(asked.headers.get("authorization")):
                return Reply.json({"code": 401}, 401)
            changed = changed_since(held, asked.params.get("since"), "updatedAt")
            page = Reply.json({"code": 0, "data": serve(asked, changed)})
            return page.but(headers={**page.headers, **(headers or {})})

        server = RestServer(world, answer, "127.0.0.1", 0)
        servers.append(server)
        stream = HttpStream(
            name="staff",
            title="Staff",
            feed="employee",
            key=("id",),
            path="/v1/staff",
            records=JsonRecords("data.items"),
            pages=declared,
            cursor=ModifiedSince("since"),
        )
        connector = Connector(
            name="real",
            title="Real",
            version="1.0.0",
            config=Config,
            base_url=lambda config: config.url,  # type: ignore[attr-defined]
            auth=lambda c: ClientCredentials("/oauth/token", c.client_id, c.client_secret),  # type: ignore[attr-defined]
            check=lambda session: Checked("Real"),
            streams=(stream,),
        )
        config = Config(
            url=server.address,
            client_id="hub",
            client_secret=SecretStr(SECRET),
            allow_networks=("127.0.0.0/8",),
        )
        session = open_session(connector, config, clock=FakeClock(world.now))
        return Real(connector, session, plan, held, server)

    yield start
    for server in servers:
        server.stop()


def recorded(vendor: Real, **options: Any) -> Recording:
    (one,) = record(
        vendor.connector,
        vendor.session,
        ["staff"],
        plans={"staff": vendor.plan},
        today=TODAY,
        **options,
    )
    return one


PERSONAL = ("id", "name", "idNumber", "mobile", "email", "born")


def test_a_mobile_number_that_an_operator_wants_to_keep_is_replaced_all_the_same(
    real: Callable[..., Real],
) -> None:
    vendor = real()

    text = recorded(vendor, keep=["mobile", "idNumber", "email"]).text()

    assert not [r for r in vendor.rows if r["mobile"] in text or r["idNumber"] in text]


def test_what_the_scanner_still_finds_is_not_handed_on(real: Callable[..., Real]) -> None:
    vendor = real(headers={"x-ratelimit-limit": "13900001234"})

    with pytest.raises(Refused) as refused:
        recorded(vendor)

    assert refused.value.code == "recording.unclean"
    assert "request 2: mobile (plain)" in str(refused.value.context["found"])
    assert "13900001234" not in str(refused.value)


def test_a_stream_without_http_cannot_be_recorded() -> None:
    from connectors.zkteco import connector as zkteco

    config = zkteco.config(host="127.0.0.1", port=1)
    session = open_session(zkteco, config, clock=FakeClock())

    with pytest.raises(ConfigError) as refused:
        record(zkteco, session, ["punches"], plans={}, today=TODAY)

    assert refused.value.code == "recording.unsupported"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"hrhub_recording": 99}', "\x00"])
def test_a_file_that_is_no_recording_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)

    with pytest.raises(ConfigError) as refused:
        read_recording(path)

    assert refused.value.code == "recording.unreadable"


@pytest.mark.parametrize("how", PAGINGS)
def test_a_recording_holds_nothing_personal_and_no_credentials(
    how: str, real: Callable[..., Real]
) -> None:
    vendor = real(how)

    recording = recorded(vendor, bounds=Bounds(pages=100))

    text = recording.text()
    leaked = {
        name
        for row in vendor.rows
        for name in PERSONAL
        if f'"{row[name]}"' in text or f'\\"{row[name]}\\"' in text
    }
    assert leaked == set()
    assert SECRET not in text
    assert "sandbox-token" not in text
    assert "authorization" not in text.lower()
    assert recording.complete
    assert recording.pulled == len(vendor.rows)
    assert not [e for e in recording.exchanges if "12345.67" in e.body]


@pytest.mark.parametrize("how", PAGINGS)
@pytest.mark.parametrize("pages", [1, 2, 100])
def test_a_replay_reads_like_the_vendor(
    how: str, pages: int, real: Callable[..., Real], world: World, tmp_path: Path
) -> None:
    vendor = real(how)
    path = write_recording(recorded(vendor, bounds=Bounds(pages=pages)), tmp_path)
    recording = read_recording(path)
    sandbox = RecordedSandbox(vendor.connector, (recording,))
    stream = vendor.connector.stream("staff")

    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        config = vendor.connector.config(**sandbox.connection(world, running))
        session = open_session(vendor.connector, config, clock=FakeClock(world.now))
        readings = [
            [raw for page in stream.read(session, None) for raw in stream.records.split(page.body)]
            for _ in range(2)
        ]
    finally:
        running.stop()

    assert len(readings[0]) == min(20 * pages, len(vendor.rows))
    assert [bytes(r) for r in readings[0]] == [bytes(r) for r in readings[1]]
    assert sandbox.truth(world)["staff"].pulled == len(readings[0])


def test_open_fields_stay_and_the_others_keep_their_shape(real: Callable[..., Real]) -> None:
    vendor = real()
    recording = recorded(vendor, bounds=Bounds(pages=100))

    pages = [json.loads(e.body) for e in recording.exchanges if e.path == "/v1/staff"]
    scrubbed = [row for page in pages for row in page["data"]["items"]]

    for before, after in zip(vendor.rows, scrubbed, strict=True):
        assert list(after) == list(before)
        assert [after[n] for n in ("state", "title", "hiredOn", "updatedAt")] == [
            before[n] for n in ("state", "title", "hiredOn", "updatedAt")
        ]
        assert all(len(after[n]) == len(before[n]) for n in ("id", "name", "idNumber", "mobile"))
        assert len(str(after["pay"]["base"])) == len(str(before["pay"]["base"]))
    managers = {row["manager"] for row in scrubbed} - {None}
    assert managers
    assert managers <= {row["id"] for row in scrubbed}


def test_valid_and_invalid_id_numbers_stay_so(real: Callable[..., Real], world: World) -> None:
    recording = recorded(real(), bounds=Bounds(pages=100))

    faulty = sum(person.faulty for person, _ in world.employed)
    assert faulty
    assert recording.rejected == faulty


people = st.fixed_dictionaries(
    {"id": resident_ids(), "mobile": mobiles(), "mail": mails(), "name": names()}
)


@settings(max_examples=40, deadline=None)
@given(st.lists(people, min_size=1, max_size=6), st.booleans())
def test_no_scrubbed_text_holds_an_original(persons: list[dict[str, str]], nested: bool) -> None:
    rows: list[Any] = [
        {"p": {"x": [dict(one)]}, "text": f"{one['name']}，{one['mobile']}", one["mobile"]: 1}
        for one in persons
    ]
    if nested:
        rows = [{"wrapped": json.dumps(row, ensure_ascii=False)} for row in rows]
    body = json.dumps({"items": rows, "next": persons[0]["mail"]}, ensure_ascii=False)
    scrubber = Scrubber(Fakes(), records="items")

    scrubber.see(body)
    text = scrubber.body(body)

    assert not [v for one in persons for v in one.values() if v in text]
    assert json.loads(text)["items"] != rows

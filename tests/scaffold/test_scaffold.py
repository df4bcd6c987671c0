"""A generated connector keeps the contract; simulator and mappings agree; failures first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hrhub.ambient import FakeClock
from hrhub.conformance import kit
from hrhub.conformance.lab import Options
from hrhub.conformance.law import Verdict
from hrhub.conformance.subject import find
from hrhub.connector import Connector, open_session
from hrhub.errors import AuthError, ConfigError
from hrhub.mapping import Mapped, compile_mapping, find_mapping, run_cases
from hrhub.sandbox.vendor import Sandbox
from hrhub.sandbox.world import World, build_world
from hrhub.scaffold import AUTH, KINDS, PAGING, Wish, generate
from tests.support.wheels import done, run

COMBINATIONS = [
    ("hr", "client_credentials", "cursor", ()),
    ("attendance", "gettoken", "page", ()),
    ("hr", "hmac", "next_link", ("employees",)),
    ("hr", "basic", "scroll", ("staff", "departments")),
    ("hr", "api_key", "offset", ()),
    ("attendance", "none", "scroll", ("punches",)),
    *((kind, "api_key", "cursor", ()) for kind in KINDS if kind not in ("hr", "attendance")),
]
WITH_ALL = {"sink": True, "events": True}

COVERING: list[dict[str, Any]] = [
    {"kind": "hr", "auth": "client_credentials", "paging": "page", **WITH_ALL},
    {"kind": "attendance", "auth": "hmac", "paging": "scroll", "events": True},
    {"kind": "recruiting", "auth": "gettoken", "paging": "next_link", "sink": True},
    {"kind": "assessment", "auth": "basic", "paging": "offset", **WITH_ALL},
    {"kind": "background", "auth": "none", "paging": "cursor", "events": True},
    {"kind": "social_security", "auth": "api_key", "paging": "cursor"},
    {"kind": "hr", "auth": "basic", "paging": "offset"},
    {"kind": "recruiting", "auth": "api_key", "paging": "cursor", "events": True},
]
"""Every kind, authorisation, paging and further part at least once."""


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(120, seed=3)


@pytest.mark.parametrize(
    "name", ["a", "Acme", "1acme", "class", "acme-hr", "page", "a" * 25, "a b"]
)
def test_a_name_that_cannot_be_a_package_is_refused(name: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Wish(name=name)

    assert refused.value.code == "scaffold.name"


def test_a_title_cannot_break_out_of_the_source_code() -> None:
    with pytest.raises(ConfigError):
        Wish(name="acme", title='Acme"; import os; "')


def test_the_name_of_an_installed_connector_is_refused() -> None:
    with pytest.raises(ConfigError) as refused:
        Wish(name="zkteco")

    assert refused.value.code == "scaffold.taken"


@pytest.mark.parametrize("option", ["kind", "auth", "paging"])
def test_an_unknown_choice_is_answered_with_those_there_are(option: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Wish(**{"name": "acme", option: "telepathy"})

    known = {"kind": KINDS, "auth": AUTH, "paging": PAGING}[option]
    assert refused.value.context["known"] == ", ".join(known)


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")

    with pytest.raises(ConfigError) as refused:
        generate(Wish(name="acme"), tmp_path)

    assert refused.value.code == "scaffold.exists"
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_punches_bring_the_employees_they_need() -> None:
    wish = Wish(name="acme", kind="attendance", streams=("punches",))

    assert list(wish.feeds.items()) == [("employees", "employee"), ("punches", "punch")]


@pytest.mark.parametrize(("kind", "auth", "paging", "streams"), COMBINATIONS)
def test_a_generated_connector_reads_its_vendor_to_the_truth(
    make: Callable[..., Any], world: World, kind: str, auth: str, paging: str, streams: Any
) -> None:
    made = make(kind=kind, auth=auth, paging=paging, streams=streams)
    connector, sandbox = made.module().connector, made.module("sandbox").sandbox
    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        settings = sandbox.connection(world, running)
        session = open_session(connector, connector.config(**settings), clock=FakeClock(world.now))

        facts = connector.check(session).facts
        refused = {s.name: _refused(made, connector, session, s, world) for s in connector.streams}
        if auth != "none":
            secret = AUTH[auth].settings[-1].name
            wrong = connector.config(**settings | {secret: "not-the-secret"})
            with pytest.raises(AuthError):
                connector.check(open_session(connector, wrong, clock=FakeClock(world.now)))
    finally:
        running.stop()

    assert isinstance(connector, Connector)
    assert isinstance(sandbox, Sandbox)
    assert facts == {"plan": "sandbox"}
    truth = sandbox.truth(world)
    assert set(refused) == set(truth)
    assert all(refused[name] <= truth[name].rejected for name in truth)


def _refused(made: Any, connector: Any, session: Any, stream: Any, world: World) -> int:
    """Read a whole stream, hold it against the truth, and return how many records are refused."""
    raws = [
        (raw, page)
        for page in stream.read(session, None)
        for raw in stream.records.split(page.body)
    ]
    keys = {stream.records.group_key(r) if stream.grouped else bytes(r) for r, _ in raws}
    mapping = find_mapping(made.mappings, connector.name, stream.name)
    docs = [stream.records.decode(raw, page.meta) for raw, page in raws]
    assert len(keys) == made.module("sandbox").sandbox.truth(world)[stream.name].pulled
    outcomes = compile_mapping(mapping, today=world.as_of).map(docs)
    return sum(not isinstance(one, Mapped) for one in outcomes)


@pytest.mark.parametrize(("kind", "auth", "paging", "streams"), COMBINATIONS)
def test_generated_files_are_short_clean_and_hold_their_cases(
    make: Callable[..., Any], world: World, kind: str, auth: str, paging: str, streams: Any
) -> None:
    made = make(kind=kind, auth=auth, paging=paging, streams=streams)
    ruff = [str(Path(sys.executable).with_name("ruff"))]

    check = subprocess.run([*ruff, "check", "-q", "."], cwd=made.folder, capture_output=True)
    form = subprocess.run(
        [*ruff, "format", "-q", "--diff", "."], cwd=made.folder, capture_output=True
    )
    mappings = list(made.mappings.rglob("*.yaml"))
    results = [
        result
        for path in mappings
        for result in run_cases(
            find_mapping(made.mappings, made.wish.name, path.stem), today=world.as_of
        )
    ]

    assert check.stdout.decode() == ""
    assert form.stdout.decode() == ""
    assert mappings
    assert len(results) >= 2 * len(mappings)
    assert [r.name for r in results if not r.passed] == []
    connector = made.folder / made.wish.package / "connector.py"
    assert len(connector.read_text().splitlines()) <= 120


def test_the_sample_covers_every_choice_there_is() -> None:
    for option, known in (("kind", KINDS), ("auth", AUTH), ("paging", PAGING)):
        assert {one[option] for one in COVERING} == set(known)
    assert {(one.get("sink", False), one.get("events", False)) for one in COVERING} == {
        (False, False),
        (False, True),
        (True, False),
        (True, True),
    }


@pytest.mark.parametrize(
    "choice", COVERING, ids=[" ".join(map(str, one.values())) for one in COVERING]
)
def test_a_generated_connector_keeps_the_contract_before_the_first_edit(
    make: Callable[..., Any], choice: dict[str, Any]
) -> None:
    made = make(**choice)
    made.module()

    report = kit.run(find(str(made.folder / made.wish.package)), Options(people=40, records=1000))

    assert report.failed == set(), [o for o in report.outcomes if o.verdict is Verdict.FAILED]
    ran = {o.check.scope for o in report.outcomes if o.verdict is Verdict.PASSED}
    assert ("sink" in ran, "event" in ran) == (
        choice.get("sink", False),
        choice.get("events", False),
    )
    assert report.seconds < 60


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parts", [{"sink": True}, {"events": True}, WITH_ALL])
def test_further_parts_are_written_clean_for_every_kind(
    make: Callable[..., Any], kind: str, parts: dict[str, bool]
) -> None:
    for auth in ("none", "hmac", "api_key"):
        made = make(kind=kind, auth=auth, paging="page", **parts)
        ruff = [str(Path(sys.executable).with_name("ruff"))]
        check = subprocess.run([*ruff, "check", "-q", "."], cwd=made.folder, capture_output=True)
        form = subprocess.run(
            [*ruff, "format", "-q", "--diff", "."], cwd=made.folder, capture_output=True
        )

        assert check.stdout.decode() + form.stdout.decode() == ""
        assert (made.folder / made.wish.package / "writes.py").exists() is parts.get("sink", False)


def test_what_changed_is_asked_for_by_the_cursor(make: Callable[..., Any]) -> None:
    made = make(kind="hr", auth="api_key", paging="page", streams=("employees",))
    connector, sandbox = made.module().connector, made.module("sandbox").sandbox
    stream = connector.stream("employees")
    before, after = build_world(120, seed=3), build_world(120, seed=3, edits=3)

    _, cursor = _ids(sandbox, connector, stream, before, None)
    changed, _ = _ids(sandbox, connector, stream, after, cursor)

    assert changed == {edit.user_id for edit in after.edits}


def _ids(
    sandbox: Any, connector: Any, stream: Any, world: World, cursor: Any
) -> tuple[set[str], Any]:
    running = sandbox.start(world, "127.0.0.1", 0, {})
    try:
        config = connector.config(**sandbox.connection(world, running))
        session = open_session(connector, config, clock=FakeClock(world.now))
        pages = list(stream.read(session, cursor))
    finally:
        running.stop()
    ids = {
        stream.records.decode(raw, page.meta)["id"]
        for page in pages
        for raw in stream.records.split(page.body)
    }
    return ids, pages[-1].cursor


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("kind", "auth", "paging", "parts"),
    [("hr", "gettoken", "next_link", WITH_ALL), ("background", "hmac", "page", {})],
)
def test_the_tests_of_a_generated_project_pass_before_the_first_edit(
    make: Callable[..., Any], kind: str, auth: str, paging: str, parts: dict[str, bool]
) -> None:
    made = make(kind=kind, auth=auth, paging=paging, **parts)
    name, distribution = made.wish.name, made.wish.distribution
    info = made.folder / f"{made.wish.package}-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        f"[hrhub.connectors]\n{name} = {made.wish.package}:connector\n"
    )

    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = run(
        [*command, "--conformance-records", "2000"],
        made.folder,
        {"PYTHONPATH": str(made.folder)},
    )

    assert "passed" in done(ran)

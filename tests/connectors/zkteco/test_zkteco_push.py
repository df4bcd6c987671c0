"""Terminals push to a served inbox over real sockets; what they bring is the company's truth."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import func, select

from connectors.successfactors import connector as successfactors
from connectors.successfactors.sandbox import sandbox as successfactors_sandbox
from connectors.zkteco import connector
from connectors.zkteco.connector import ZktecoConfig
from connectors.zkteco.sandbox import push_lines, sandbox
from connectors.zkteco.sandbox.pushing import PushingTerminal
from hrhub.ambient import SystemClock
from hrhub.connector import Received
from hrhub.errors import ConfigError
from hrhub.pipeline import Hub, open_hub
from hrhub.pipeline.drain import Drained
from hrhub.pipeline.inbox import Inbox
from hrhub.pipeline.outbox import Outbox
from hrhub.sandbox.world import build_world
from hrhub.settings import Settings
from hrhub.store import inbox as inbox_table
from hrhub.store.schema import metadata
from tests.support.reporter import Served, served

SERIAL = "CKJM201260001"
CONNECTION = "shelf_default"
WORLD = build_world(40, seed=7, punch_days=1, faulty=0)
LINES = push_lines(WORLD.punches())
USERS = {spell.user_id: person.display_name for person, spell in WORLD.employed}


@dataclass
class Site:
    """A hub whose inbox is served, and terminals that call it."""

    hub: Hub
    box: Served
    config: ZktecoConfig

    def terminal(self, serial: str = SERIAL, **more: Any) -> PushingTerminal:
        """Return a terminal of the company."""
        return PushingTerminal("127.0.0.1", self.box.port, serial, **more)

    def hire(self) -> None:
        """Let the people come from the HR system, so that punches have somebody to belong to."""
        running = successfactors_sandbox.start(WORLD, "127.0.0.1", 0, {})
        try:
            config = successfactors.config.model_validate(
                successfactors_sandbox.connection(WORLD, running)
            )
            for stream in ("people", "employments"):
                self.hub.sync(successfactors, config, "sf_default", stream, holder="test")
        finally:
            running.stop()

    def drain(self) -> Drained:
        """Work through what came."""
        return self.hub.drain(connector, self.config, CONNECTION, holder="test")

    def rows(self, table: str) -> list[Any]:
        """Return the rows of a table."""
        with self.hub.store.read() as tx:
            return list(tx.execute(select(metadata.tables[table])).all())

    def count(self, table: str) -> int:
        """Count the rows of a table."""
        with self.hub.store.read() as tx:
            query = select(func.count()).select_from(metadata.tables[table])
            return int(tx.execute(query).scalar_one())

    def kept(self) -> list[bytes]:
        """Return the bodies that the inbox holds, opened."""
        bodies = []
        for row in self.rows("hub_inbox"):
            with self.hub.store.read() as tx:
                kept = inbox_table.get(tx, "default", row.id)
                assert kept is not None
                received = Inbox(self.hub).open(tx, kept)
            assert received is not None
            bodies.append(received.body)
        return bodies

    def ask(self, subject: str = SERIAL, **values: Any) -> str:
        """Ask for a user command; return the write's id."""
        return self.hub.enqueue_write(
            connector,
            CONNECTION,
            "terminal_users",
            values,
            subject=subject,
            actor="test",
            reason="hired",
        )

    def ends(self, *ids: str) -> list[tuple[str, str | None]]:
        """Return state and vendor code of writes."""
        found = [Outbox(self.hub).get(id_) for id_ in ids]
        return [(row.state, row.vendor_code) for row in found]


@contextmanager
def opened(store_url: str, tmp_path: Path, **settings: Any) -> Iterator[Site]:
    """Serve the inbox of a fresh hub."""
    home = tmp_path / "home"
    place = Settings(
        home=home,
        store_url=store_url,
        keyring=home / "keyring.json",
        landing=home / "landing",
        mappings=Path(__file__).parents[3] / "mappings",
    )
    values = {"push_serials": (SERIAL,), "event_networks": ("127.0.0.0/8",)} | settings
    config = ZktecoConfig(**values)
    with (
        open_hub(place, create=True, clock=SystemClock()) as hub,
        served(hub, config, mounts=[f"{CONNECTION}/push"], connector=connector) as box,
    ):
        yield Site(hub, box, config)


@pytest.fixture
def site(store_url: str, tmp_path: Path) -> Iterator[Site]:
    with opened(store_url, tmp_path) as running:
        yield running


def test_an_unknown_terminal_is_refused_and_nothing_of_it_is_kept(site: Site) -> None:
    stranger = site.terminal("CKJM209999999", lines=LINES)

    with pytest.raises(PermissionError):
        stranger.push()
    with pytest.raises(PermissionError):
        stranger.poll()
    with pytest.raises(PermissionError):
        stranger.push_users()

    assert site.count("hub_inbox") == 0
    assert site.box.fates() == {"refused": 3}


def test_a_terminal_from_elsewhere_is_refused_whatever_its_number(
    store_url: str, tmp_path: Path
) -> None:
    with (
        opened(store_url, tmp_path, event_networks=("203.0.113.0/24",)) as site,
        pytest.raises(PermissionError),
    ):
        site.terminal().handshake()


def test_what_terminals_push_is_what_the_company_punched(site: Site) -> None:
    site.hire()
    terminal = site.terminal(lines=LINES, users=USERS)

    terminal.push()
    terminal.push_users()
    done = site.drain()

    assert not done.errors
    stored = sorted(row.punched_at.replace(tzinfo=None) for row in site.rows("attendance_punch"))
    wanted = sorted(punch.at for punch in WORLD.punches())
    assert len(stored) == len(wanted) > 20
    assert {(w - s).total_seconds() for w, s in zip(wanted, stored, strict=True)} == {8 * 3600}
    assert site.count("hub_quarantine") == 0


def test_a_lost_acknowledgement_and_a_new_handshake_double_nothing(site: Site) -> None:
    site.hire()
    terminal = site.terminal(lines=LINES, users=USERS, lose=0)
    terminal.push_users()
    terminal.handshake()
    terminal.lose = 2
    requests = terminal.push()
    site.drain()
    before = site.count("attendance_punch")

    terminal.handshake()
    terminal.push()
    site.drain()

    assert requests >= 3
    assert site.count("attendance_punch") == before == len(LINES)
    assert site.box.fates()["repeated"] >= 2


def test_late_and_duplicate_punches_come_in_once(site: Site) -> None:
    site.hire()
    late, *rest = LINES
    terminal = site.terminal(lines=[*rest, rest[0]], users=USERS)
    terminal.push_users()
    terminal.push()
    site.drain()

    terminal.lines += [late, rest[-1]]
    terminal.push()
    site.drain()

    assert site.count("attendance_punch") == len(LINES)


def test_a_line_nobody_can_read_is_acknowledged_and_kept_for_people(site: Site) -> None:
    site.hire()
    pin = next(iter(USERS))
    broken = [
        f"{pin}\t2026-02-30 09:00:00\t0\t1\t0",
        "rubbish",
        f"{pin}\t2026-03-02 09:00:00\tx\t1",
    ]
    terminal = site.terminal(lines=[*broken, *LINES], users=USERS)

    terminal.push_users()
    assert terminal.push() == -(-len(terminal.lines) // 128)
    site.drain()

    assert site.count("hub_quarantine") == len(broken)
    assert site.count("attendance_punch") == len(LINES)


def test_fingerprints_photos_and_passwords_are_acknowledged_and_never_kept(site: Site) -> None:
    terminal = site.terminal(users=USERS)
    finger = "FP PIN=7\tFID=0\tSize=1130\tValid=1\tTMP=c2VjcmV0LWZpbmdlcg=="
    opened_menu = "OPLOG 4\t1\t2026-03-02 09:00:00\t0\t0\t0\t0"

    assert terminal.push_users(more=[finger, opened_menu]) == 1
    for name in ("BIODATA", "ATTPHOTO", "BIOPHOTO", "USERPIC"):
        path = f"/iclock/cdata?SN={SERIAL}&table={name}&Stamp=1"
        assert site.box.call(path, b"BIODATA Pin=7\tTmp=c2VjcmV0") == (200, b"OK")
    path = f"/iclock/cdata?SN={SERIAL}&table=OPERLOG&OpStamp=2"
    assert site.box.call(path, f"{finger}\n{opened_menu}\n".encode()) == (200, b"OK: 2")

    [body] = site.kept()
    assert b"c2VjcmV0" not in body
    assert b"4711" not in body
    assert body.count(b"USER PIN=") == len(USERS)
    assert site.drain().requests == 1


@pytest.mark.parametrize("charset", ["utf-8", "gb18030"])
def test_users_are_entered_and_removed_by_commands_in_order(
    store_url: str, tmp_path: Path, charset: str
) -> None:
    with opened(store_url, tmp_path, push_charset=charset) as site:
        terminal = site.terminal(charset=charset, suffix=".aspx")
        ids = [
            site.ask(work_no="0010086", display_name="测试甲", status="active"),
            site.ask(work_no="0010087", display_name="测试乙"),
            site.ask(work_no="0010087", status="terminated"),
        ]
        elsewhere = site.ask("CKJM201260002", work_no="0010088", display_name="测试丙")

        done = [*terminal.poll(), *terminal.poll()]

        assert terminal.users == {"0010086": "测试甲"}
        assert [code for _, code in done] == [0, 0, 0]
        assert site.ends(*ids, elsewhere) == [("sent", None)] * 3 + [("pending", None)]
        assert terminal.poll() == []


def test_a_command_that_the_terminal_refuses_or_cannot_hold_is_told(site: Site) -> None:
    terminal = site.terminal()
    nobody = site.ask(work_no="0010099", status="terminated")
    split = site.ask(work_no="0010100", display_name="甲\tPri=14")
    odd = site.ask(work_no="7\nC:1:REBOOT", display_name="甲")
    good = site.ask(work_no="0010101", display_name="甲")

    for _ in range(4):
        terminal.poll()

    refused = [("refused", "-1"), ("refused", None), ("refused", None)]
    assert site.ends(nobody, split, odd, good) == [*refused, ("sent", None)]
    assert terminal.users == {"0010101": "甲"}


@pytest.mark.parametrize(
    ("timezone", "told"),
    [
        ("Asia/Shanghai", "8"),
        ("Asia/Kolkata", "330"),
        ("America/Phoenix", "-7"),
        ("Europe/Berlin", None),
    ],
)
def test_a_terminal_is_told_its_zone_only_where_no_summer_time_would_make_it_wrong(
    timezone: str, told: str | None
) -> None:
    push = connector.receiver("push")
    config = ZktecoConfig(push_serials=(SERIAL,), timezone=timezone)
    query = {"SN": SERIAL, "options": "all"}

    answer = push.reply(config, Received(method="GET", path="/iclock/cdata", query=query))

    options = dict(line.split("=", 1) for line in answer.body.decode().splitlines()[1:])
    assert options.get("TimeZone") == told


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"host": "10.0.0.5", "push_serials": ("A1", "A2")},
        {"device_id": "door", "push_serials": ("A1", "A2")},
    ],
    ids=["nothing", "a host beside several", "an id for several"],
)
def test_settings_under_which_terminals_would_remove_each_others_users_are_refused(
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ValidationError):
        ZktecoConfig(**settings)


def test_a_terminal_that_only_pushes_cannot_be_read(site: Site) -> None:
    with pytest.raises(ConfigError) as caught:
        site.hub.sync(connector, site.config, CONNECTION, "users", holder="test")

    assert caught.value.code == "config.invalid"


def test_a_punch_that_was_read_and_pushed_is_one_punch(store_url: str, tmp_path: Path) -> None:
    running = sandbox.start(WORLD, "127.0.0.1", 0, {"bad_date": "0"})
    try:
        values = sandbox.connection(WORLD, running) | {"event_networks": ("127.0.0.0/8",)}
        with opened(store_url, tmp_path, **values) as site:
            site.hire()
            for stream in ("users", "punches"):
                site.hub.sync(connector, site.config, CONNECTION, stream, holder="test")

            site.terminal(lines=LINES).push()
            done = site.drain()

            assert not done.errors
            assert site.count("attendance_punch") == len(LINES)
    finally:
        running.stop()

"""Tables on the pages say what the code says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import pytest

import hrhub.connector
from hrhub import errors
from hrhub.connector import Connector, HttpStream, Stream, registry
from hrhub.connector import reference as contract_reference
from hrhub.connector.contract import API_VERSION
from hrhub.crypto import caching, envkeys
from hrhub.crypto.suites import SUITES
from hrhub.errors import REJECT_REASONS, ExitStatus, HrHubError
from hrhub.http import auth, paging
from hrhub.http.limits import MIB, Limits
from hrhub.messages import reference as error_reference
from hrhub.model import Privacy
from hrhub.model import reference as model_reference
from hrhub.pipeline import load
from hrhub.pipeline.landing import KEEP
from hrhub.pipeline.replay import DISCARD_REASONS
from hrhub.settings import Settings
from hrhub.store import lease
from tests.support.pages import NAMES, ROOT, code, table, text_of

OPERATIONS, SECURITY, CONNECTORS = (
    "docs/operations.md",
    "docs/security.md",
    "docs/connectors.md",
)


class Asked(Mapping[str, str]):
    """An empty environment that remembers what it was asked for."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.names.add(name)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def test_the_page_of_the_model_is_current() -> None:
    assert text_of("docs/model.md") == model_reference.page(), "run `make docs`"


def test_the_page_of_the_contract_is_current_and_leaves_nothing_out() -> None:
    assert text_of("docs/contract.md") == contract_reference.page(), "run `make docs`"
    assert contract_reference.undocumented() == {"API_VERSION", "Cursor"}


def test_the_page_of_error_codes_is_current() -> None:
    installed = [registry.get(name) for name in registry.names()]
    page = error_reference.page({c.title: c.words for c in installed})

    assert text_of("docs/errors.md") == page, "run `make docs`"


def test_the_table_of_settings_names_every_variable_that_is_read() -> None:
    asked = Asked()
    Settings.from_env(asked)
    read = asked.names | {registry.ALLOW_VARIABLE, envkeys.VARIABLE}

    assert {row[0] for row in table(OPERATIONS, "Settings")} == read


def test_no_page_names_a_variable_that_nothing_reads() -> None:
    listed = {row[0] for row in table(OPERATIONS, "Settings")}
    named = {v for name in NAMES for v in re.findall(r"HRHUB_[A-Z_]*[A-Z]", text_of(name))}

    assert named <= listed


def test_exit_statuses_are_those_of_the_code() -> None:
    rows = table(OPERATIONS, "Exit statuses")
    retried = {
        error.status
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, HrHubError) and error.retryable
    }

    assert [(int(row[0]), row[1]) for row in rows] == [(s.value, s.name) for s in ExitStatus]
    assert {ExitStatus(int(row[0])) for row in rows if row[3] == "yes"} == retried


def test_reasons_of_rejects_and_discards_are_those_of_the_code() -> None:
    discards = {text for text in code(OPERATIONS) if text in DISCARD_REASONS}

    assert tuple(row[0] for row in table(OPERATIONS, "Rejects")) == REJECT_REASONS
    assert discards == set(DISCARD_REASONS)


def _offered(connector: Connector) -> set[str]:
    """Return the names of streams, and of what can be ordered."""
    return {s.name for s in connector.streams} | {o.name for o in connector.orders}


def test_the_table_of_connectors_is_what_is_installed() -> None:
    shown = {}
    for title, streams, evidence in table("README.md", "What you get"):
        found = re.search(r"\(connectors/(\w+)/README\.md\)", title)
        assert found, title
        shown[found[1]] = (set(re.split("[,;] ", streams)), evidence)

    assert shown == {
        name: (_offered(registry.get(name)), registry.get(name).evidence)
        for name in registry.names()
        if _is_built_in(name)
    }


def _is_built_in(name: str) -> bool:
    return (ROOT / "connectors" / name).is_dir()


def test_levels_of_evidence_are_explained() -> None:
    levels = {row[0] for row in table(CONNECTORS, "Evidence")}

    assert {registry.get(name).evidence for name in registry.names()} <= levels


@pytest.mark.parametrize(
    ("start", "home"),
    [
        ("| Paging (`hrhub.http.paging`)", paging),
        ("| Cursor (`hrhub.connector`)", hrhub.connector),
        ("| Authorisation (`hrhub.http.auth`)", auth),
        ("| Raise |", errors),
    ],
)
def test_classes_named_for_vendors_exist(start: str, home: object) -> None:
    _, _, after = text_of(CONNECTORS).partition(start)
    rows = after.split("\n\n")[0].splitlines()[2:]
    names = {n for row in rows for n in re.findall(r"`(\w+)", row.split("|")[1])}

    assert names
    assert not [name for name in names if not isinstance(getattr(home, name, None), type)]


def test_attributes_of_streams_named_for_vendors_are_all_of_them() -> None:
    named = {n for row in table(CONNECTORS, "Streams") for n in row[0].split(", ")}

    assert named == set(Stream.__dataclass_fields__)
    assert issubclass(HttpStream, Stream)
    assert f"version {API_VERSION}" in text_of(CONNECTORS)


def test_every_privacy_class_is_explained() -> None:
    assert [row[0] for row in table(SECURITY, "Privacy classes")] == [p.value for p in Privacy]


def test_modules_and_files_named_in_code_exist() -> None:
    pattern = r"(include|tests|docs|connectors|dags|mappings)/[\w./-]+"
    missing = [
        f"{name}: {text}"
        for name in NAMES
        for text in code(name)
        if re.fullmatch(pattern, text) and not (ROOT / text).exists()
    ]

    assert not missing


def test_numbers_on_the_pages_are_those_of_the_code() -> None:
    limits = Limits()
    told = {
        "docs/architecture.md": (
            f"{load.BATCH_RECORDS:,}\nrecords or {load.BATCH_BYTES // MIB} MiB",
            f"{load.STRETCH_RECORDS:,} records were seen or {load.STRETCH_S:.0f} s have passed",
            f"{lease.LEASE_S} s, renewed every {lease.RENEW_S:.0f} s",
        ),
        SECURITY: (
            f"at most {caching.MAX_DATA_KEYS:,} data keys",
            f"each for at most {caching.TTL_S:.0f} seconds",
            f"{limits.connect_s:.0f} s to connect, {limits.idle_s:.0f} s without a byte, "
            f"{limits.request_s:.0f} s in all, {limits.total_s:.0f} s with retries",
            f"{limits.wire_bytes // MIB} MiB on the wire",
            f"{limits.decoded_bytes // MIB} MiB decoded",
            f"no more than {limits.ratio} times",
        ),
        OPERATIONS: (f"at most {lease.LEASE_S} seconds",),
    }
    words = {1: "one", 7: "seven"}
    for name in told:
        text = " ".join(text_of(name).split())
        for phrase in told[name]:
            assert " ".join(phrase.split()) in text, (name, phrase)
    assert f"{words[KEEP.days]} days" in text_of("docs/architecture.md")
    assert {0x01, 0x02} == set(SUITES)


def test_airflow_settings_on_the_pages_stand_in_the_template() -> None:
    template = (ROOT / "airflow.cfg.template").read_text()
    heartbeat = re.search(r"^task_instance_heartbeat_timeout = (\d+)$", template, re.M)
    orphans = re.search(r"^orphaned_tasks_check_interval = (\d+)$", template, re.M)
    assert heartbeat and orphans
    text = " ".join(text_of(OPERATIONS).split())

    assert f"dead worker after {heartbeat[1]} s" in text
    assert f"dead scheduler after {orphans[1]} s" in text

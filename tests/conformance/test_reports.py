"""Reports: what people, programs and CI read, and how a connector is found."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import typer
from typer.testing import CliRunner

from hrhub.cli.conformance import register
from hrhub.conformance import report as written
from hrhub.conformance.kit import Report, collect, run
from hrhub.conformance.lab import Lab, Options
from hrhub.conformance.law import Verdict
from hrhub.conformance.subject import Subject, find
from hrhub.errors import ExitStatus, PluginError

REFERENCE = Path(__file__).parent / "reference"
QUICK = ("spec", "check", "discover")
ABOUT_ORDERS = sum(check.scope == "order" for check in collect())


@pytest.fixture(scope="module")
def good() -> Subject:
    return find(str(REFERENCE))


@pytest.fixture(scope="module")
def broken(good: Subject) -> Report:
    """The report of a connector without orders whose evidence is none."""
    connector = replace(good.connector, evidence="hearsay", title="<b>Acme</b>", orders=())
    subject = replace(good, connector=connector)
    return run(subject, Options(people=40, records=1000), only=(*QUICK, "orders"))


def test_a_folder_without_a_connector_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PluginError) as refused:
        find(str(tmp_path))

    assert refused.value.context["rule"] == "one_package_in_folder"


def test_a_connector_nobody_installed_is_refused() -> None:
    with pytest.raises(PluginError) as refused:
        find("no_such_vendor")

    assert refused.value.code == "plugin.unknown"


def test_a_package_without_simulator_is_refused(tmp_path: Path) -> None:
    package = tmp_path / "bare_vendor_of_tests"
    package.mkdir()
    (package / "__init__.py").write_text(
        "from tests.conformance.reference.connector import connector\n"
    )

    with pytest.raises(PluginError) as refused:
        find(str(package))

    assert refused.value.code == "sandbox.missing"


def test_the_simulator_is_no_part_of_what_is_examined(good: Subject) -> None:
    assert {p.name for p in good.sources} == {"__init__.py", "connector.py"}


def test_a_failed_check_fails_the_report_with_what_to_do(broken: Report) -> None:
    assert not broken.passed
    assert broken.failed == {"spec.valid"}
    rows = {row[0]: row for row in written.rows(broken)}
    assert rows["spec.valid"][2] == "FAILED"
    assert "Declare settings" in rows["spec.valid"][3]
    assert "does not keep the contract: 1 checks failed" in written.verdict_line(broken)


def test_checks_that_do_not_apply_do_not_count(broken: Report) -> None:
    assert broken.counts[Verdict.NOT_APPLICABLE] == ABOUT_ORDERS
    assert broken.counts[Verdict.FAILED] == 1


def test_a_report_in_which_nothing_applied_is_no_proof(good: Subject) -> None:
    subject = replace(good, connector=replace(good.connector, orders=()))

    assert not run(subject, Options(people=40), only=("orders",)).passed


def test_junit_counts_failures_and_skips(broken: Report) -> None:
    suite = ElementTree.fromstring(written.junit(broken))

    assert suite.get("failures") == "1"
    assert suite.get("skipped") == str(ABOUT_ORDERS)
    assert len(suite.findall("testcase")) == len(broken.outcomes)
    assert suite.find("testcase/failure") is not None


def test_the_page_escapes_what_a_connector_says(broken: Report) -> None:
    page = written.page(broken)

    assert "&lt;b&gt;Acme&lt;/b&gt;" in page
    assert "<b>" not in page
    assert "<script" not in page


def test_notes_of_a_crash_tell_the_place_and_not_the_value(good: Subject) -> None:
    def crash(session: object) -> None:
        raise ValueError("13800138000")

    subject = replace(good, connector=replace(good.connector, check=crash))  # type: ignore[arg-type]
    report = run(subject, Options(people=40), only=("check.answers",))

    assert "13800138000" not in json.dumps(written.document(report))
    assert "ValueError at test_reports.py" in report.outcomes[0].note


def test_checks_have_ids_of_their_own_and_say_what_they_mean() -> None:
    ids = [c.id for c in collect()]

    assert len(ids) == len(set(ids)) >= 22
    assert all(c.means.endswith(".") and c.hint.endswith(".") for c in collect())


@pytest.mark.parametrize("only", ["orders", "sinks", "tokens", "token", "secrecy", "events"])
def test_every_theme_can_be_run_alone(only: str, good: Subject) -> None:
    report = run(good, Options(people=40, records=1000), only=(only,))

    assert report.passed is (only != "tokens")


def test_a_laboratory_leaves_no_thread_behind(good: Subject) -> None:
    before = threading.active_count()
    with Lab(good, Options(people=40)) as lab:
        lab.connector.check(lab.session())

    assert threading.active_count() <= before + 1


def test_the_command_prints_json_and_writes_files(tmp_path: Path) -> None:
    app = typer.Typer()
    register(app)
    app.callback()(lambda: None)
    junit, html = tmp_path / "j.xml", tmp_path / "r.html"

    files = ["--junit", str(junit), "--html", str(html)]
    ended = CliRunner().invoke(
        app, ["conformance", str(REFERENCE), "--only", "spec,check", "--json", *files]
    )

    assert ended.exit_code == ExitStatus.DONE
    assert json.loads(ended.stdout)["passed"] is True
    assert ElementTree.parse(junit).getroot().get("failures") == "0"
    assert "keeps the contract" in html.read_text()

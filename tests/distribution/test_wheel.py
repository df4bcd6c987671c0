"""A vendor with the wheel alone: scaffold, prove, install beside the hub; others stay out."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.wheels import ROOT, Scratch, build, done, run

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("distribution")]

MARKED = """\
import os
from pathlib import Path

if os.environ.get("MARK"):
    Path(os.environ["MARK"]).touch()
"""


@pytest.fixture(scope="module")
def plugin(scratch: Scratch) -> Path:
    """A generated connector, built, installed; it leaves a mark when it is imported."""
    done(scratch.hrhub("new-connector", "acme", "--kind", "hr", "--auth", "api_key"))
    project = scratch.folder / "hrhub-acme"
    init = project / "hrhub_acme" / "__init__.py"
    init.write_text(MARKED + init.read_text())
    wheel = build(project, scratch.folder / "plugin")
    scratch.install(wheel)
    return wheel


def names(printed: str) -> list[str]:
    return [one["name"] for one in json.loads(printed)["connectors"]]


def test_a_plugin_that_is_not_allowed_is_neither_listed_nor_imported(
    scratch: Scratch, plugin: Path
) -> None:
    mark = scratch.folder / "imported"

    printed = done(scratch.hrhub("connectors", "--json", MARK=str(mark)))
    hinted = scratch.hrhub("connectors", MARK=str(mark))
    told = scratch.hrhub("spec", "acme", "--json", MARK=str(mark), HRHUB_PLUGINS="hrhub-other")

    assert "acme" not in names(printed)
    assert json.loads(printed)["not_allowed"] == {"acme": "hrhub-acme"}
    assert "add hrhub-acme to HRHUB_PLUGINS" in " ".join(hinted.stderr.split())
    assert told.returncode == 7
    assert json.loads(told.stdout)["error"]["code"] == "plugin.not_allowed"
    assert not mark.exists()


@pytest.mark.parametrize("spelling", ["hrhub-acme", "hrhub_acme", "other, HRHUB.Acme"])
def test_a_plugin_on_the_allow_list_appears_beside_the_others(
    scratch: Scratch, plugin: Path, spelling: str
) -> None:
    mark = scratch.folder / "allowed"

    printed = done(scratch.hrhub("connectors", "--json", HRHUB_PLUGINS=spelling, MARK=str(mark)))

    assert {"acme", "successfactors", "zkteco"} <= set(names(printed))
    assert json.loads(printed)["not_allowed"] == {}
    assert mark.exists()


def test_nothing_of_airflow_is_there(scratch: Scratch) -> None:
    ran = run([str(scratch.python), "-c", "import airflow"], scratch.folder)

    assert "ModuleNotFoundError" in ran.stderr


def test_a_new_connector_keeps_the_contract_before_the_first_edit(
    scratch: Scratch, plugin: Path
) -> None:
    ran = scratch.hrhub(
        "conformance", "acme", "--json", "--records", "2000", HRHUB_PLUGINS="hrhub-acme"
    )

    document: dict[str, Any] = json.loads(done(ran))
    assert document["passed"]


def test_the_mappings_of_a_plugin_are_found(scratch: Scratch, plugin: Path) -> None:
    connection = {"conn_type": "hr_acme", "host": "http://127.0.0.1:1", "password": "k"}
    ran = scratch.hrhub(
        "discover",
        "acme_1",
        "--json",
        HRHUB_PLUGINS="hrhub-acme",
        AIRFLOW_CONN_ACME_1=json.dumps(connection),
    )

    streams = json.loads(done(ran))["streams"]
    assert {s["stream"]: s["mapping"] for s in streams} == {
        "departments": "yes",
        "employees": "yes",
    }


def test_the_golden_cases_of_a_plugin_run_by_its_name(scratch: Scratch, plugin: Path) -> None:
    ran = scratch.hrhub("map", "test", "acme", "--json", HRHUB_PLUGINS="hrhub-acme")

    tested = json.loads(done(ran))["mappings"]
    assert {Path(one["path"]).stem: one["status"] for one in tested} == {
        "departments": "ok",
        "employees": "ok",
    }


def test_airflow_gets_a_form_for_an_allowed_plugin_only(
    scratch: Scratch, plugin: Path, tmp_path: Path
) -> None:
    with zipfile.ZipFile(plugin) as archive:
        archive.extractall(tmp_path)
    code = (
        "from hrhub.airflow.provider import get_provider_info as info\n"
        "print([t['connection-type'] for t in info()['connection-types']])"
    )

    asked = {
        allowed: done(
            run(
                [sys.executable, "-c", code],
                tmp_path,
                {"PYTHONPATH": str(tmp_path), "HRHUB_PLUGINS": allowed},
            )
        )
        for allowed in ("hrhub-acme", "")
    }

    assert "'hr_acme'" in asked["hrhub-acme"]
    assert "'hr_acme'" not in asked[""]
    assert "'hr_zkteco'" in asked[""]


def test_the_wheel_carries_everything_that_is_no_code(scratch: Scratch) -> None:
    with zipfile.ZipFile(scratch.wheel) as archive:
        held = set(archive.namelist())

    package = ROOT / "include" / "hrhub"
    wanted = {
        f"hrhub/{path.relative_to(package).as_posix()}"
        for path in package.rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".py")
    }
    wanted |= {
        f"hrhub/_mappings/{path.relative_to(ROOT / 'mappings').as_posix()}"
        for path in (ROOT / "mappings").rglob("*.yaml")
    }
    assert {n for n in wanted if n.endswith((".yaml", ".jinja", "py.typed"))}
    assert wanted - held == set()

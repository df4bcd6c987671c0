"""The benchmark itself: it runs, checks what it measured, and writes it down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.bench import scheduling, verification
from tests.bench.__main__ import main
from tests.bench.claims import cases
from tests.bench.measure import Measured
from tests.bench.workloads import check


def test_figures_of_a_run_that_lost_records_are_refused() -> None:
    lost = Measured(200, 1.0, 1.0, 90.0, {"inserted": 199, "unchanged": 0})

    with pytest.raises(RuntimeError, match="inserted"):
        check("first", lost)


def test_an_unknown_workload_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--only", "employees_frist", "--out", str(tmp_path / "bench.json")])

    assert not (tmp_path / "bench.json").exists()


def test_a_small_run_writes_its_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "build" / "bench.json"

    main(
        [
            *("--only", "employees_first", "--stores", "sqlite"),
            *("--size", "200", "--runs", "1", "--out", str(out)),
        ]
    )

    figures = json.loads(out.read_text())["employees_first"]["sqlite"]
    assert figures["runs"] == 1 and figures["size"] == 200
    assert figures["records_s"] > 0 and figures["cpu_us"] > 0
    assert figures["rss_mb"] > 20, "the worker's memory, not that of a process just started"
    assert figures["yardstick"]["cpu_us"] > 0
    assert {"fetch", "land", "gate", "decode, map, check", "seal, index", "write"} <= set(
        figures["stages"]
    )
    assert "employees_first" in capsys.readouterr().out


def test_verification_is_judged_by_its_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "bench.json"

    main(["--only", "verification", "--size", "4", "--out", str(out)])

    figures = json.loads(out.read_text())["verification"]
    assert figures["cases"] == 3 * 4 * figures["kinds"] >= 300
    assert figures["passed"], figures["seeds"]
    assert "EMPLOYER_NOT_FOUND" in capsys.readouterr().out


def test_rules_that_find_nothing_do_not_pass() -> None:
    blind = verification.judge([replace(c, facts=replace(c.facts, months=())) for c in cases(1, 2)])

    assert blind["noticed"] < verification.MIN_NOTICED
    assert blind["by_code"]["GAP_HIDDEN"]["missed"] > 0


def test_a_second_worker_is_measured_against_one(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"

    main([*("--only", "two_workers", "--stores", "sqlite"), *("--size", "200", "--out", str(out))])

    figures = json.loads(out.read_text())["two_workers"]["sqlite"]
    assert figures["one_records_s"] > 0 and figures["ratio"] > 0


@pytest.mark.xdist_group("airflow")
def test_dags_are_counted_when_their_parsing_is_measured(tmp_path: Path) -> None:
    assert scheduling.parsing(tmp_path, 3)["dags"] == 3

"""The demo: simulated vendors, Airflow and the hub on one machine, first syncs, results.

``python -m hrhub.airflow.demo`` stays until Ctrl-C; with ``--once`` it stops by itself and its
exit status says whether every stream brought exactly what the simulated company holds.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Never

from hrhub import messages
from hrhub.airflow.api import AirflowApi
from hrhub.airflow.board import Board, Line
from hrhub.airflow.connections import connection_json
from hrhub.airflow.follow import Followed, first_runs
from hrhub.airflow.processes import Command
from hrhub.airflow.runner import Runner, Stopped, stop_signals
from hrhub.ambient import Clock, SystemClock
from hrhub.connector import registry
from hrhub.errors import ExitStatus, HrHubError, Refused, Transient
from hrhub.sandbox.host import HostState, clocks_of, read_state, simulated
from hrhub.sandbox.truth import expected_store, expected_streams, untold
from hrhub.sandbox.vendor import StreamTruth
from hrhub.sandbox.waves import in_waves
from hrhub.sandbox.world import World
from hrhub.settings import Settings

_SANDBOX_TIMEOUT_S = 120.0
_SYNC_TIMEOUT_S = 900.0
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Wish:
    """What the demo was asked for."""

    home: Path
    size: int
    seed: int
    port: int | None
    once: bool
    vendors: tuple[str, ...] = ()


class Demo:
    """One demo from start to table.

    Args:
        wish: What was asked for.
        board: Shows what happens.
    """

    def __init__(self, wish: Wish, board: Board, clock: Clock | None = None) -> None:
        self._wish = wish
        self._board = board
        self._clock = clock or SystemClock()
        self._settings = Settings.from_env({**os.environ, "HRHUB_HOME": str(wish.home)})
        self._fresh = True
        self._vendors = list(wish.vendors) or simulated()

    def run(self) -> bool:
        """Start all, sync all, show the table; return whether all is as it should be."""
        good = False
        with stop_signals() as stopped, ExitStack() as stack:
            runner = stack.enter_context(
                Runner(
                    self._wish.home,
                    port=self._wish.port,
                    clock=self._clock,
                    say=self._board.say,
                    stopped=stopped,
                )
            )
            with suppress(Stopped):
                state = self._bring_up(runner)
                good = self._sync_all(runner, state)
                if not self._wish.once:
                    self._stay(runner)
            self._board.say("stopping")
        return good

    def _bring_up(self, runner: Runner) -> HostState:
        """Start everything side by side and wait for it."""
        state_file = runner.home.run / "sandbox.json"
        state_file.unlink(missing_ok=True)
        runner.keeper.start(self._sandbox_command(runner.env, state_file))
        migration = runner.begin_migration()
        self._board.say(f"company of {self._wish.size} people, seed {self._wish.seed}")
        self._create_hub()
        migration.wait()
        runner.start()
        state = self._wait_for_sandbox(state_file, runner)
        migration.register(connections(state))
        self._board.say("vendors are up, connections registered; Airflow is starting")
        runner.wait_until_healthy()
        self._board.say(f"Airflow is up: {runner.api.address}")
        return state

    def _stay(self, runner: Runner) -> Never:
        self._board.say(
            f"UI: {runner.api.address}   user: admin   password: {runner.home.password('admin')}"
        )
        self._board.say("Syncs go on every quarter of an hour. Stop with Ctrl-C.")
        runner.tend_forever()

    def _sandbox_command(self, env: Mapping[str, str], state_file: Path) -> Command:
        argv = [
            *(sys.executable, "-m", "hrhub.sandbox", *self._vendors),
            *("--state", str(state_file)),
            *("--size", str(self._wish.size), "--seed", str(self._wish.seed)),
        ]
        return Command("sandbox", argv, env)

    def _create_hub(self) -> None:
        from hrhub.pipeline import open_hub

        with open_hub(self._settings, create=True) as hub:
            self._fresh = not hub.latest_runs()
        self._claim_home()
        self._board.say(f"key ring and store: {self._settings.home}")

    def _claim_home(self) -> None:
        """Bind the home to one company: two of them in one store would be nobody's truth."""
        marker = self._wish.home / "demo.json"
        clocks = sorted(clocks_of(self._vendors))
        company = {"size": self._wish.size, "seed": self._wish.seed, "clocks": clocks}
        if self._fresh or not marker.exists():
            marker.write_text(json.dumps(company), encoding="utf-8")
        elif json.loads(marker.read_text(encoding="utf-8")) != company:
            raise Refused("demo.other_company", home=self._wish.home)

    def _wait_for_sandbox(self, state_file: Path, runner: Runner) -> HostState:
        deadline = self._clock.monotonic() + _SANDBOX_TIMEOUT_S
        while not state_file.exists():
            runner.keeper.tend()
            if self._clock.monotonic() > deadline:
                raise Transient("runner.not_healthy", parts="sandbox", seconds=_SANDBOX_TIMEOUT_S)
            self._clock.sleep(_POLL_S)
        return read_state(state_file)

    def _sync_all(self, runner: Runner, state: HostState) -> bool:
        """Sync all vendors, each wave side by side; show what came and judge it."""
        api = runner.api
        api.log_in("admin", runner.home.password("admin"))
        company = state.company()
        truths = expected_streams(company, self._vendors)
        lines: list[Line] = []
        well = True
        for wave in in_waves(self._vendors):
            for name, followed in zip(wave, self._run(api, runner, wave), strict=True):
                lines += self._lines(name, truths[name], followed)
                if followed.state != "success":
                    well = False
                    self._board.say(
                        f"{followed.dag_id} {followed.state}: {', '.join(followed.failed_tasks)} "
                        f"(task logs: {runner.home.logs / 'tasks'})"
                    )
            if not well:
                break
        self._board.table(lines)
        return well and all(line.agrees for line in lines) and self._holds(company)

    def _run(self, api: AirflowApi, runner: Runner, wave: Sequence[str]) -> list[Followed]:
        return first_runs(
            api,
            [f"hub_{name}" for name in wave],
            at_once=max(2, os.cpu_count() or 1),
            clock=self._clock,
            timeout_s=_SYNC_TIMEOUT_S,
            watch=self._board.tasks,
            tend=runner.keeper.tend,
        )

    def _holds(self, company: World) -> bool:
        """Compare the store with the company: the same on a first run and on every later one."""
        from hrhub.pipeline import open_hub

        if silent := untold(self._vendors):
            self._board.say(f"not compared, for nobody says what they hold: {', '.join(silent)}")
            return True
        expected = expected_store(company, self._vendors)
        with open_hub(self._settings) as hub:
            found = hub.census()
        wrong = {e: n for e, n in expected.items() if found[e] != n}
        for entity, number in wrong.items():
            self._board.say(f"{entity}: {found[entity]} in the store, {number} in the company")
        if not wrong:
            rows = sum(expected.values())
            self._board.say(f"the store holds exactly the company: {rows} rows")
        return not wrong

    def _lines(
        self, name: str, truths: Mapping[str, StreamTruth], followed: Followed
    ) -> list[Line]:
        """Read what a run of a DAG did from the store and lay the truth beside it."""
        from hrhub.pipeline import open_hub
        from hrhub.store.runs import list_runs

        # By now the schedule may have started another run, which finds nothing left to do.
        holder = f"{followed.dag_id}/{followed.run_id}/"
        with open_hub(self._settings) as hub, hub.store.read() as tx:
            listed = list_runs(tx, hub.settings.tenant, connection=f"{name}_default", limit=500)
        runs = {run.stream: run for run in reversed(listed) if run.holder.startswith(holder)}
        lines = []
        for stream in registry.get(name).in_order():
            run, truth = runs.get(stream.name), truths.get(stream.name)
            spent = (run.finished_at - run.started_at) if run and run.finished_at else None
            lines.append(
                Line(
                    vendor=name,
                    stream=stream.name,
                    counts=dict(run.counts) if run else {},
                    # A store that knew the records before is asked for less: nothing to compare.
                    expected=(truth.pulled, truth.rejected) if truth and self._fresh else None,
                    seconds=spent.total_seconds() if spent else None,
                    done=run is not None and run.status == "done",
                )
            )
        return lines


def connections(state: HostState) -> dict[str, dict[str, Any]]:
    """Return the Airflow connections of hosted vendors, ``<vendor>_default``, secrets in clear."""
    made = {}
    for name, hosted in state.vendors.items():
        connector = registry.get(name)
        config = connector.config.model_validate(hosted.connection)
        made[f"{name}_default"] = connection_json(connector, config)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo as asked on the command line; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m hrhub.airflow.demo", description=__doc__)
    parser.add_argument("--once", action="store_true", help="stop after the first syncs")
    parser.add_argument("--size", type=int, default=2000, help="people in the company")
    parser.add_argument("--seed", type=int, default=1, help="another seed, another company")
    parser.add_argument("--port", type=int, default=None, help="port of the UI (default: free one)")
    parser.add_argument("--home", type=Path, default=Path(".hrhub"), help="default: .hrhub")
    parser.add_argument("--vendors", default="", help="connectors, by comma (default: all)")
    asked = parser.parse_args(arguments)
    board = Board()
    vendors = tuple(filter(None, asked.vendors.split(",")))
    wish = Wish(asked.home.absolute(), asked.size, asked.seed, asked.port, asked.once, vendors)
    try:
        with board:
            good = Demo(wish, board).run()
    except HrHubError as error:
        language = Settings.from_env().language
        print(messages.explain(error, language), file=sys.stderr)
        return int(error.status)
    return int(ExitStatus.DONE if good else ExitStatus.FAILED)


if __name__ == "__main__":
    sys.exit(main())

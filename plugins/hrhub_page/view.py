"""What templates show: ready texts and links, made from what was read. No template decides."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from urllib.parse import quote

from hrhub import messages
from hrhub.connector import Connector, registry
from hrhub.messages import Message
from hrhub.store.exchange import Stuck
from hrhub.store.overview import BACKFILL, REPLAY, Entry, Rejected, Standing
from hrhub.store.runs import DONE, Run
from hrhub_page import status as statuses
from hrhub_page.language import Words
from hrhub_page.orders import OrderLine, order_lines
from hrhub_page.queries import Group, Overview
from hrhub_page.status import Status, Verdict

Link = Callable[..., str]
"""Makes the address of a page of ours: name and query values."""

_SUMMARY_LINES = 5
_TASK_HOLDER_PARTS = 5
"""Tasks hold a lease as dag/dag run/task/map index/try."""


@dataclass(frozen=True, slots=True)
class Moment:
    """A time three ways: for machines, exact for people, and how long ago."""

    iso: str
    exact: str
    ago: str


@dataclass(frozen=True, slots=True)
class StreamLine:
    """A stream's row: its status and the counts of its last run."""

    name: str
    title: str
    status: Status
    word: str
    success: Moment | None
    counts: Mapping[str, str]
    rejects: str
    rejects_link: str | None


@dataclass(frozen=True, slots=True)
class SourceCard:
    """A connection with its streams."""

    connection: str
    title: str
    status: Status
    word: str
    link: str
    lines: Sequence[StreamLine]


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that somebody has to know or do."""

    status: Status
    word: str
    source: str
    connection: str
    streams: Sequence[str]
    message: Message
    since: Moment | None
    airflow_link: str | None


@dataclass(frozen=True, slots=True)
class RejectLine:
    """One kind of rejects in a line."""

    count: str
    title: str
    where: str
    field_path: str
    do: str
    link: str


@dataclass(frozen=True, slots=True)
class RejectSummary:
    """What waits in quarantine, in a few lines."""

    headline: str
    lines: Sequence[RejectLine]
    more: str | None
    link: str


@dataclass(frozen=True, slots=True)
class StuckLine:
    """Write-backs or reports that wait for the same reason."""

    title: str
    source: str
    connection: str
    kind: str
    message: Message
    since: Moment
    command: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How many streams have one status."""

    status: Status
    word: str
    count: str


@dataclass(frozen=True, slots=True)
class Board:
    """The overview."""

    headline: str
    urgent: bool
    tallies: Sequence[Tally]
    concerns: Sequence[Concern]
    rejects: RejectSummary | None
    stuck: Sequence[StuckLine]
    orders: Sequence[OrderLine[Moment]]
    sources: Sequence[SourceCard]


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run."""

    id: str
    stream: str
    status: Status
    word: str
    started: Moment
    took: str
    counts: Mapping[str, str]
    note: str | None
    code: str | None
    airflow_link: str | None


@dataclass(frozen=True, slots=True)
class RecordLine:
    """One record in quarantine."""

    uid: str
    field_path: str
    field: str | None
    set_aside: Moment
    attempts: str
    run: str


@dataclass(frozen=True, slots=True)
class RejectCard:
    """Records refused for one reason."""

    title: str
    source: str
    connection: str
    stream: str
    count: str
    field_path: str
    rule: str
    message: Message
    oldest: Moment
    newest: Moment
    command: str
    records: Sequence[RecordLine]
    all_link: str | None
    all_label: str


class Presenter:
    """Puts what was read into words, in one language, at one moment.

    Args:
        words: Language and zone.
        now: The moment that ages are counted from.
        link: Makes addresses.
    """

    def __init__(self, words: Words, now: datetime, link: Link) -> None:
        self._words = words
        self._now = now
        self._link = link

    def board(self, read: Overview, connection: str | None = None) -> Board:
        """Return the overview of what was read, which may be of one connection only."""
        judged = [(s, statuses.judge(s, self._now)) for s in read.standings]
        cards, concerns = [], []
        for name, members in groupby(judged, key=lambda pair: pair[0].sync.connection):
            own = list(members)
            connector = own[0][0].sync.connector
            place = {name: n for n, name in enumerate(stream_order(connector))}
            own.sort(key=lambda pair: place.get(pair[0].sync.stream, len(place)))
            lines = [self._line(standing, verdict) for standing, verdict in own]
            state = statuses.worst(line.status for line in lines)
            cards.append(
                SourceCard(
                    connection=name,
                    title=title_of(connector),
                    status=state,
                    word=self._word(state),
                    link=self._link("source", connection=name),
                    lines=lines,
                )
            )
            concerns += self._concerns(own)
        order = list(Status)
        concerns.sort(key=lambda c: order.index(c.status))
        return Board(
            headline=self._headline([v.status for _, v in judged]),
            urgent=any(v.status in statuses.URGENT for _, v in judged),
            tallies=self._tallies([v.status for _, v in judged]),
            concerns=concerns,
            rejects=self._reject_summary(read, connection),
            stuck=[self._stuck(group) for group in read.stuck],
            orders=order_lines(read.orders, self._words, self.moment, _titles),
            sources=cards,
        )

    def runs(self, runs: Iterable[Run]) -> list[RunLine]:
        """Return runs as rows."""
        return [self._run(run) for run in runs]

    def failures(self, runs: Sequence[Run]) -> list[Concern]:
        """Return what to do about the runs of one DAG run that failed."""
        return [
            Concern(
                status=(state := statuses.of_run(run)),
                word=self._word(state),
                source=title_of(run.connector),
                connection=run.connection,
                streams=(stream_title(run.connector, run.stream),),
                message=self._message(
                    run.error_code,
                    run.error_context or {},
                    run.connector,
                    run.connection,
                    run.stream,
                ),
                since=self.moment(run.finished_at or run.started_at),
                airflow_link=None,
            )
            for run in runs
            if run.error_code
        ]

    def rejects(self, groups: Iterable[Group]) -> list[RejectCard]:
        """Return groups of rejects as cards."""
        return [self._reject(group.rejected, group.entries) for group in groups]

    def records(self, entries: Iterable[Entry]) -> list[RecordLine]:
        """Return records as rows."""
        return [
            RecordLine(
                uid=entry.uid,
                field_path=entry.field_path,
                field=entry.field,
                set_aside=self.moment(entry.created_at),
                attempts=self._words.number(entry.attempts),
                run=entry.run_id,
            )
            for entry in entries
        ]

    def reason_title(self, reason: str) -> str:
        """Return a reason in a few plain words."""
        return self._words(f"reason.{reason}")

    def moment(self, at: datetime) -> Moment:
        """Return a time for people and machines."""
        words = self._words
        return Moment(at.isoformat(timespec="seconds"), words.exact(at), words.ago(at, self._now))

    def explain(self, code: str, context: Mapping[str, Any]) -> Message:
        """Return an error of our own in four parts."""
        return messages.render(code, context, self._words.language)

    def _word(self, state: Status) -> str:
        return self._words(f"status.{state}")

    def _line(self, standing: Standing, verdict: Verdict) -> StreamLine:
        sync, last, good = standing.sync, standing.last, standing.good
        waiting = standing.rejects
        return StreamLine(
            name=sync.stream,
            title=stream_title(sync.connector, sync.stream),
            status=verdict.status,
            word=self._word(verdict.status),
            success=self.moment(good.finished_at or good.started_at) if good else None,
            counts=self._counts(last) if last else {},
            rejects=self._words.number(waiting),
            rejects_link=self._link("rejects", connection=sync.connection, stream=sync.stream)
            if waiting
            else None,
        )

    def _counts(self, run: Run) -> dict[str, str]:
        counts, number = run.counts, self._words.number
        return {
            "pulled": number(counts["seen"]),
            "new": number(counts["inserted"]),
            "changed": number(counts["updated"]),
            "unchanged": number(counts["unchanged"]),
            "passed_over": number(counts["stale"] + counts["duplicate"]),
            "rejected": number(counts["quarantined"]),
        }

    def _run(self, run: Run) -> RunLine:
        state = statuses.of_run(run)
        message = None
        if run.error_code:
            message = self._message(
                run.error_code, run.error_context or {}, run.connector, run.connection, run.stream
            )
        note = message.what if message else None
        if run.kind in (REPLAY, BACKFILL) and note is None:
            note = self._words(f"run.{run.kind}")
        done = run.status == DONE
        word = self._words(f"run.{state}") if not done else self._words(f"run.done.{state}")
        return RunLine(
            id=run.id,
            stream=stream_title(run.connector, run.stream),
            status=state,
            word=word,
            started=self.moment(run.started_at),
            took=self._words.duration((run.finished_at or self._now) - run.started_at),
            counts=self._counts(run),
            note=note,
            code=run.error_code,
            airflow_link=airflow_link(run.holder),
        )

    def _concerns(self, own: Sequence[tuple[Standing, Verdict]]) -> list[Concern]:
        """Return the troubles of one source; streams with the same trouble share one."""
        shared: dict[tuple[Status, str], list[tuple[Standing, Verdict]]] = {}
        for standing, verdict in own:
            if verdict.code is not None:
                shared.setdefault((verdict.status, verdict.code), []).append((standing, verdict))
        return [self._trouble(members) for members in shared.values()]

    def _trouble(self, members: Sequence[tuple[Standing, Verdict]]) -> Concern:
        standing, verdict = members[0]
        sync, last = standing.sync, standing.last
        assert verdict.code is not None and last is not None  # no run, no trouble
        names = ", ".join(s.sync.stream for s, _ in members)
        return Concern(
            status=verdict.status,
            word=self._word(verdict.status),
            source=title_of(sync.connector),
            connection=sync.connection,
            streams=[stream_title(s.sync.connector, s.sync.stream) for s, _ in members],
            message=self._message(
                verdict.code,
                {**verdict.context, "stream": names},
                sync.connector,
                sync.connection,
                names,
            ),
            since=self.moment(last.finished_at or last.started_at),
            airflow_link=airflow_link(last.holder),
        )

    def _reject_summary(self, read: Overview, connection: str | None) -> RejectSummary | None:
        total = sum(standing.rejects for standing in read.standings)
        if not total:
            return None
        known = {standing.sync.id for standing in read.standings}
        groups = [group for group in read.rejected if group.sync_id in known]
        others = len(groups) - _SUMMARY_LINES
        return RejectSummary(
            headline=self._words.counted("rejects.heading", total),
            lines=[self._reject_line(group, connection) for group in groups[:_SUMMARY_LINES]],
            more=self._words.counted("rejects.other_kinds", others) if others > 0 else None,
            link=self._link("rejects", connection=connection),
        )

    def _stuck(self, group: Stuck) -> StuckLine:
        command = ["hrhub", group.box, "list", group.connection, "--state", group.state]
        counted = self._words.counted
        return StuckLine(
            title=counted("outbox.waiting", group.count)
            if group.box == "outbox"
            else counted("inbox.waiting", group.count),
            source=title_of(group.connector),
            connection=group.connection,
            kind=group.kind,
            message=self._message(
                group.code, {"rule": "-"}, group.connector, group.connection, group.kind
            ),
            since=self.moment(group.oldest),
            command=shlex.join(command),
        )

    def _reject_line(self, group: Rejected, connection: str | None) -> RejectLine:
        source, stream = title_of(group.connector), stream_title(group.connector, group.stream)
        return RejectLine(
            count=self._words.number(group.count),
            title=self.reason_title(group.reason),
            where=stream if connection else f"{source} · {stream}",
            field_path=group.field_path,
            do=self._reject_message(group).do,
            link=self._link("rejects", connection=group.connection, stream=group.stream),
        )

    def _reject_message(self, group: Rejected) -> Message:
        return self._message(
            f"record.{group.reason}",
            {"field_path": group.field_path, "rule": group.rule},
            group.connector,
            group.connection,
            group.stream,
        )

    def _reject(self, group: Rejected, entries: Sequence[Entry]) -> RejectCard:
        command = ["hrhub", "replay", "--connection", group.connection]
        command += ["--stream", group.stream, "--reason", group.reason]
        more = group.count > len(entries)
        return RejectCard(
            title=self.reason_title(group.reason),
            source=title_of(group.connector),
            connection=group.connection,
            stream=stream_title(group.connector, group.stream),
            count=self._words.counted("rejects.records", group.count),
            field_path=group.field_path,
            rule=group.rule,
            message=self._reject_message(group),
            oldest=self.moment(group.oldest),
            newest=self.moment(group.newest),
            command=shlex.join(command),
            records=self.records(entries),
            all_link=self._link(
                "records",
                connection=group.connection,
                stream=group.stream,
                reason=group.reason,
                rule=group.rule,
                field=group.field_path,
            )
            if more
            else None,
            all_label=self._words("rejects.all", count=self._words.number(group.count)),
        )

    def _message(
        self,
        code: str | None,
        context: Mapping[str, Any],
        connector: str,
        connection: str,
        stream: str,
    ) -> Message:
        known = connector_of(connector)
        about = {"connector": connector, "connection": connection, "stream": stream}
        filled = {"vendor": title_of(connector), **about, **context}
        for name, value in filled.items():
            if isinstance(value, timedelta):
                filled[name] = self._words.duration(value)
        if filled.get("usual", "-") is None:
            filled["usual"] = self._words("time.unknown_rhythm")
        return messages.render(
            code or "internal.unexpected",
            filled,
            self._words.language,
            known.words if known else None,
        )

    def _headline(self, found: Sequence[Status]) -> str:
        urgent = sum(state in statuses.URGENT for state in found)
        if urgent:
            return self._words.counted("headline.urgent", urgent)
        if partly := found.count(Status.PARTLY):
            return self._words.counted("headline.partly", partly)
        if waiting := found.count(Status.WAITING):
            return self._words.counted("headline.waiting", waiting)
        return self._words("headline.good")

    def _tallies(self, found: Sequence[Status]) -> list[Tally]:
        return [
            Tally(state, self._word(state), self._words.number(many))
            for state in Status
            if (many := found.count(state))
        ]


@cache
def connector_of(name: str) -> Connector | None:
    """Return a connector; None when it is not installed here or may not be imported."""
    try:
        return registry.get(name)
    except Exception:
        # Importing a plugin may fail in any way; its names and words are a nicety of this page.
        return None


def title_of(connector: str) -> str:
    """Return what people call a vendor system."""
    known = connector_of(connector)
    return known.title if known else connector


def stream_order(connector: str) -> list[str]:
    """Return the names of a connector's streams in the order in which they are loaded."""
    known = connector_of(connector)
    return [stream.name for stream in known.in_order()] if known else []


def stream_title(connector: str, stream: str) -> str:
    """Return what people call a stream, or an order service."""
    known = connector_of(connector)
    if known is None:
        return stream
    titles = {s.name: s.title for s in known.streams} | {o.name: o.title for o in known.orders}
    return titles.get(stream, stream)


def _titles(connector: str, service: str) -> tuple[str, str]:
    return title_of(connector), stream_title(connector, service)


def airflow_link(holder: str) -> str | None:
    """Return the address, relative to the page, of the DAG run whose task began a run."""
    parts = holder.split("/")
    if len(parts) != _TASK_HOLDER_PARTS or not parts[-1].isdigit():
        return None
    dag_id, run_id = (quote(part, safe="") for part in parts[:2])
    return f"../dags/{dag_id}/runs/{run_id}"

"""Starting a process for what came in: one run each, whatever is repeated.

The store knows for what a run was started already; Airflow refuses a second run of one id. What is
handed on, and what a run is started with, are ids of the hub.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import BaseOperator

from hrhub.airflow.quiet import speak_plainly

if TYPE_CHECKING:
    from airflow.sdk import Context


class HrPassedInterviewsOperator(BaseOperator):
    """Find the interviews that were passed and that no run of a process was started for.

    :param process: Id of the DAG that is to be started.
    :param conf: Configuration of its runs beside ``person`` and ``interview``.
    :param verdicts: Verdicts that count as passed: what the mapping makes of the source's words.
    :param mode: Only interviews of this mode, such as ``ai``.
    :returns: Per run its id and configuration.
    """

    template_fields: Sequence[str] = ("conf",)
    ui_color = "#eef4fb"

    def __init__(
        self,
        *,
        process: str,
        conf: Mapping[str, Any],
        verdicts: Sequence[str] = ("strong_yes", "yes"),
        mode: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.process = process
        self.conf = conf
        self.verdicts = tuple(verdicts)
        self.mode = mode

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Look and return what is to be started."""
        from hrhub.pipeline import open_hub
        from hrhub.pipeline.starting import passed_interviews

        speak_plainly()
        with open_hub() as hub:
            found = passed_interviews(hub, self.process, verdicts=self.verdicts, mode=self.mode)
        self.log.info("%d to start", len(found))
        return [
            {
                "trigger_run_id": one.run,
                "conf": {**self.conf, "person": one.person, "interview": one.interview},
            }
            for one in found
        ]


class HrNoteStartedOperator(BaseOperator):
    """Note that runs were started, so that nothing is started for their interviews again.

    :param process: Id of the DAG that was started.
    :param started: What :class:`HrPassedInterviewsOperator` returned (templated).
    """

    template_fields: Sequence[str] = ("started",)
    ui_color = "#eef4fb"

    def __init__(self, *, process: str, started: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.process = process
        self.started = started

    def execute(self, context: Context) -> int:
        """Note them and return how many."""
        from hrhub.pipeline import open_hub
        from hrhub.pipeline.starting import Start, note_started

        speak_plainly()
        starts = [
            Start(one["trigger_run_id"], one["conf"]["person"], one["conf"]["interview"])
            for one in self.started
        ]
        with open_hub() as hub:
            note_started(hub, self.process, starts, actor=f"dag:{context['ti'].dag_id}")
        return len(starts)


def start_for_interviews(
    process: str,
    conf: Mapping[str, Any],
    *,
    verdicts: Sequence[str] = ("strong_yes", "yes"),
    mode: str | None = None,
) -> HrNoteStartedOperator:
    """Add the tasks that start a process once for every interview that was passed.

    Args:
        process: Id of the DAG to start.
        conf: As of :class:`HrPassedInterviewsOperator`; ids only, everybody can read it.
        verdicts: As of :class:`HrPassedInterviewsOperator`.
        mode: As of :class:`HrPassedInterviewsOperator`.

    Returns:
        The last of the tasks.
    """
    passed = HrPassedInterviewsOperator(
        task_id="passed", process=process, conf=conf, verdicts=verdicts, mode=mode
    )
    start = TriggerDagRunOperator.partial(
        task_id="start",
        trigger_dag_id=process,
        skip_when_already_exists=True,
        # A process that is switched off keeps its runs waiting.
        fail_when_dag_is_paused=False,
    ).expand_kwargs(passed.output)
    note = HrNoteStartedOperator(
        task_id="note", process=process, started=passed.output, trigger_rule="none_failed"
    )
    start >> note
    return note

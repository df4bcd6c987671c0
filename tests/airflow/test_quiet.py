"""Task logs show an error of the hub as its message, and any other error with its trace."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from hrhub.airflow.quiet import explained, speak_plainly
from hrhub.errors import Refused, Throttled

Events = list[dict[str, object]]


@pytest.fixture
def events() -> Iterator[Events]:
    """Log as Airflow's task runner does: processors that turn an exception into a trace."""
    caught: Events = []

    def keep(logger: object, method: str, event: dict[str, object]) -> dict[str, object]:
        caught.append(dict(event))
        raise structlog.DropEvent

    before = structlog.get_config()
    structlog.configure(processors=[structlog.processors.format_exc_info, keep])
    yield caught
    structlog.configure(**before)


def fail(error: BaseException, logger) -> None:
    try:
        raise error
    except type(error):
        logger.exception("Task failed with exception")


def test_a_foreign_error_keeps_its_trace(events: Events) -> None:
    speak_plainly()
    fail(ZeroDivisionError(), structlog.get_logger())

    assert "Traceback" in str(events[0]["exception"])


def test_a_hub_error_becomes_four_parts_without_trace_also_in_loggers_made_before(
    events: Events,
) -> None:
    logger = structlog.get_logger().bind(task="t")
    speak_plainly()
    speak_plainly()

    fail(Refused("xcom.personal", key="k", task="t", rule="mobile"), logger)

    (event,) = events
    assert "exception" not in event
    assert "exc_info" not in event
    assert event["code"] == "xcom.personal"
    lines = str(event["event"]).splitlines()
    assert [line.partition(":")[0] for line in lines] == ["What", "Affected", "Do", "Code"]


def test_a_connectors_own_words_are_used(events: Events) -> None:
    words = {"en": {"demo.full": {"what": "The shop is full.", "who": "-", "do": "Wait."}}}
    speak_plainly("demo", words)

    assert "The shop is full." in explained(Throttled("demo.full", connector="demo"))

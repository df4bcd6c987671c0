"""Task logs that people can read: the four-part message instead of a stack trace.

Airflow's task runner logs every failure with ``log.exception``. For an error of the hub the trace
says nothing that the message does not, and pushes it out of sight. A structlog processor put
before all others in the worker process turns that one event into the message; errors that are
not the hub's own keep their trace.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from hrhub import messages
from hrhub.errors import HrHubError
from hrhub.settings import Settings

_words: dict[str, messages.Words] = {}


def speak_plainly(connector: str | None = None, words: messages.Words | None = None) -> None:
    """Make this process log errors of the hub as messages; calling it again changes nothing.

    Args:
        connector: Name of a connector whose own words should be used.
        words: Those words, language -> code -> part -> text.
    """
    if connector and words:
        _words[connector] = words
    # Loggers that exist already share this list, so it is changed in place.
    processors = structlog.get_config()["processors"]
    if _plain not in processors:
        processors.insert(0, _plain)


def explained(error: HrHubError, connector: str | None = None) -> str:
    """Return an error's four-part text in the language of this installation."""
    name = connector or str(error.context.get("connector") or "")
    language = Settings.from_env().language
    return str(messages.explain(error, language, _words.get(name)))


def _plain(logger: Any, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace the stack trace of a hub error by its message."""
    carried = event.get("exc_info")
    error = carried if isinstance(carried, BaseException) else None
    if carried is True:
        error = sys.exc_info()[1]
    elif isinstance(carried, tuple):
        error = carried[1]
    if isinstance(error, HrHubError):
        del event["exc_info"]
        event["event"] = explained(error)
        event["code"] = error.code
    return event

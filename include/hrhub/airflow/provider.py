"""What Airflow asks an installed provider: its connection types and their forms."""

from __future__ import annotations

import logging
from importlib.metadata import version
from typing import Any

from hrhub.airflow.forms import connection_type, form_behaviour, form_fields
from hrhub.connector import registry
from hrhub.errors import HrHubError

_HOOK = "hrhub.airflow.hooks.VendorHook"
_log = logging.getLogger(__name__)


def get_provider_info() -> dict[str, Any]:
    """Describe one connection type per connector that is installed and allowed.

    A connector that cannot be imported is named in the log and left out: it must not take the
    forms of the others away.
    """
    types = []
    for name in registry.names():
        try:
            connector = registry.get(name)
        except HrHubError as error:
            _log.warning("connector left out: %s", error)
            continue
        except Exception as error:
            # Importing a plugin can raise anything; every Airflow process would die of it here.
            _log.warning("connector %s left out: %s", name, type(error).__name__)
            continue
        types.append(
            {
                "connection-type": connection_type(name),
                "hook-class-name": _HOOK,
                "hook-name": connector.title,
                "conn-fields": form_fields(connector.config),
                "ui-field-behaviour": form_behaviour(connector.config),
            }
        )
    return {
        "package-name": "hrhub",
        "name": "HR hub",
        "description": "HR integration hub: pulls vendor systems into one encrypted store.",
        "versions": [version("hrhub")],
        "connection-types": types,
    }

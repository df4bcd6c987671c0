"""The XCom backend: tasks hand on references and counts, never data.

Airflow keeps XComs as plain text that any viewer can read. Set
``[core] xcom_backend = hrhub.airflow.xcom.GuardedXCom``.
"""

from __future__ import annotations

import json
import re
from typing import Any

from airflow.sdk.bases.xcom import BaseXCom

from hrhub.airflow.quiet import speak_plainly
from hrhub.errors import Refused

LARGEST_BYTES = 16_384
"""A list of slices fits; records do not."""

PERSONAL = {
    "resident_id": re.compile(
        r"(?<![0-9A-Za-z])[1-9]\d{5}(?:18|19|20)\d{2}[01]\d[0-3]\d{4}[\dXx]"
        r"(?![0-9A-Za-z])"
    ),
    "mobile": re.compile(r"(?<![0-9A-Za-z.])(?:\+?86[- ]?)?1[3-9]\d{9}(?![0-9A-Za-z])"),
    "email": re.compile(r"[\w.+%-]+@[\w-]+(?:\.[\w-]+)*\.[A-Za-z]{2,}"),
    "bank_card": re.compile(r"(?<![0-9A-Za-z.])62\d{14,17}(?![0-9A-Za-z])"),
}
"""Forms of personal values that are recognised: GB 11643 resident id, mainland mobile, e-mail
address, UnionPay card. A safety net, not the protection: hub tasks return no data at all."""


def refuse_data(value: Any, *, key: str | None, task: str | None = None) -> None:
    """Refuse a value that is not a reference or a count.

    Raises:
        Refused: It is too large or looks like personal data; the context names the rule only.
    """
    raw = json.dumps(value, default=str, ensure_ascii=False)
    size = len(raw.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BYTES:
        raise Refused("xcom.too_large", key=key, task=task, bytes=size, limit=LARGEST_BYTES)
    for rule, pattern in PERSONAL.items():
        if pattern.search(raw):
            raise Refused("xcom.personal", key=key, task=task, rule=rule)


class GuardedXCom(BaseXCom):
    """Stores what passes :func:`refuse_data`; anything else fails the task, nothing is stored."""

    @staticmethod
    def serialize_value(
        value: Any,
        *,
        key: str | None = None,
        task_id: str | None = None,
        dag_id: str | None = None,
        run_id: str | None = None,
        map_index: int | None = None,
    ) -> str:
        """Check a value, then serialise it as Airflow does.

        Raises:
            Refused: The value is too large or looks like personal data.
        """
        speak_plainly()
        refuse_data(value, key=key, task=task_id)
        text: str = BaseXCom.serialize_value(
            value, key=key, task_id=task_id, dag_id=dag_id, run_id=run_id, map_index=map_index
        )
        return text

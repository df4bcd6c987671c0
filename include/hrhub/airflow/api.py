"""Airflow's REST API on loopback, as far as the runner and the demo need it."""

from __future__ import annotations

import http.client
import json
from typing import Any

from hrhub.errors import Transient

_TIMEOUT_S = 30.0
_HEALTH_PARTS = ("metadatabase", "scheduler", "dag_processor", "triggerer")


class AirflowApi:
    """One server on 127.0.0.1.

    Args:
        port: Where the API server listens.
        timeout_s: Longest wait for one answer.
    """

    def __init__(self, port: int, *, timeout_s: float = _TIMEOUT_S) -> None:
        self.port = port
        self._timeout_s = timeout_s
        self._token = ""

    @property
    def address(self) -> str:
        """Root of the UI."""
        return f"http://127.0.0.1:{self.port}"

    def log_in(self, user: str, password: str) -> None:
        """Get a token for what follows.

        Raises:
            Transient: The server does not answer or refused.
        """
        answer = self.call("POST", "/auth/token", {"username": user, "password": password})
        self._token = str(answer["access_token"])

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request and return the decoded answer (None when it is empty).

        Raises:
            Transient: The server does not answer, or with another status than 2xx.
        """
        status, content = self._exchange(method, path, body)
        if not 200 <= status < 300:
            raise Transient("runner.airflow_refused", path=path.partition("?")[0], status=status)
        try:
            return json.loads(content) if content else None
        except ValueError:
            raise Transient("runner.airflow_refused", path=path, status=status) from None

    def try_call(self, method: str, path: str, body: Any = None) -> Any:
        """Send one request; return None when the server is not ready for it or has no such thing.

        For polling: a server that starts refuses connections, and a DAG not yet parsed is a 404.
        """
        try:
            return self.call(method, path, body)
        except Transient:
            return None

    def missing_parts(self) -> list[str]:
        """Return the names of Airflow's parts that are not healthy yet."""
        health = self.try_call("GET", "/api/v2/monitor/health")
        if not isinstance(health, dict):
            return ["api_server"]
        return [
            part for part in _HEALTH_PARTS if (health.get(part) or {}).get("status") != "healthy"
        ]

    def _exchange(self, method: str, path: str, body: Any) -> tuple[int, bytes]:
        headers = {"Accept": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self._timeout_s)
        try:
            connection.request(
                method, path, None if body is None else json.dumps(body).encode(), headers
            )
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            raise Transient("runner.airflow_silent", path=path.partition("?")[0]) from None
        finally:
            connection.close()

"""A client of others, made for Hikvision devices, is let in and reads what the connector reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from hikvisionapi import Client

from connectors.hikvision.sandbox import PASSWORD, SERIAL, USER

Serve = Callable[..., Any]


def test_another_password_is_refused(serve: Serve) -> None:
    with pytest.raises(requests.HTTPError):
        Client(serve().running.address, USER, "another")


def test_the_client_finds_out_who_the_terminal_is(serve: Serve) -> None:
    client = Client(serve().running.address, USER, PASSWORD)

    assert client.System.deviceInfo(method="get")["DeviceInfo"]["serialNumber"] == SERIAL


def test_the_client_pages_through_the_punches_that_the_connector_reads(serve: Serve) -> None:
    served = serve(nonce_uses="3")
    client = Client(served.running.address, USER, PASSWORD)
    theirs: list[tuple[str, str]] = []
    for minor in (1, 38, 75):
        position, status = 0, "MORE"
        while status == "MORE":
            condition = {
                "searchID": f"client-{minor}",
                "searchResultPosition": position,
                "maxResults": 100,
                "major": 5,
                "minor": minor,
                "startTime": "2020-01-01T00:00:00+08:00",
                "endTime": "2037-12-31T23:59:59+08:00",
            }
            said = client.AccessControl.AcsEvent(
                method="post",
                params={"format": "json"},
                data=json.dumps({"AcsEventCond": condition}),
                present="text",
            )
            answer = json.loads(said)["AcsEvent"]
            rows = answer.get("InfoList", [])
            theirs += [(row["time"], row["employeeNoString"]) for row in rows]
            position, status = position + len(rows), answer["responseStatusStrg"]

    ours = [(doc["time"], doc["person"]) for doc in served.docs("punches")]
    assert sorted(ours) == sorted(theirs)
    assert len(theirs) == sum(1 for _ in served.world.punches())

"""A plain zeep client, given only the simulator's address, reads what the connector reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zeep import Client

Serve = Callable[..., Any]


def _client(served: Any) -> Any:
    client: Any = Client(f"{served.running.address}/services/HrmService?wsdl")  # type: ignore[no-untyped-call]
    binding = next(iter(client.wsdl.bindings))
    # The description names an inner host, as installations behind a proxy do.
    return client.create_service(binding, f"{served.running.address}/services/HrmService")


def test_an_address_that_is_not_listed_gets_an_empty_list(serve: Serve) -> None:
    assert not _client(serve()).getHrmUserInfo("10.9.9.9", "", "", "", "", "")


def test_zeep_reads_the_people_that_the_connector_reads(serve: Serve) -> None:
    served = serve(directory="soap")
    beans = _client(served).getHrmUserInfo("10.20.0.15", "", "", "", "", "")

    theirs = {(b.userid, b.workcode, b.lastname, b.startdate) for b in beans if b.accounttype == 0}
    ours = {
        (int(d["id"]), d["workcode"], d["lastname"], d["companystartdate"])
        for d in served.docs("people")
    }
    assert ours == theirs
    assert any(b.accounttype == 1 for b in beans)


def test_zeep_reads_the_odd_names_of_units(serve: Serve) -> None:
    served = serve()
    beans = _client(served).getHrmDepartmentInfo("10.20.0.15", "")

    assert {b._code for b in beans} == {u.code for u in served.world.departments}

"""What is written back about a person is what the store knows, and no more than asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from hrhub.errors import Refused
from hrhub.pipeline.outbox import Outbox
from hrhub.pipeline.personal import person_fields
from hrhub.reading.opening import Opener
from hrhub.store import outbox as table
from hrhub.store.schema import ENTITY_TABLES, hub_outbox
from tests.support.company import Company, company
from tests.support.registrar import FIELDS, REGISTRAR


@pytest.fixture
def acme(store_url: str, tmp_path: Path) -> Iterator[Company]:
    """A company with one person who moved from RD to HR."""
    with company(store_url, tmp_path) as opened:
        opened.tell(
            "units",
            *({"code": code, "name": code, "start": "2020-01-01"} for code in ("RD", "HR")),
        )
        opened.tell(
            "people",
            {
                "id": "p1",
                "name": "王小芳",
                "born": "1990-05-01",
                "mobile": "+8613900001111",
                "work_email": "x",
                "mail": "wang@acme.example",
            },
        )
        opened.tell("spells", {"spell": "s1", "person": "p1", "no": "10042", "hired": "2024-03-01"})
        opened.tell(
            "jobs",
            {"spell": "s1", "start": "2024-03-01", "end": "2025-02-28", "dept": "RD", "state": 1},
            {"spell": "s1", "start": "2025-03-01", "dept": "HR", "title": "Partner", "state": 1},
        )
        yield opened


def person_id(acme: Company) -> str:
    """Return the one person's id."""
    with acme.hub.store.read() as tx:
        return str(tx.execute(select(ENTITY_TABLES["person"].c.id)).scalar_one())


def test_fields_of_a_person_come_by_the_names_that_feeds_use(acme: Company) -> None:
    names = (
        "work_no",
        "display_name",
        "mobile",
        "work_email",
        "hire_date",
        "org_unit",
        "job_title",
    )
    opener = Opener(acme.hub.keys, acme.hub.data_keys)
    with acme.hub.store.read() as tx:
        found = person_fields(tx, opener, person_id(acme), (*names, "national_id", "salary"))

    assert {name: str(value) for name, value in found.items()} == {
        "work_no": "10042",
        "display_name": "王小芳",
        "mobile": "+8613900001111",
        "work_email": "wang@acme.example",
        "hire_date": "2024-03-01",
        "org_unit": "HR",
        "job_title": "Partner",
    }


def test_a_write_about_a_person_holds_the_fields_of_its_sink_under_their_key(
    acme: Company,
) -> None:
    who = person_id(acme)
    asked = acme.hub.enqueue_write(
        REGISTRAR, "registrar_1", "lookup", person=who, actor="test", reason="hired"
    )

    with acme.hub.store.write() as tx:
        row = table.get(tx, "default", asked)
        assert row is not None
        values = Outbox(acme.hub).values(tx, row)
        dropped = table.drop_for(tx, [who], acme.clock.now(), by="test", decision="erased")
        [sealed] = tx.execute(select(hub_outbox.c.sealed_values)).scalars().all()

    assert values is not None and values.keys() == set(FIELDS)
    assert (row.person_id, sorted(row.fields)) == (who, sorted(FIELDS))
    assert (dropped, sealed) == (1, None)


@pytest.mark.parametrize("who", ["nobody", "01933c5a-7d2e-7000-8000-0123456789ab"])
def test_a_write_about_nobody_is_refused(acme: Company, who: str) -> None:
    with pytest.raises(Refused):
        acme.hub.enqueue_write(
            REGISTRAR, "registrar_1", "lookup", person=who, actor="test", reason="hired"
        )

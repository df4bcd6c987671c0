"""Orders and consent at the command line: refusals in words, masked, in both languages."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from connectors.checkr.sandbox import RunningAgency, sandbox
from hrhub.errors import ExitStatus
from hrhub.sandbox.world import World
from tests.cli.conftest import Desk

NOBODY = "01933c5a-7d2e-7000-8000-0123456789ab"


@dataclass
class Site:
    """An installation that knows the candidates of a simulated Checkr account."""

    desk: Desk
    agency: RunningAgency
    conn: str
    person: str

    def agree(self) -> str:
        """Put a consent on record; return its id."""
        said = self.desk(
            "consent", "give", self.person, "--purpose", "background_check",
            "--recipient", "checkr", "--evidence", "safe 3", "--json",
        )  # fmt: skip
        return str(said.doc["consent"])

    def place(self, *more: str) -> list[str]:
        """Return the command that places an order."""
        return ["orders", "place", self.conn, "screenings", "basic_criminal", self.person, *more]


@pytest.fixture
def site(desk: Desk, world: World) -> Iterator[Site]:
    agency = sandbox.start(world, "127.0.0.1", 0, {})
    conn = desk.connect("checkr", sandbox.connection(world, agency))
    assert desk("sync", conn).status == ExitStatus.DONE
    mail = agency.agency.listed()[0]["email"]
    desk.monkeypatch.setattr("sys.stdin", io.StringIO(f"{mail}\n"))
    (found,) = desk("person", "find", "--by", "mail", "--stdin", "--json").doc["people"]
    yield Site(desk, agency, conn, found["person_id"])
    agency.stop()


def test_an_order_without_consent_is_refused_in_both_languages(site: Site) -> None:
    english = site.desk(*site.place())
    chinese = site.desk(*site.place("--lang", "zh"))

    assert english.status == chinese.status == ExitStatus.PERMANENT
    assert "Checkr was told nothing" in english.err
    assert "consent.missing" in english.err
    assert "hrhub consent give" in chinese.err and "订单未下达" in chinese.err


def test_words_that_are_not_of_the_list_are_usage_errors(site: Site) -> None:
    wrong = site.desk(
        "consent", "give", site.person, "--purpose", "nosiness", "--recipient", "checkr",
        "--evidence", "x",
    )  # fmt: skip

    assert wrong.status == ExitStatus.USAGE
    assert site.desk("consent", "withdraw", NOBODY, "--reason", "mood").status == ExitStatus.USAGE
    assert site.desk("orders", "list", "--status", "gone").status == ExitStatus.USAGE


def test_what_is_not_there_is_told_plainly(site: Site) -> None:
    assert "order.unknown" in site.desk("orders", "show", NOBODY).err
    assert "person.unknown" in site.desk("consent", "list", NOBODY).err
    assert (
        "consent.unknown"
        in site.desk("consent", "withdraw", NOBODY, "--reason", "person_asked").err
    )


def test_an_order_goes_from_dry_run_to_result(site: Site) -> None:
    site.agree()

    shown = site.desk(*site.place("--dry-run", "--json")).doc
    assert set(shown["told"]) == {"latin_name", "personal_email"}
    assert all("***" in mask for mask in shown["told"].values())
    assert not site.agency.agency._invitations

    order = site.desk(*site.place("--json")).doc
    assert (order["status"], order["tries"]) == ("awaiting_subject", 1)
    for _ in range(2):
        site.agency.agency.advance()
    polled = site.desk("orders", "poll", site.conn, "--order", order["id"], "--json").doc

    assert polled["services"][0]["results"] == 1
    done = site.desk("orders", "show", order["id"], "--json").doc
    assert (done["status"], done["result"], done["overdue"]) == ("completed", "full", False)
    again = site.desk("orders", "fetch", order["id"])
    assert again.status == ExitStatus.DONE
    listed = site.desk("orders", "list", site.conn, "--status", "completed")
    assert order["id"] in listed.out
    mail = site.agency.agency.listed()[0]["email"]
    assert not [text for text in site.desk.log if mail in text]


def test_a_withdrawn_consent_stops_the_order(site: Site) -> None:
    consent = site.agree()
    order = site.desk(*site.place("--json")).doc["id"]

    told = site.desk("consent", "withdraw", consent, "--reason", "person_asked", "--json").doc
    assert (told["standing"], told["orders_to_stop"]) == ("withdrawn", 1)
    site.desk("orders", "poll", site.conn)

    said = site.desk("orders", "show", order)
    assert "cancelled" in said.out
    assert "The person has withdrawn the consent" in said.out
    assert "withdrawn" in site.desk("consent", "list", site.person).out


def test_an_order_is_cancelled_once(site: Site) -> None:
    site.agree()
    order = site.desk(*site.place("--json")).doc["id"]

    assert site.desk("orders", "cancel", order, "--json").doc["status"] == "cancelled"
    assert site.desk("orders", "cancel", order).status == ExitStatus.DONE


def test_a_switch_of_a_simulator_has_a_vendor_a_name_and_a_value(site: Site) -> None:
    assert site.desk("sandbox", "start", "--option", "limit").status == ExitStatus.USAGE
